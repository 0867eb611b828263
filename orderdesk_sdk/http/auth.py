"""Credentials as `httpx.Auth`: fixed headers, signatures, or tokens refreshed early, by one caller at a time."""

from __future__ import annotations

import hmac
from abc import abstractmethod
from collections.abc import Callable, Generator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_plus

import httpx

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.guard import Turn
from orderdesk_sdk.reading import MalformedReply, json_object, text_at
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.settings import RefreshTokenSettings

__all__ = [
    "ClientCredentialsAuth",
    "HeaderAuth",
    "HmacAuth",
    "RefreshTokenAuth",
    "Token",
    "TokenAuth",
    "basic_auth",
    "iso_stamp",
    "refresh_token_auth",
]

EARLY = 60.0
"""Seconds before its end at which a token is no longer used."""


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


def iso_stamp(at: datetime) -> str:
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
        stamp: Callable[[datetime], str] = iso_stamp,
    ) -> None:
        self._secret = secret
        self._message = message
        self._headers = headers
        self._digest = digest
        self._stamp = stamp

    def sign(self, request: httpx.Request, at: datetime) -> None:
        """Sign a request as of a moment, in UTC."""
        stamp = self._stamp(at)
        text = self._message(request, stamp).encode()
        signature = hmac.digest(self._secret.reveal().encode(), text, self._digest)
        request.headers.update(self._headers(signature, stamp))

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        self.sign(request, datetime.now(UTC))
        yield request


class Token:
    """An access token and how long it lasts from when it was fetched."""

    def __init__(self, secret: Secret, lasts: timedelta) -> None:
        self.secret = secret
        self.lasts = lasts


class TokenAuth(httpx.Auth):
    """The base of a plugin's token authentication: say how to ask for a token, how to read it, how to use it.

    The core sets `clock` and `learn` before the first call; `learn` has every fetched token redacted from then on. A
    reply of 401 or 403 leads to one new token and one more try; these statuses prove that the service did nothing.
    """

    requires_response_body = True
    refused_statuses: frozenset[int] = frozenset({401, 403})
    clock: Clock
    learn: Callable[[Secret], None]

    def __init__(self) -> None:
        self._refresh = Turn()
        self._token: Token | None = None
        self._good_until = 0.0

    @abstractmethod
    def token_request(self) -> httpx.Request:
        """The request that asks for a token. Its host must be one of the connection's `host` settings."""

    @abstractmethod
    def token(self, reply: httpx.Response) -> Token:
        """The token in a reply. Raises ConfigurationError where the service does not accept the credentials."""

    @abstractmethod
    def sign(self, request: httpx.Request, token: Secret) -> None:
        """Put the token, and whatever else the service wants, on a request."""

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        token = yield from self._current(spent=None)
        self.sign(request, token.secret)
        reply = yield request
        if reply.status_code in self.refused_statuses:
            token = yield from self._current(spent=token)
            self.sign(request, token.secret)
            yield request

    def _current(self, spent: Token | None) -> Generator[httpx.Request, httpx.Response, Token]:
        token = self._token
        if token is not None and token is not spent and self.clock.monotonic() < self._good_until:
            return token
        with self._refresh.taken():  # Whoever waited here finds the token that the first one fetched.
            if self._token is None or self._token is spent or self.clock.monotonic() >= self._good_until:
                reply = yield self.token_request()
                self._token = self.token(reply)
                self.learn(self._token.secret)
                self._good_until = self.clock.monotonic() + max(self._token.lasts.total_seconds() - EARLY, 1.0)
            return self._token


_PASSING = frozenset({"server_error", "temporarily_unavailable"})
"""Error codes that say nothing about the credentials (RFC 6749, 4.1.2.1); all others do."""


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
        lasts: int | None = None,
    ) -> None:
        super().__init__()
        self._scope = {"scope": scope} if scope else {}
        self._lasts = lasts
        self._token_url = token_url
        self._grant_type = grant_type
        self._secrets = secrets

    def token_request(self) -> httpx.Request:
        form = {name: secret.reveal() for name, secret in self._secrets.items()}
        return httpx.Request("POST", self._token_url, data={"grant_type": self._grant_type, **self._scope, **form})

    def token(self, reply: httpx.Response) -> Token:
        document = {"expires_in": self._lasts, **json_object(reply)}
        code = document.get("error")
        if reply.status_code in (400, 401, 403) and isinstance(code, str) and code not in _PASSING:
            raise ConfigurationError(
                f"the credentials were refused: {code}",
                place=self._token_url,
                remedy=f"check {', '.join(self._secrets)} of this connection, and that the account authorizes them",
            )
        lasts = document.get("expires_in")
        if not reply.is_success or not isinstance(lasts, int) or isinstance(lasts, bool):
            raise MalformedReply(
                "there is no access token in it", place=f"reply {reply.status_code} of {self._token_url}"
            )
        return Token(Secret(text_at(reply, "access_token")), timedelta(seconds=lasts))

    def sign(self, request: httpx.Request, token: Secret) -> None:
        request.headers["authorization"] = f"Bearer {token.reveal()}"


class RefreshTokenAuth(FormGrantAuth):
    """OAuth 2.0 with a refresh token (RFC 6749, 6).

    header: the one that carries the token as it is; None: a bearer header (RFC 6750, 2.1). dated: a header that takes
    the moment of each request, as 20260105T090000Z; None: there is none. Override `sign` for anything else.
    """

    def __init__(
        self,
        token_url: str,
        refresh_token: Secret,
        client_id: Secret,
        client_secret: Secret,
        *,
        header: str | None = None,
        dated: str | None = None,
    ) -> None:
        secrets = {"refresh_token": refresh_token, "client_id": client_id, "client_secret": client_secret}
        super().__init__(token_url, "refresh_token", secrets)
        self._header = header
        self._dated = dated

    def sign(self, request: httpx.Request, token: Secret) -> None:
        if self._header is None:
            super().sign(request, token)
        else:
            request.headers[self._header] = token.reveal()
        if self._dated is not None:
            request.headers[self._dated] = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


def refresh_token_auth(
    token_url: str, *, header: str | None = None, dated: str | None = None
) -> Callable[[RefreshTokenSettings], RefreshTokenAuth]:
    """What `Integration.auth` takes for `RefreshTokenSettings`. token_url: the name of the setting with that URL."""

    def auth(its: RefreshTokenSettings) -> RefreshTokenAuth:
        login = (getattr(its, token_url), its.refresh_token, its.client_id, its.client_secret)
        return RefreshTokenAuth(*login, header=header, dated=dated)

    return auth


class ClientCredentialsAuth(FormGrantAuth):
    """OAuth 2.0 with the client's own credentials (RFC 6749, 4.4).

    The settings are best named client_id and client_secret too: errors call them so. scope: what is asked for, "" for
    whatever the service gives. lasts: seconds, by the service's documentation, of a token whose reply does not tell;
    None where it always tells. in_header: whether id and secret go in a basic authorization header instead of the form
    (RFC 6749, 2.3.1, has both).
    """

    def __init__(
        self,
        token_url: str,
        client_id: Secret,
        client_secret: Secret,
        *,
        scope: str = "",
        lasts: int | None = None,
        in_header: bool = False,
    ) -> None:
        secrets = {"client_id": client_id, "client_secret": client_secret}
        super().__init__(token_url, "client_credentials", secrets, scope=scope, lasts=lasts)
        self._in_header = in_header

    def token_request(self) -> httpx.Request:
        if not self._in_header:
            return super().token_request()
        form = {"grant_type": self._grant_type, **self._scope}
        request = httpx.Request("POST", self._token_url, data=form)
        login = (quote_plus(secret.reveal()) for secret in self._secrets.values())
        return next(httpx.BasicAuth(*login).auth_flow(request))
