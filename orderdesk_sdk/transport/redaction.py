"""Taking secrets and declared fields out of everything that is kept or shown."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from string import whitespace
from typing import Self
from urllib.parse import parse_qsl, unquote, unquote_plus, urlencode, urlsplit, urlunsplit

from attrs import evolve

from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.connection_settings import settings_fields
from orderdesk_sdk.plugin.guard import MAX_MESSAGE_LENGTH, MAX_SCANNED_LENGTH
from orderdesk_sdk.plugin.routes import normalize_status
from orderdesk_sdk.secret import HIDDEN, Secret
from orderdesk_sdk.transport.denied_values import Span, denied_spans, name_probes, names_may_be_in
from orderdesk_sdk.transport.escapes import Unescaped, unescaped
from orderdesk_sdk.transport.known_secrets import KnownSecrets

__all__ = ["REDACTED_NAMES", "Redactor", "redact_answer", "normalize_name"]

REDACTED_NAMES = frozenset(
    {
        "accesstoken",
        "apikey",
        "assertion",
        "authorization",
        "clientassertion",
        "clientsecret",
        "cookie",
        "idtoken",
        "passwd",
        "password",
        "privatekey",
        "refreshtoken",
        "secret",
        "secretkey",
        "sessionid",
        "setcookie",
        "signature",
        "token",
        "xamzaccesstoken",
        "xapikey",
    }
)
"""Names of headers, parameters and body fields, folded, whose values are never kept, whatever the service."""

_REDACTED_NAME_ENDINGS = ("apikey", "authorization", "cookie", "password", "secret", "signature", "token")
"""How names end whose values are hidden in logs too: there nothing is lost by hiding one too many."""

# Possessive throughout: a text of megabytes must not be remembered step by step.
_USER = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}:(?:\\?/){2}([^\s/?#@\"'<>]++)@")
_SPECIAL = re.compile(r"[%\\&@\n\x00]")
"""What begins every escape, and stands behind every login."""
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.:/_~-]++")
_ENTITY = re.compile(r"&[#A-Za-z]")
_AROUND_JSON = "\ufeff" + whitespace
_URL = re.compile(r"https?://[^\s\"'<>\\]++", re.IGNORECASE)
_LOGGED = re.compile(
    r"(?P<pair>b?(?P<quote>['\"])(?P<header>[\w-]{1,64}+)(?P=quote)\s*+[,:]\s*+)"
    r"b?(?:'(?:[^'\\]++|\\[\s\S]?)*+'?|\"(?:[^\"\\]++|\\[\s\S]?)*+\"?)"
    r"|(?P<is>(?<![\w-])(?P<name>[\w-]{1,64}+)=)[^\s&,;\"')\]}]++"
)

_FIELD = re.compile(r"(?<![\w-])([\w-]{1,64}+):[ \t]++(?=[^\s\[{(])")

_MAX_LEARNED = 256
"""Learned texts that are remembered, beside the settings': ten days of hourly tokens. One in use is learned again."""

_MAX_LEARNED_LINKS = 16
"""Presigned links that are remembered, beside the learned texts: they are good for minutes, and there may be many."""

_LAYERS = 4
"""Layers of escapes that are looked beneath: a URL in a JSON text in a page of HTML in another text."""

_MAX_NAME_LENGTH = 64
"""Characters of a name whose folded form is remembered: a body has few names, many times each."""


def normalize_name(name: str) -> str:
    """A field's name without case, spaces and whatever is no letter of a to z and no digit."""
    return normalize_status(re.sub(r"[^a-z0-9]", "", name.lower()))


_normalized_name = lru_cache(4096)(normalize_name)


class Redactor:
    """Hides the values of secrets wherever their text turns up, and the values of denied fields wherever they stand.

    A secret is found as it is, beneath escapes of any kind (`escapes`), and within base64 at each of its alignments,
    as a user name before it makes them.
    """

    def __init__(self, fields: Iterable[str] = (), secrets: Iterable[Secret] = ()) -> None:
        self._fields = REDACTED_NAMES | {normalize_name(name) for name in fields}
        self._probes = name_probes(self._fields)
        self._lock = threading.Lock()
        self._given = tuple(secret.reveal() for secret in secrets)
        self._fetched: dict[str, None] = {}  # The latest last.
        self._links: tuple[str, ...] = ()
        self._known = KnownSecrets.of(self._given)

    @classmethod
    def of_settings(cls, fields: Iterable[str], settings: object) -> Self:
        """The redactor of a connection: its secrets are those of the settings, until the service gives more."""
        values = [getattr(settings, field.name) for field in settings_fields(type(settings))]
        return cls(fields, [value for value in values if isinstance(value, Secret)])

    def add_secret(self, secret: Secret) -> None:
        """Hide this text from now on, and until many others have come: a token that was just fetched, for instance."""
        text = secret.reveal()
        with self._lock:
            is_new = text not in self._fetched
            self._fetched.pop(text, None)
            self._fetched[text] = None
            if len(self._fetched) > _MAX_LEARNED:
                del self._fetched[next(iter(self._fetched))]
            if is_new:
                self._compile()

    def add_presigned_url(self, url: str) -> None:
        """Hide the query of this URL from now on: whoever knows a presigned URL needs no other credential."""
        query = urlsplit(url).query
        with self._lock:
            if query and query not in self._links:
                self._links = (*self._links, query)[-_MAX_LEARNED_LINKS:]
                self._compile()

    def _compile(self) -> None:
        shown = (form for query in self._links for form in (query, unquote(query), unquote_plus(query)))
        self._known = KnownSecrets.of((*self._given, *self._fetched, *shown))

    def redact_text(self, text: str) -> str:
        """The text without any known secret, nor the beginning of one that was cut off at the text's end.

        Nor the login within a URL.
        """
        if not _SPECIAL.search(text) and not self._known.may_be_in(text):
            return text
        return self._hide(text, self._secret)

    def _secret(self, view: str) -> Iterator[Span]:
        yield from self._known.spans(view)
        for match in _USER.finditer(view):
            yield match.span(1)

    def _hide(self, text: str, spans: Callable[[str], Iterable[Span]]) -> str:
        """The text without what `spans` finds in it, and beneath its escapes."""
        view, layers = text, list[Unescaped]()
        found: list[Span] = []
        while True:
            for start, end in spans(view):
                if layers and start == end:
                    continue  # Nothing stands there, and nothing has a place in the source.
                for layer in reversed(layers):
                    start, end = layer.source(start, end)  # noqa: PLW2901 - back through each layer, to the text itself
                found.append((start, end))
            beneath = unescaped(view) if len(layers) < _LAYERS else None
            if beneath is None:
                return _without(text, found)
            layers.append(beneath)
            view = beneath.text

    def redact_log(self, text: str) -> str:
        """A line of a log.

        As `redact_text`, and without values that have a denied name, in URLs and headers for instance.
        """
        cleaned = _LOGGED.sub(self._logged_value, _URL.sub(lambda url: self._logged_url(url[0]), text))
        kept: list[str] = []
        end = 0
        for field in _FIELD.finditer(cleaned):
            if field.start() >= end and self._is_redacted_in_log(field[1]):
                kept += cleaned[end : field.end()], HIDDEN
                line = cleaned.find("\n", field.end())
                end = line if line >= 0 else len(cleaned)
        return self.redact_text("".join(kept) + cleaned[end:])

    def _logged_url(self, url: str) -> str:
        try:
            return self.redact_url(url)
        except ValueError:
            return HIDDEN  # No URL after all; what it holds, nobody knows.

    def _logged_value(self, match: re.Match[str]) -> str:
        shown = match["pair"] or match["is"]
        return f"{shown}{HIDDEN}" if self._is_redacted_in_log(match["header"] or match["name"]) else match[0]

    def _is_redacted_in_log(self, name: str) -> bool:
        return self.is_redacted(name) or normalize_name(name).endswith(_REDACTED_NAME_ENDINGS)

    def is_redacted(self, name: str) -> bool:
        """Whether a header, parameter or field of this name is hidden."""
        return (
            _normalized_name(name) in self._fields
            if len(name) <= _MAX_NAME_LENGTH
            else normalize_name(name) in self._fields
        )

    def redact_headers(self, headers: Mapping[str, str], keep: Iterable[str]) -> dict[str, str]:
        """Only the headers named in `keep` (lower case), cleaned."""
        return {
            name: self.redact_text(headers[name]) for name in keep if name in headers and not self.is_redacted(name)
        }

    def redact_url(self, url: str) -> str:
        """The URL without user information, and with denied query values hidden."""
        if _PLAIN_URL.fullmatch(url):
            return self.redact_text(url)
        parts = urlsplit(url)
        query = parts.query
        if query in self._links:
            query = HIDDEN
        elif query:
            pairs = parse_qsl(
                self.redact_text(query), keep_blank_values=True
            )  # An unquoted & would cut a secret in two.
            query = urlencode([(name, HIDDEN if self.is_redacted(name) else value) for name, value in pairs])
        host = parts.netloc.rpartition("@")[2]
        return self.redact_text(urlunsplit((parts.scheme, host, parts.path, query, "")))

    def redact_body(self, text: str) -> str:
        """A body without the values of denied fields, whatever its format or cut, and without any known secret."""
        if not self._known.may_be_in(text) and not self._may_hold_denied(text):
            return text
        cleaned = self._json(text)
        return self._hide(text, self._secret_and_denied) if cleaned is None else self.redact_text(cleaned)

    def _may_hold_denied(self, text: str) -> bool:
        return bool(_SPECIAL.search(text) or _ENTITY.search(text)) or names_may_be_in(text, self._probes)

    def _secret_and_denied(self, view: str) -> Iterator[Span]:
        yield from self._secret(view)
        if names_may_be_in(view, self._probes):
            yield from denied_spans(view, self.is_redacted)

    def _json(self, text: str) -> str | None:
        """The text without denied fields if it is JSON; None if it is not, or cut, broken or said twice."""
        document = text.strip(_AROUND_JSON)
        if document[:1] not in ("{", "["):
            return None
        with suppress(ValueError, RecursionError):
            cleaned, changed = self._value(json.loads(document, object_pairs_hook=_unique))
            return json.dumps(cleaned, separators=(",", ":")) if changed else text
        return None

    def _value(self, value: object) -> tuple[object, bool]:
        """A JSON value without its denied fields, and whether it had any. Its texts are bodies of their own."""
        match value:
            case dict():
                made: dict[str, object] = {}
                changed = False
                for name, inner in value.items():
                    made[name], is_other = (HIDDEN, True) if self.is_redacted(name) else self._value(inner)
                    changed = changed or is_other
                return made, changed
            case list():
                results = [self._value(inner) for inner in value]
                return [inner for inner, _ in results], any(changed for _, changed in results)
            case str() if self._may_hold_denied(value):
                cleaned = self._json(value)
                text = self._hide(value, self._secret_and_denied) if cleaned is None else cleaned
                return text, text != value
            case _:
                return value, False


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name is said twice")
    return made


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    kept: list[str] = []
    end = 0
    for start, stop in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= end:
            kept += text[end:start], HIDDEN
        end = max(end, stop)
    return "".join([*kept, text[end:]]) if spans else text


def redact_answer(answer: Answer, redactor: Redactor) -> Answer:
    """The answer without secrets: its words are often the service's, which may quote what it was sent."""

    def words(text: str) -> str:
        return redactor.redact_text(text[:MAX_SCANNED_LENGTH])[:MAX_MESSAGE_LENGTH]

    said = (answer.status, answer.message, answer.hint)
    clean = tuple(words(text) if text is not None else None for text in said)
    lines = tuple(evolve(line, line=words(line.line)) for line in answer.lines)
    if clean == said and lines == answer.lines:
        return answer
    status, message, hint = clean
    return evolve(answer, status=status, message=message, hint=hint, lines=lines)
