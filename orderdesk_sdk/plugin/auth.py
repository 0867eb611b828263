"""Credentials as `httpx.Auth`: fixed headers, signatures, or tokens refreshed early, by one caller at a time."""

from __future__ import annotations

import hmac
import re
from abc import abstractmethod
from collections.abc import Callable, Generator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_plus

import httpx

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.connection_settings import RefreshTokenSettings
from orderdesk_sdk.plugin.guard import AbandonableLock
from orderdesk_sdk.plugin.token_store import TokenStore
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError, json_object, text_at
from orderdesk_sdk.secret import Secret

__all__ = [
    "ClientCredentialsAuth",
    "HeaderAuth",
    "HmacAuth",
    "RefreshTokenAuth",
    "Token",
    "TokenAuth",
    "basic_auth",
    "iso_timestamp",
    "refresh_token_auth",
]

MAX_TOKEN_LENGTH = 16 * 1024
"""Characters of a token; servers take no longer headers."""
REFRESH_MARGIN_SECONDS = 60.0
"""Seconds before its end at which a token is no longer used; one of less than two minutes is used for half of them."""
MAX_TOKEN_LIFETIME = timedelta(days=365)
"""What a token is taken to last at the longest, whatever the service says."""
DEFAULT_TOKEN_LIFETIME = timedelta(minutes=10)
"""How long a token is used of which neither the service nor the declaration tells how long it lasts."""


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

    message: given a request and the moment as text, what is signed. headers: given the signature and the same moment,
    what is put on the request, in place of headers of the same names. digest: the hash function's name in hashlib.
    stamp: how the moment is written. It is real time, whatever clock the desk runs by: the service compares it with
    its own.
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
        _validate_token(token.secret, response)
        self.register_secret(token.secret)
        return token


def _validate_token(token: Secret, response: httpx.Response) -> None:
    """Raises MalformedResponseError for a token that no header takes (RFC 6749, A.12.

    Visible ASCII), or that is endless.
    """
    text = token.reveal()
    if not (text.isascii() and text.isprintable() and 0 < len(text) <= MAX_TOKEN_LENGTH):
        raise MalformedResponseError(
            "its token is no plain text that a header takes", location=f"reply {response.status_code}"
        )


_TRANSIENT_ERRORS = frozenset({"server_error", "slow_down", "temporarily_unavailable"})
"""Error codes that say nothing about the credentials (RFC 6749, 4.1.2.1; RFC 8628, 3.5); all others do."""

_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?", re.ASCII)


class FormGrantAuth(TokenAuth):
    """The base of OAuth 2.0 grants whose secrets, the client's id and secret among them, go in the form.

    The token travels in a bearer header (RFC 6750, 2.1) unless `sign` says otherwise.
    """

    def __init__(
        self,
        token_url: str,
        grant_type: str,
        secrets: Mapping[str, Secret],
        *,
        scope: str = "",
        expires_in: int | None = None,
    ) -> None:
        """expires_in: seconds, by the service's documentation, of a token whose response does not tell."""
        super().__init__()
        self._scope = {"scope": scope} if scope else {}
        self._expires_in = expires_in
        self._token_url = token_url
        self._grant_type = grant_type
        self._secrets = dict(secrets)

    def token_request(self) -> httpx.Request:
        form = {name: secret.reveal() for name, secret in self._secrets.items()}
        return httpx.Request("POST", self._token_url, data={"grant_type": self._grant_type, **self._scope, **form})

    def parse_token(self, response: httpx.Response) -> Token:
        document = json_object(response)
        code = _error_code(document)
        if response.status_code < 500 and code is not None and code not in _TRANSIENT_ERRORS:
            raise ConfigurationError(
                f"the credentials were refused: {code}",
                location=self._token_url,
                hint=f"check {', '.join(self._secrets)} of this connection, and that the account authorizes them",
            )
        place = f"reply {response.status_code} of {self._token_url}"
        if not response.is_success or code is not None:
            raise MalformedResponseError("there is no access token in it", location=place)
        told = document.get("expires_in")
        lasts = _parse_lifetime(self._expires_in if told is None else told)
        if lasts is None:
            raise MalformedResponseError("it does not say in seconds how long its access token lasts", location=place)
        return Token(Secret(text_at(response, "access_token")), lasts)

    def sign(self, request: httpx.Request, token: Secret) -> None:
        request.headers["authorization"] = f"Bearer {token.reveal()}"


def _error_code(document: Mapping[str, object]) -> str | None:
    """The code of an error (RFC 6749, 5.2), or the one within an object, as some write it; None where there is none."""
    error = document.get("error")
    if isinstance(error, Mapping):
        error = next((code for key in ("code", "type", "message") if isinstance(code := error.get(key), str)), "error")
    return error or None if isinstance(error, str) else None


def _parse_lifetime(value: object) -> timedelta | None:
    """What `expires_in` says, a number of seconds or a text with one; None for anything else.

    RFC 6749, 5.1, lets a service leave it out.
    """
    if value is None:
        return DEFAULT_TOKEN_LIFETIME
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    most = MAX_TOKEN_LIFETIME.total_seconds()
    return timedelta(seconds=min(max(value, -most), most))


class RefreshTokenAuth(FormGrantAuth):
    """OAuth 2.0 with a refresh token (RFC 6749, 6).

    header: the one that carries the token as it is; None: a bearer header (RFC 6750, 2.1). dated: a header that takes
    the moment of each request, as 20260105T090000Z; None: there is none. Override `sign` for anything else.
    lasts: seconds, by the service's documentation, of a token whose response does not tell.
    rotates: whether the service gives a new refresh token in place of each that is used, and takes that one only. The
    new one is kept then in a file of the connection's own beside the ledger, whose name ends in `.token` and which its
    owner alone may read: treat it as a password. One process at a time renews. A refresh token that is configured
    anew takes its place. Without `rotates` a new one is used until the process ends, and the configured one after that.
    """

    # Many parameters: a declaration; what differs between services is by keyword.
    def __init__(
        self,
        token_url: str,
        refresh_token: Secret,
        client_id: Secret,
        client_secret: Secret,
        *,
        header: str | None = None,
        date_header: str | None = None,
        expires_in: int | None = None,
        rotates: bool = False,
    ) -> None:
        secrets = {"refresh_token": refresh_token, "client_id": client_id, "client_secret": client_secret}
        super().__init__(token_url, "refresh_token", secrets, expires_in=expires_in)
        self._configured = refresh_token
        self._header = header
        self._date_header = date_header
        self._rotates = rotates

    def parse_token(self, response: httpx.Response) -> Token:
        document = json_object(response)
        given = document.get("refresh_token")
        # Before the rest is read: whatever else is wrong with the response, the one before may be spent now.
        if response.is_success and _error_code(document) is None and isinstance(given, str) and given.strip():
            _validate_token(Secret(given), response)
            self._replace_refresh_token(Secret(given))
        return super().parse_token(response)

    def _replace_refresh_token(self, refresh_token: Secret) -> None:
        self._secrets["refresh_token"] = refresh_token
        self.register_secret(refresh_token)

    def _fetch_token(self) -> Generator[httpx.Request, httpx.Response, Token]:
        if not self._rotates or self.token_store is None:
            token = yield from super()._fetch_token()
            self.register_secret(self._secrets["refresh_token"])  # As long as it is in use it is not forgotten.
            return token
        with self.token_store(self._configured) as kept:
            if kept.secret is not None:
                self._replace_refresh_token(kept.secret)
            before = self._secrets["refresh_token"]
            try:
                return (yield from super()._fetch_token())
            finally:
                if self._secrets["refresh_token"] != before:
                    kept.save(self._secrets["refresh_token"])

    def sign(self, request: httpx.Request, token: Secret) -> None:
        if self._header is None:
            super().sign(request, token)
        else:
            request.headers[self._header] = token.reveal()
        if self._date_header is not None:
            request.headers[self._date_header] = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


def refresh_token_auth(
    token_url: str,
    *,
    header: str | None = None,
    date_header: str | None = None,
    expires_in: int | None = None,
    rotates: bool = False,
) -> Callable[[RefreshTokenSettings], RefreshTokenAuth]:
    """What `Integration.auth` takes for `RefreshTokenSettings`. token_url: the name of the setting with that URL."""

    def auth(its: RefreshTokenSettings) -> RefreshTokenAuth:
        login = (getattr(its, token_url), its.refresh_token, its.client_id, its.client_secret)
        return RefreshTokenAuth(*login, header=header, date_header=date_header, expires_in=expires_in, rotates=rotates)

    return auth


class ClientCredentialsAuth(FormGrantAuth):
    """OAuth 2.0 with the client's own credentials (RFC 6749, 4.4).

    The settings are best named client_id and client_secret too: errors call them so. scope: what is asked for, "" for
    whatever the service gives. lasts: seconds, by the service's documentation, of a token whose response does not tell;
    None where it always tells: one that does not tell all the same is used for ten minutes. in_header: whether id and
    secret go in a basic authorization header instead of the form (RFC 6749, 2.3.1, has both).
    """

    def __init__(
        self,
        token_url: str,
        client_id: Secret,
        client_secret: Secret,
        *,
        scope: str = "",
        expires_in: int | None = None,
        in_header: bool = False,
    ) -> None:
        secrets = {"client_id": client_id, "client_secret": client_secret}
        super().__init__(token_url, "client_credentials", secrets, scope=scope, expires_in=expires_in)
        self._in_header = in_header

    def token_request(self) -> httpx.Request:
        if not self._in_header:
            return super().token_request()
        form = {"grant_type": self._grant_type, **self._scope}
        request = httpx.Request("POST", self._token_url, data=form)
        login = (quote_plus(secret.reveal()) for secret in self._secrets.values())
        return next(httpx.BasicAuth(*login).auth_flow(request))
