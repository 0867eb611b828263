"""What of an exchange may be kept in a cassette: everything else is dropped or hidden before it reaches the disk."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, urlencode

from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin.auth import TokenAuth
from orderdesk_sdk.plugin.connection_settings import SettingField, SettingKind, settings_fields
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.secret import HIDDEN, Secret
from orderdesk_sdk.transport.redaction import REDACTED_NAMES, Redactor, normalize_name

__all__ = ["Scrubber", "personal_texts", "recorded_host", "find_unscrubbed"]

_REQUEST_HEADERS = frozenset({"accept", "content-type"})
_RESPONSE_HEADERS = frozenset({"content-type", "retry-after"})
_TOKEN_FIELDS = frozenset({"error", "expires_in", "grant_type", "token_type"})
"""Fields of a token request or response that are no secret; the value of every other one is hidden."""
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_ADDRESS = re.compile(r"[\w.+-]+(?:@|%40)[\w-]+\.\w+")
_CREDENTIAL = re.compile(r"(?im)^\W*(?:set-cookie|cookie|authorization|user-agent|x-[\w-]*(?:token|key|secret))\W*:")
_MIN_LENGTH = 6
"""A personal text shorter than this is left to the declaration: hiding "Ida" would spoil half of the words."""


def find_unscrubbed(text: str) -> list[str]:
    """What looks like a mail address or a header with a credential in the text of a cassette; empty for a clean one."""
    return [*_ADDRESS.findall(text), *_CREDENTIAL.findall(text)]


def recorded_host(field: SettingField) -> str:
    """The URL that stands in a cassette for a host setting: its default, else a name that resolves nowhere.

    Of a folder for files it is this machine, which nobody calls either: a cassette is played over HTTP.
    """
    if field.of_files:
        return "http://localhost"
    return str(field.default) if field.default else f"https://{field.name.replace('_', '-')}.invalid"


def personal_texts(order: Order) -> tuple[Secret, ...]:
    """What an order says about people, wherever it turns up; shorter texts are hidden by the declared fields only."""
    texts = [order.email]
    for address in (order.shipping, order.customer):
        texts += [f"{address.first_name} {address.last_name}", address.company, address.phone]
        texts += [address.address1, address.address2, address.address3, address.address4]
    return tuple(Secret(text.strip()) for text in texts if len(text.strip()) >= _MIN_LENGTH)


class Scrubber:
    """Cleans the exchanges of one connection. Cleaning what is clean changes nothing.

    Args:
        private: texts to hide wherever they stand, beside the secrets among the settings.
    """

    def __init__(self, integration: Integration, settings: object, private: Iterable[Secret] = ()) -> None:
        values = [(field, getattr(settings, field.name)) for field in settings_fields(type(settings))]
        secrets = [value for _, value in values if isinstance(value, Secret)]
        self._redactor = Redactor(integration.redact_fields, [*secrets, *private])
        declared = {*integration.evidence_headers, integration.rate_header or "content-type"}
        self._reply_headers = _RESPONSE_HEADERS | {name.lower() for name in declared}
        hosts = [
            (str(value).rstrip("/"), recorded_host(field).rstrip("/"))
            for field, value in values
            if field.kind is SettingKind.URL and value
        ]
        # Longest first: a token's URL often begins like the service's.
        self._hosts = sorted(hosts, key=lambda pair: len(pair[0]), reverse=True)
        auth = integration.auth(settings) if integration.auth is not None else None
        self._token_url = self.url(str(auth.token_request().url)) if isinstance(auth, TokenAuth) else None

    def url(self, url: str) -> str:
        """The URL with its host as it is stored, denied query values hidden."""
        return self._redactor.redact_url(self._stored(url))

    def request_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers of a request that are kept: default-deny."""
        return self._redactor.redact_headers(_lower(headers), sorted(_REQUEST_HEADERS))

    def response_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers of a response that are kept: default-deny."""
        return self._redactor.redact_headers(_lower(headers), sorted(self._reply_headers))

    def collect_secrets(self, url: str, response: str) -> None:
        """Hide from now on whatever a response of the token endpoint gave; other responses teach nothing."""
        document = _parsed(response) if self._is_token(url) else None
        if isinstance(document, dict):
            for name, value in document.items():
                if name not in _TOKEN_FIELDS and isinstance(value, str) and value != HIDDEN:
                    self._redactor.add_secret(Secret(value))

    def body(self, url: str, text: str) -> str:
        """The body of a request to `url` or of its response.

        JSON comes back compact, with nothing escaped needlessly.
        """
        if self._is_token(url):
            return _token_body(text, _parsed(text))
        return self._clean(text)

    def plain(self, value: object) -> object:
        """What was configured or stands in an order, cleaned: plain values, with lists for tuples.

        Of the names only those are denied that are so everywhere: an integration's own list is about its bodies.
        """
        match value:
            case Mapping():
                return {
                    name: HIDDEN
                    if isinstance(inner, str) and normalize_name(name) in REDACTED_NAMES
                    else self.plain(inner)
                    for name, inner in value.items()
                }
            case list() | tuple():
                return [self.plain(inner) for inner in value]
            case str():
                return self._clean(value)
            case _:
                return value

    def _clean(self, text: str) -> str:
        document = _parsed(text)
        if document is not None:
            text = _compact(self._inner(document))
        elif re.match(r"https?://", text):
            text = self.url(text)
        return _EMAIL.sub(HIDDEN, self._redactor.redact_body(self._stored(text)))

    def _inner(self, document: object) -> object:
        """A JSON value whose texts are cleaned as bodies of their own: services echo requests in them."""
        match document:
            case dict():
                return {name: self._inner(value) for name, value in document.items()}
            case list():
                return [self._inner(value) for value in document]
            case str():
                return self._clean(document)
            case _:
                return document

    def _is_token(self, url: str) -> bool:
        return self._token_url is not None and self.url(url).partition("?")[0] == self._token_url.partition("?")[0]

    def _stored(self, text: str) -> str:
        for given, stored in self._hosts:
            # Not within a longer name: api.acme.co is not the beginning of api.acme.com.
            text = re.sub(re.escape(given) + r"(?![\w.-])", lambda _, stored=stored: stored, text)  # type: ignore[misc]  # mypy infers no default; it binds the value now
        return text


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _token_body(text: str, document: object) -> str:
    if isinstance(document, dict):
        return _compact({name: value if name in _TOKEN_FIELDS else HIDDEN for name, value in document.items()})
    pairs = parse_qsl(text, keep_blank_values=True)
    if pairs and document is None:
        return urlencode([(name, value if name in _TOKEN_FIELDS else HIDDEN) for name, value in pairs])
    return HIDDEN if text else ""


def _parsed(text: str) -> object:
    """The JSON value of an object or list; None for anything else."""
    try:
        return json.loads(text) if text.lstrip()[:1] in ("{", "[") else None
    except (ValueError, RecursionError):
        return None


def _compact(document: object) -> str:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)
