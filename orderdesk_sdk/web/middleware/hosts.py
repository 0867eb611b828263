"""Only requests that name a host of ours: a page elsewhere whose name leads to this machine is not for it."""

from __future__ import annotations

import re
from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from orderdesk_sdk.web.middleware.plain_answer import send_plain_answer

__all__ = ["KnownHosts"]

LOOPBACK_NAMES = frozenset(("127.0.0.1", "localhost", "[::1]"))
_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253})(:[0-9]{1,5})?")


class KnownHosts:
    """Answers 421 to what names no host of ours, or two hosts, or none, or something that is no host's name.

    Args:
        hosts: the names besides those of this machine's loopback.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts) | LOOPBACK_NAMES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] != "http" or self._is_known(scope):
            await self._app(scope, receive, send)
        else:
            await send_plain_answer(scope, send, 421, "This address is not served here.")

    def _is_known(self, scope: Scope) -> bool:
        named = [value for name, value in scope["headers"] if name == b"host"]
        found = _HOST.fullmatch(named[0]) if len(named) == 1 else None
        return found is not None and found.group(1).decode().lower().rstrip(".") in self._hosts
