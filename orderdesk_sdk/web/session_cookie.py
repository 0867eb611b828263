"""The cookie that holds a session's token: for this very host, out of reach of scripts and of other sites' requests."""

from __future__ import annotations

from starlette.requests import cookie_parser
from starlette.types import Scope

__all__ = ["ended_session_cookie", "host_cookie", "new_session_cookie", "session_cookie", "session_token"]


def session_cookie(*, is_https: bool) -> str:
    """The name of the cookie that holds a session's token; browsers keep the prefix for this very host and TLS.

    Without TLS, which the server does on this machine's loopback alone, browsers take no such cookie.
    """
    return "__Host-orderdesk" if is_https else "orderdesk"


def session_token(scope: Scope, *, is_https: bool) -> str | None:
    """The token of a session that a request has; None: none."""
    cookies = [value for name, value in scope["headers"] if name == b"cookie"]
    return cookie_parser("; ".join(value.decode("latin-1") for value in cookies)).get(session_cookie(is_https=is_https))


def new_session_cookie(token: str, *, is_https: bool) -> str:
    """The header that lets the browser keep a session's token until it is closed; the server ends it before."""
    return host_cookie(session_cookie(is_https=is_https), token, is_https=is_https)


def ended_session_cookie(*, is_https: bool) -> str:
    """The header that lets the browser forget it."""
    return host_cookie(session_cookie(is_https=is_https), None, is_https=is_https)


def host_cookie(name: str, value: str | None, *, is_https: bool) -> str:
    """The header of a cookie for this host alone, until the browser is closed; value None lets it forget the cookie."""
    secure = "; Secure" if is_https else ""
    ended = "; Max-Age=0" if value is None else ""
    return f"{name}={value or ''}; HttpOnly; Path=/; SameSite=Lax{secure}{ended}"
