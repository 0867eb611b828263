"""Messages of services and of the order store, over HTTP: taken on threads of their own, and answered at once.

Whoever does not know a path learns nothing: unknown paths, forged messages and such as are not allowed have one answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.cases.messages import MessageSource
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.message_paths import MESSAGE_PATH, message_paths
from orderdesk_sdk.desk.messages.receipt import MessageOutcome, MessageReceipt
from orderdesk_sdk.web.middleware.client_address import client_address
from orderdesk_sdk.web.rate_limits import Rate, RateLimiter

__all__ = ["MessageEndpoint"]

THREADS = 4
MAX_WAITING = 200
"""Messages that may wait for a thread; more are to be sent again."""
ADDRESS_SOURCES = 10
"""From one address may come as much as so many connections may take, of what is known and of what is not."""
_TELLS_NOTHING = frozenset((MessageOutcome.NOT_FOUND, MessageOutcome.FORGED, MessageOutcome.UNREADABLE))


class MessageEndpoint:
    """Takes what is posted to the paths of messages. Close it when the server ends."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="messages-in")
        self._waiting = 0
        most = float(desk.config.messages.per_minute * ADDRESS_SOURCES)
        self._addresses = RateLimiter(Rate(most, most))

    def paths(self) -> Mapping[str, MessageSource]:
        """The source of messages by each path, as connections are configured now."""
        return message_paths(self._desk.config.web.message_secret, self._desk.connections.names())

    async def take(self, request: Request) -> Response:
        """Take one message; the answer has a body only where the service asks for one."""
        seconds = self._addresses.wait(client_address(request.scope))
        if seconds:
            return Response(status_code=429, headers={"Retry-After": str(seconds), "Connection": "close"})
        source = self.paths().get(MESSAGE_PATH + request.path_params["key"])
        body = await request.body()  # Read in every case: an unknown path answers no faster.
        if source is None:
            return Response(status_code=404)
        if self._waiting >= MAX_WAITING:
            return Response(status_code=503, headers={"Retry-After": "5"})
        self._waiting += 1
        try:
            receipt = await asyncio.get_running_loop().run_in_executor(
                self._threads, self._receive, source, request.headers.items(), body, _query_of(request)
            )
        finally:
            self._waiting -= 1
        if receipt.outcome in _TELLS_NOTHING:
            return Response(status_code=404)
        return Response(receipt.body, status_code=receipt.status, headers=receipt.headers)

    def _receive(
        self, source: MessageSource, headers: list[tuple[str, str]], body: bytes, query: Mapping[str, str]
    ) -> MessageReceipt:
        return self._desk.messages.receive(source, headers, body, query)

    def close(self) -> None:
        """Take no more; wait for what is being taken."""
        self._threads.shutdown(wait=True)


def _query_of(request: Request) -> dict[str, str]:
    """The parameters of the URL; one that is given twice has both values, so that no token fits."""
    parameters: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        parameters[name] = f"{parameters[name]}, {value}" if name in parameters else value
    return parameters
