"""Credentials by OAuth 2.0 (RFC 6749): tokens that a form grant gives, by a refresh token or by client credentials."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import quote_plus

import httpx

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.auth import MAX_TOKEN_LIFETIME, Token, TokenAuth, validate_token
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError, json_object, text_at
from orderdesk_sdk.secret import Secret

__all__ = ["ClientCredentialsAuth", "RefreshTokenAuth"]

DEFAULT_TOKEN_LIFETIME = timedelta(minutes=10)
"""How long a token is used of which neither the service nor the declaration tells how long it lasts."""
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
                f"the service rejected the credentials: {code}",
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

    Args:
        header: the one that carries the token as it is; None: a bearer header (RFC 6750, 2.1).
        date_header: a header that takes the moment of each request, as 20260105T090000Z; None: there is none. Override
            `sign` for anything else.
        expires_in: seconds, by the service's documentation, of a token whose response does not tell.
        rotates: whether the service gives a new refresh token in place of each that is used, and takes that one only.
            The new one is kept then in a file of the connection's own beside the ledger, whose name ends in `.token`
            and which its owner alone may read: treat it as a password. With a ledger in PostgreSQL it stands in a table
            there, sealed with the configured one. One process at a time renews. A refresh token that is configured anew
            takes its place. Without `rotates` a new one is used until the process ends, and the
            configured one after that.
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
            validate_token(Secret(given), response)
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


class ClientCredentialsAuth(FormGrantAuth):
    """OAuth 2.0 with the client's own credentials (RFC 6749, 4.4).

    The settings are best named client_id and client_secret too: errors call them so.

    Args:
        scope: what is asked for, "" for whatever the service gives.
        expires_in: seconds, by the service's documentation, of a token whose response does not tell; None where it
            always tells: one that does not tell all the same is used for ten minutes.
        client_auth: where id and secret go: in the form of the request, or in a basic authorization header (RFC 6749,
            2.3.1, has both).
    """

    def __init__(
        self,
        token_url: str,
        client_id: Secret,
        client_secret: Secret,
        *,
        scope: str = "",
        expires_in: int | None = None,
        client_auth: Literal["form", "basic"] = "form",
    ) -> None:
        secrets = {"client_id": client_id, "client_secret": client_secret}
        super().__init__(token_url, "client_credentials", secrets, scope=scope, expires_in=expires_in)
        self._client_auth = client_auth

    def token_request(self) -> httpx.Request:
        if self._client_auth == "form":
            return super().token_request()
        form = {"grant_type": self._grant_type, **self._scope}
        request = httpx.Request("POST", self._token_url, data=form)
        login = (quote_plus(secret.reveal()) for secret in self._secrets.values())
        return next(httpx.BasicAuth(*login).auth_flow(request))
