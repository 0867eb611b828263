"""Taking secrets and declared fields out of everything that is kept or shown."""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, quote_plus, unquote_plus, urlencode, urlsplit, urlunsplit

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

_FORM = re.compile(r"(?=[^=]*=)[^\s=&]*(=[^\s&]*)?(&[^\s=&]*(=[^\s&]*)?)*")
_PAIR = re.compile(r"([^\s=&]+)=([^\s&]*)")
_NAMED = re.compile(r'"([^"\\]{1,64})"\s*:\s*(?:"(?:[^"\\]|\\.)*"?|[^\s",\[\]{}]+|(?=([\[{])))')

_SHORTEST = 4
"""A learned text shorter than this is not searched for: it would blank out half of every body."""

_LATEST = 64
"""Learned texts that are remembered: two months of hourly tokens would make every look at a text slow."""

_LATEST_LINKS = 16
"""Presigned links that are remembered, beside the learned texts: they are good for minutes, and there may be many."""

_SHORTEST_CUT = 8
"""Characters of a secret's beginning that are taken for it at the end of a text: plugins cut what services say."""


class Redactor:
    """Hides the values of secrets wherever their text turns up, and the values of denied fields wherever they stand."""

    def __init__(self, fields: Iterable[str] = (), secrets: Iterable[Secret] = ()) -> None:
        self._fields = DENIED | {fold(name) for name in fields}
        self._lock = threading.Lock()
        self._given = tuple(secret.reveal() for secret in secrets)
        self._fetched: deque[str] = deque(maxlen=_LATEST)
        self._links: tuple[str, ...] = ()
        self._longest_first: tuple[str, ...] = ()
        self._pattern: re.Pattern[str] | None = None
        self._compile()

    def learn(self, secret: Secret) -> None:
        """Hide this text from now on, and until many others have come: a token that was just fetched, for instance."""
        with self._lock:
            self._fetched.append(secret.reveal())
            self._compile()

    def learn_link(self, url: str) -> None:
        """Hide the query of this URL from now on: whoever knows a presigned URL needs no other credential."""
        query = urlsplit(url).query
        with self._lock:
            if query and query not in self._links:
                self._links = (*self._links, query)[-_LATEST_LINKS:]
                self._compile()

    def _compile(self) -> None:
        texts = {text for text in (*self._given, *self._fetched, *self._links) if len(text) >= _SHORTEST}
        forms = {form for text in texts for form in _forms(text)}
        self._longest_first = tuple(sorted(forms, key=len, reverse=True))
        self._pattern = re.compile("|".join(map(re.escape, self._longest_first))) if forms else None

    def text(self, text: str) -> str:
        """The text without any known secret, nor the beginning of one that was cut off at the text's end."""
        if self._pattern is None:
            return text
        cleaned = self._pattern.sub(HIDDEN, text)
        for known in self._longest_first:
            start = cleaned.find(known[:_SHORTEST_CUT], max(0, len(cleaned) - len(known) + 1))
            while start >= 0 and not known.startswith(cleaned[start:]):
                start = cleaned.find(known[:_SHORTEST_CUT], start + 1)
            if start >= 0 and len(cleaned) - start >= _SHORTEST_CUT:
                return cleaned[:start] + HIDDEN
        return cleaned

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
        if query in self._links:
            query = HIDDEN
        elif query:
            pairs = parse_qsl(self.text(query), keep_blank_values=True)  # An unquoted & would cut a secret in two.
            query = urlencode([(name, HIDDEN if self.denies(name) else value) for name, value in pairs])
        host = parts.netloc.rpartition("@")[2]
        return self.text(urlunsplit((parts.scheme, host, parts.path, query, "")))

    def body(self, text: str) -> str:
        """A body without denied fields (where it is JSON or a form) and without any known secret."""
        stripped = text.lstrip()
        if stripped[:1] in ("{", "["):
            try:
                cleaned, changed = self._value(json.loads(text))
                return self.text(json.dumps(cleaned, separators=(",", ":"))) if changed else self._loose(text)
            except (ValueError, RecursionError):
                return self._loose(text)
        if _FORM.fullmatch(stripped):
            return self.text(_PAIR.sub(self._pair, text))
        return self._loose(text)

    def _loose(self, text: str) -> str:
        # Cut or broken JSON still must not show a denied field's value; where the value is a list or an object, nobody
        # knows where it ends, so the rest is hidden.
        kept: list[str] = []
        end = 0
        for match in _NAMED.finditer(text):
            if self.denies(match[1]):
                kept += text[end : match.start()], f'"{match[1]}":"{HIDDEN}"'
                end = len(text) if match[2] else match.end()
                if match[2]:
                    break
        return self.text("".join(kept) + text[end:])

    def _pair(self, match: re.Match[str]) -> str:
        return f"{match[1]}={HIDDEN}" if self.denies(unquote_plus(match[1])) else match[0]

    def _value(self, value: object) -> tuple[object, bool]:
        if isinstance(value, dict):
            made: dict[str, object] = {}
            changed = False
            for name, inner in value.items():
                shown = self.text(name)
                if self.denies(name):
                    made[shown], inner_changed = HIDDEN, True
                else:
                    made[shown], inner_changed = self._value(inner)
                changed = changed or inner_changed or shown != name
            return made, changed
        if isinstance(value, list):
            results = [self._value(inner) for inner in value]
            return [inner for inner, _ in results], any(changed for _, changed in results)
        if isinstance(value, str):
            shown = self.text(value)
            return shown, shown != value
        return value, False


def _forms(text: str) -> set[str]:
    """The forms that a text takes on the wire: as it is, in a URL or form, inside JSON as languages write it."""
    urls = {quote(text, safe=""), quote(text), quote_plus(text)}
    texts = {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    lower = {re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), url) for url in urls}
    return {text, *urls, *lower, *texts, *(form.replace("/", "\\/") for form in texts)}
