"""Only forms of our own pages change something: what another site makes a browser send is refused.

Browsers say in Sec-Fetch-Site where a request was made, and older ones in Origin; a page cannot write either. What
counts no cookie needs none of this: the API, messages, and links whose token is all the right there is.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from orderdesk_sdk.web.middleware.plain_answer import send_plain_answer

__all__ = ["OwnOrigin"]

_SAFE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))
_NO_COOKIE_COUNTS = ("/api/", "/in/", "/answer/")
_OWN = frozenset((b"same-origin", b"none"))
"""Made by a page of this very origin, or by the person in the browser itself."""
_PORTS = {"http": 80, "https": 443}


class OwnOrigin:
    """Answers 403 to an unsafe request that no page of ours has made.

    Args:
        is_https: whether people reach the server over TLS, which a proxy in front of it has.
    """

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self._app = app
        self._is_https = is_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http" or scope["method"] in _SAFE or self._is_own(scope):
            await self._app(scope, receive, send)
        else:
            await send_plain_answer(scope, send, 403, "Send this from a page of the console: open it again.")

    def _is_own(self, scope: Scope) -> bool:
        if scope["path"].startswith(_NO_COOKIE_COUNTS):
            return True
        sites = _all(scope, b"sec-fetch-site")
        if sites:
            return len(sites) == 1 and sites[0] in _OWN
        origins, hosts = _all(scope, b"origin"), _all(scope, b"host")
        if len(origins) != 1 or len(hosts) != 1:
            return False
        scheme = "https" if self._is_https else scope["scheme"]
        named = _origin(origins[0].decode("latin-1"))
        return named is not None and named == _origin(f"{scheme}://{hosts[0].decode('latin-1')}")


def _all(scope: Scope, name: bytes) -> list[bytes]:
    return [value for header, value in scope["headers"] if header == name]


def _origin(text: str) -> tuple[str, str, int] | None:
    """Scheme, host and port; None for what names none, such as `null`."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, port or _PORTS[parts.scheme]
