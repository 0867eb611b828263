"""How much of a request's body is read, and for how long. What is larger or slower is refused at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orderdesk_sdk.web.middleware.plain_answer import send_plain_answer

__all__ = ["BodyLimits"]

READ_WITHIN = 10.0
"""Seconds that a sender has for each piece of its body."""
WHOLE_WITHIN = 60.0
"""Seconds that a sender has for all of it."""


class BodyLimits:
    """Refuses a body that says that it is too large at once, and one that turns out to be while it is read.

    Args:
        limit_of: the most bytes of a body for a path.
    """

    def __init__(self, app: ASGIApp, limit_of: Callable[[str], int]) -> None:
        self._app = app
        self._limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a body that ends within the limits."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit_of(scope["path"])
        sizes = [value for name, value in scope["headers"] if name == b"content-length"]
        if any(not size.isdigit() for size in sizes) or len(sizes) > 1 or _is_ambiguous(scope, sizes):
            await send_plain_answer(scope, send, 400, "The length of the body cannot be read.")
        elif sizes and (len(sizes[0]) > len(str(limit)) or int(sizes[0]) > limit):
            await send_plain_answer(scope, send, 413, f"The body may have {limit} bytes.")
        else:
            await self._app(scope, _LimitedBody(receive, limit).receive, send)


def _is_ambiguous(scope: Scope, sizes: Sequence[bytes]) -> bool:
    """Whether a proxy may take the body for longer or shorter than we do, and with it what the next request is."""
    is_chunked = any(name == b"transfer-encoding" for name, _ in scope["headers"])
    return is_chunked and (bool(sizes) or scope.get("http_version") == "1.0")


class _LimitedBody:
    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._left = limit
        self._is_read = False
        self._deadline: float | None = None

    async def receive(self) -> Message:
        """The next message. Raises HTTPException 413 beyond the limit, and 408 for a sender that is too slow."""
        if self._is_read:
            return await self._receive()  # Waits for the client to go away, as long as it takes.
        now = asyncio.get_running_loop().time()
        self._deadline = self._deadline or now + WHOLE_WITHIN
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, min(READ_WITHIN, self._deadline - now)))
        except TimeoutError:
            raise HTTPException(408, headers={"Connection": "close"}) from None
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            self._is_read = not message.get("more_body", False)
            if self._left < 0:
                raise HTTPException(413, f"The body may have {self._limit} bytes.", headers={"Connection": "close"})
        return message
