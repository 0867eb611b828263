"""Taking secrets and declared fields out of everything that is kept or shown."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from orderdesk_sdk.declaration import fold
from orderdesk_sdk.secret import HIDDEN, Secret

__all__ = ["DENIED", "Redactor"]

DENIED = frozenset(
    {
        "accesstoken", "apikey", "assertion", "authorization", "clientassertion", "clientsecret", "cookie", "idtoken",
        "passwd", "password", "privatekey", "refreshtoken", "secret", "secretkey", "sessionid", "setcookie",
        "signature", "token", "xamzaccesstoken", "xapikey",
    }
)  # fmt: skip
"""Names of headers, parameters and body fields, folded, whose values are never kept, whatever the service."""

_SHORTEST = 4
"""A learned text shorter than this is not searched for: it would blank out half of every body."""


class Redactor:
    """Hides the values of secrets wherever their text turns up, and the values of denied fields wherever they stand."""

    def __init__(self, fields: Iterable[str] = (), secrets: Iterable[Secret] = ()) -> None:
        self._fields = DENIED | {fold(name) for name in fields}
        self._lock = threading.Lock()
        self._texts: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        for secret in secrets:
            self.learn(secret)

    def learn(self, secret: Secret) -> None:
        """Hide this text from now on: a token that was just fetched, for instance."""
        text = secret.reveal()
        if len(text) < _SHORTEST:
            return
        with self._lock:
            # The forms that a text takes on the wire: as it is, in a URL, inside JSON.
            self._texts.update({text, quote(text, safe=""), quote(text), json.dumps(text)[1:-1]})
            longest_first = sorted(self._texts, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def text(self, text: str) -> str:
        """The text without any known secret."""
        return self._pattern.sub(HIDDEN, text) if self._pattern is not None else text

    def denies(self, name: str) -> bool:
        """Whether a header, parameter or field of this name is hidden."""
        return fold(name) in self._fields

    def headers(self, headers: Mapping[str, str], keep: Iterable[str]) -> dict[str, str]:
        """Only the headers named in `keep` (lower case), cleaned."""
        return {name: self.text(headers[name]) for name in keep if name in headers and not self.denies(name)}

    def url(self, url: str) -> str:
        """The URL without user information, and with denied query values hidden."""
        parts = urlsplit(url)
        query = parts.query
        if query:
            pairs = parse_qsl(query, keep_blank_values=True)
            query = urlencode([(name, HIDDEN if self.denies(name) else value) for name, value in pairs])
        host = parts.netloc.rpartition("@")[2]
        return self.text(urlunsplit((parts.scheme, host, parts.path, query, "")))

    def body(self, text: str) -> str:
        """A body without denied fields (where it is JSON or a form) and without any known secret."""
        stripped = text.lstrip()
        if stripped[:1] in ("{", "["):
            try:
                document = json.loads(text)
            except (ValueError, RecursionError):
                return self._loose(text)
            cleaned, changed = self._value(document)
            return self.text(json.dumps(cleaned, separators=(",", ":")) if changed else text)
        if re.fullmatch(r"[^\s=&]+=[^\s&]*(&[^\s=&]+=[^\s&]*)*", stripped):
            pairs = parse_qsl(text, keep_blank_values=True)
            return self.text(urlencode([(name, HIDDEN if self.denies(name) else value) for name, value in pairs]))
        return self._loose(text)

    def _loose(self, text: str) -> str:
        # Cut or broken JSON still must not show a denied field's value.
        return self.text(re.sub(r'"([^"\\]{1,64})"\s*:\s*"((?:[^"\\]|\\.)*)"?', self._pair, text))

    def _pair(self, match: re.Match[str]) -> str:
        return f'"{match[1]}":"{HIDDEN}"' if self.denies(match[1]) else match[0]

    def _value(self, value: object) -> tuple[object, bool]:
        if isinstance(value, dict):
            made: dict[str, object] = {}
            changed = False
            for name, inner in value.items():
                if self.denies(name):
                    made[name], inner_changed = HIDDEN, True
                else:
                    made[name], inner_changed = self._value(inner)
                changed = changed or inner_changed
            return made, changed
        if isinstance(value, list):
            results = [self._value(inner) for inner in value]
            return [inner for inner, _ in results], any(changed for _, changed in results)
        return value, False
