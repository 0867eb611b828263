"""Who calls: found by the session's cookie in a browser, and by the bearer token of a program under /api/ alone.

A cookie counts for nothing under /api/, and a token nowhere else: a page elsewhere that makes a browser call the API
has no token to send.
"""

from __future__ import annotations

import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.web.caller import Caller

__all__ = ["API_PATH", "Authentication", "session_cookie", "session_token"]

API_PATH = "/api/"
_NO_CALLER = ("/static/", "/in/", "/answer/", "/r/", "/healthz", "/readyz")
"""Paths that are the same for everybody."""
_BEARER = re.compile(rb"[Bb]earer ([A-Za-z0-9_-]{1,200})")


def session_cookie(*, is_https: bool) -> str:
    """The name of the cookie that holds a session's token; browsers keep the prefix for this very host and TLS."""
    return "__Host-orderdesk" if is_https else "orderdesk"


def session_token(scope: Scope, *, is_https: bool) -> str | None:
    """The token of a session that a request has; None: none."""
    cookies = [value for name, value in scope["headers"] if name == b"cookie"]
    return cookie_parser("; ".join(value.decode("latin-1") for value in cookies)).get(session_cookie(is_https=is_https))


class Authentication:
    """Puts the `Caller` into the request's state; None where nobody calls whom we know."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find out, and pass the request on: what it needs, its endpoint says."""
        if scope["type"] == "http":
            scope.setdefault("state", {})["caller"] = None
            if not scope["path"].startswith(_NO_CALLER):
                scope["state"]["caller"] = await run_in_threadpool(self._find, scope)
        await self._app(scope, receive, send)

    def _find(self, scope: Scope) -> Caller | None:
        if scope["path"].startswith(API_PATH):
            return self._by_token(scope)
        token = session_token(scope, is_https=self._desk.config.web.is_https)
        session = self._desk.access.find_session(token) if token else None
        return Caller(session.user, session.role, session=session) if session is not None else None

    def _by_token(self, scope: Scope) -> Caller | None:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        found = _BEARER.fullmatch(given[0]) if len(given) == 1 else None
        token = self._desk.access.api_tokens.find(found.group(1).decode()) if found is not None else None
        if token is None:
            return None
        return Caller(token.name, token.role, token=token, connections=tuple(token.connections))
