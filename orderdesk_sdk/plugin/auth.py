"""Credentials as `httpx.Auth`: fixed headers, signatures, or tokens refreshed early, by one caller at a time."""

from __future__ import annotations

import hmac
from abc import abstractmethod
from collections.abc import Callable, Generator, Mapping
from datetime import UTC, datetime, timedelta

import httpx

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.guard import AbandonableLock
from orderdesk_sdk.plugin.token_store import TokenStore
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.secret import Secret

__all__ = [
    "HeaderAuth",
    "HmacAuth",
    "Token",
    "TokenAuth",
    "basic_auth",
    "iso_timestamp",
]

MAX_TOKEN_LENGTH = 16 * 1024
"""Characters of a token; servers take no longer headers."""
REFRESH_MARGIN_SECONDS = 60.0
"""Seconds before its end at which a token is no longer used; one of less than two minutes is used for half of them."""
MAX_TOKEN_LIFETIME = timedelta(days=365)
"""What a token is taken to last at the longest, whatever the service says."""


class HeaderAuth(httpx.Auth):
    """Puts fixed headers on every request: keys, and whatever else a service demands of each."""

    def __init__(self, headers: Mapping[str, str | Secret]) -> None:
        self._headers = dict(headers)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        for name, value in self._headers.items():
            request.headers[name] = value.reveal() if isinstance(value, Secret) else value
        yield request


def basic_auth(user: str, secret: Secret) -> httpx.Auth:
    """User and secret by HTTP basic authentication (RFC 7617)."""
    return httpx.BasicAuth(user, secret.reveal())


def iso_timestamp(at: datetime) -> str:
    """A moment in UTC as ISO 8601 writes it, with milliseconds and Z."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class HmacAuth(httpx.Auth):
    """Signs each request anew with a shared secret (HMAC, RFC 2104).

    Args:
        message: given a request and the moment as text, what is signed.
        headers: given the signature and the same moment, what is put on the request, in place of headers of the same
            names.
        digest: the hash function's name in hashlib.
        timestamp: how the moment is written. It is real time, whatever clock the desk runs by: the service compares it
            with its own.
    """

    def __init__(
        self,
        secret: Secret,
        message: Callable[[httpx.Request, str], str],
        headers: Callable[[bytes, str], Mapping[str, str]],
        *,
        digest: str = "sha256",
        timestamp: Callable[[datetime], str] = iso_timestamp,
    ) -> None:
        self._secret = secret
        self._message = message
        self._headers = headers
        self._digest = digest
        self._timestamp = timestamp

    def sign(self, request: httpx.Request, at: datetime) -> None:
        """Sign a request as of a moment, in UTC."""
        stamp = self._timestamp(at)
        text = self._message(request, stamp).encode()
        signature = hmac.digest(self._secret.reveal().encode(), text, self._digest)
        request.headers.update(self._headers(signature, stamp))

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        self.sign(request, datetime.now(UTC))
        yield request


def is_settled_by(auth: httpx.Auth, status: int) -> bool:
    """Whether credentials have nothing more to say once their request was answered with this status: False is safe.

    Known of the classes here, as far as no plugin has written a part of it anew.
    """
    if isinstance(auth, TokenAuth):
        kind = type(auth)
        if (kind.sync_auth_flow, kind.is_token_expired) != (TokenAuth.sync_auth_flow, TokenAuth.is_token_expired):
            return False
        return type(auth.rejected_statuses) is frozenset and status not in auth.rejected_statuses
    return type(auth) in (HeaderAuth, HmacAuth, httpx.BasicAuth)


class Token:
    """An access token and how long it lasts from when it was fetched; zero or less: it is used for one call."""

    def __init__(self, secret: Secret, expires_in: timedelta) -> None:
        self.secret = secret
        self.expires_in = expires_in


def _ignore_secret(secret: Secret) -> None:
    """For credentials that belong to no connection yet."""


class TokenAuth(httpx.Auth):
    """The base of a plugin's token authentication: say how to ask for a token, how to read it, how to use it.

    The core sets `clock` and `register_secret` before the first call; `register_secret` has every fetched token
    redacted from then on. A response of 401 or 403 leads to one new token and one more try; these statuses prove that
    the service did nothing. A token endpoint that asks to be left alone is, by all calls of the connection.
    """

    requires_response_body = True
    rejected_statuses: frozenset[int] = frozenset({401, 403})
    clock: Clock
    register_secret: Callable[[Secret], None] = staticmethod(_ignore_secret)
    token_store: TokenStore | None = None

    def __init__(self) -> None:
        self._refresh_lock = AbandonableLock()
        self._token: Token | None = None
        self._valid_until = 0.0

    @abstractmethod
    def token_request(self) -> httpx.Request:
        """The request that asks for a token. Its host must be one of the connection's `url` settings."""

    @abstractmethod
    def parse_token(self, response: httpx.Response) -> Token:
        """The token in a response. Raises ConfigurationError where the service does not accept the credentials."""

    @abstractmethod
    def sign(self, request: httpx.Request, token: Secret) -> None:
        """Put the token, and whatever else the service wants, on a request."""

    def is_token_expired(self, response: httpx.Response) -> bool:  # noqa: ARG002 - for a subclass to look at
        """Whether a response says that the token has ended, of a service that says so with another status, 200 perhaps.

        The call is then made once more with a new token, a write too. So say yes only to what proves that the service
        did nothing: its own code for an ended token, never a text or the lack of an answer.
        """
        return False

    def retry_after(self, response: httpx.Response) -> timedelta | None:  # noqa: ARG002 - for a subclass to look at
        """How long the token endpoint asks to be left alone, where it says so in its own way; else None.

        429, and 5xx with Retry-After or X-Retry-After, are read by the core.
        """
        return None

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        token = yield from self._current_token(expired=None)
        self.sign(request, token.secret)
        response = yield request
        if response.status_code in self.rejected_statuses or self.is_token_expired(response):
            token = yield from self._current_token(expired=token)
            self.sign(request, token.secret)
            response = yield request
            if self.is_token_expired(response):
                raise ConfigurationError(
                    f"the service says that a token has ended which it has just given ({response.status_code})",
                    location=str(request.url.copy_with(query=None)),
                    hint="check with the service whether the account may use this API",
                )

    def _current_token(self, expired: Token | None) -> Generator[httpx.Request, httpx.Response, Token]:
        token = self._token
        if token is not None and token is not expired and self.clock.monotonic() < self._valid_until:
            return token
        with self._refresh_lock.held():  # Whoever waited here finds the token that the first one fetched.
            if self._token is None or self._token is expired or self.clock.monotonic() >= self._valid_until:
                requested_at = self.clock.monotonic()
                self._token = fetched = yield from self._fetch_token()
                lasts = min(max(fetched.expires_in, timedelta(0)), MAX_TOKEN_LIFETIME).total_seconds()
                self._valid_until = requested_at + max(lasts - REFRESH_MARGIN_SECONDS, lasts / 2)
            return self._token

    def _fetch_token(self) -> Generator[httpx.Request, httpx.Response, Token]:
        response = yield self.token_request()
        token = self.parse_token(response)
        validate_token(token.secret, response)
        self.register_secret(token.secret)
        return token


def validate_token(token: Secret, response: httpx.Response) -> None:
    """Raises MalformedResponseError for a token that no header takes (RFC 6749, A.12: visible ASCII) or endless one."""
    text = token.reveal()
    if not (text.isascii() and text.isprintable() and 0 < len(text) <= MAX_TOKEN_LENGTH):
        raise MalformedResponseError(
            "its token is not plain text that a header takes", location=f"reply {response.status_code}"
        )
