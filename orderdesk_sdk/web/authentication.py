"""Who calls: found by the session's cookie in a browser, and by the bearer token of a program under /api/ alone.

A cookie counts for nothing under /api/, and a token nowhere else: a page elsewhere that makes a browser call the API
has no token to send. Where a trusted proxy names the user whom it has signed in (`[web].user_header`), they get a
session as everybody has, with its own token for forms.
"""

from __future__ import annotations

import re

from attrs import frozen
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orderdesk_sdk.cases.access import SignInError
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.web.caller import Caller
from orderdesk_sdk.web.middleware.client_address import client_address, comes_from_proxy
from orderdesk_sdk.web.session_cookie import new_session_cookie, session_token

__all__ = ["API_PATH", "Authentication", "proxied_user"]

API_PATH = "/api/"
_NO_CALLER = ("/static/", "/in/", "/answer/", "/r/", "/healthz", "/readyz")
"""Paths that are the same for everybody."""
_BEARER = re.compile(rb"[Bb]earer ([A-Za-z0-9_-]{1,200})")
_MAX_NAME = 200
"""Bytes of a user's name that a proxy sends."""


@frozen
class _Found:
    """Who calls. new_token: of the session that was begun for it, which the browser is to keep; None: none was."""

    caller: Caller | None
    new_token: str | None = None


class Authentication:
    """Puts the `Caller` into the request's state; None where nobody calls whom we know."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk
        self._proxied: dict[str, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find out, and pass the request on: what it needs, its endpoint says."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        found = _Found(None)
        if not scope["path"].startswith(_NO_CALLER):
            found = await run_in_threadpool(self._find, scope)
        scope.setdefault("state", {})["caller"] = found.caller

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and found.new_token is not None:
                cookie = new_session_cookie(found.new_token, is_https=self._desk.config.web.is_https)
                MutableHeaders(scope=message).append("Set-Cookie", cookie)
            await send(message)

        await self._app(scope, receive, send_with_cookie)

    def _find(self, scope: Scope) -> _Found:
        if scope["path"].startswith(API_PATH):
            return _Found(self._by_token(scope))
        config = self._desk.config.web
        token = session_token(scope, is_https=config.is_https)
        caller = self._by_session(token) if token else None
        if not config.user_header or not comes_from_proxy(scope):
            return _Found(caller)
        name = proxied_user(scope, config.user_header)
        if name is None:
            return _Found(None)  # Whoever has signed out there has signed out here.
        if caller is not None and caller.name.casefold() == name.casefold():
            return _Found(caller)
        return self._by_proxy(name, client_address(scope))

    def _by_session(self, token: str) -> Caller | None:
        session = self._desk.access.find_session(token)
        return Caller(session.user, session.role, session=session) if session is not None else None

    def _by_proxy(self, name: str, address: str) -> _Found:
        """The user whom a proxy names: by the session that this process has begun for them, or by a new one."""
        token = self._proxied.get(name)
        caller = self._by_session(token) if token is not None else None
        if token is None or caller is None or caller.name.casefold() != name.casefold():
            try:
                signed_in = self._desk.access.sign_in_trusted(name, address=address)
            except SignInError:
                return _Found(None)
            token = self._proxied[name] = signed_in.token.reveal()
            caller = Caller(signed_in.session.user, signed_in.session.role, session=signed_in.session)
        return _Found(caller, token)

    def _by_token(self, scope: Scope) -> Caller | None:
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        found = _BEARER.fullmatch(given[0]) if len(given) == 1 else None
        token = self._desk.access.api_tokens.find(found.group(1).decode()) if found is not None else None
        if token is None:
            return None
        # No user's name begins like this, so whoever reads a history knows that it was a program.
        return Caller(f"token {token.name}", token.role, token=token, connections=tuple(token.connections))


def proxied_user(scope: Scope, header: str) -> str | None:
    """The name of the user whom a trusted proxy has signed in; None: no such proxy brought the request, or no name.

    Args:
        header: in which it names them; "": in none.
    """
    if not header or not comes_from_proxy(scope):
        return None
    wanted = header.lower().encode()
    given = [value for name, value in scope["headers"] if name == wanted]
    if len(given) != 1 or not 0 < len(given[0]) <= _MAX_NAME:
        return None
    return given[0].decode("utf-8", "replace").strip() or None
