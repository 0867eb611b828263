"""Calls of a connection's client, for tests of what becomes of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import chain, repeat

import httpx

from orderdesk_devkit.testing.raw_server import http_response
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.integration import Limit
from orderdesk_sdk.plugin.service import CALL_OPTIONS, CallOptions, Service
from orderdesk_sdk.transport.http.client import HttpClient
from orderdesk_sdk.transport.http.limits import HttpLimits

OK = http_response(200, b'{"status": "Canceled"}')
ONE_A_SECOND = {"*": Limit(1, burst=1)}
ONE_TRY = HttpLimits(max_attempts=1, timeout=2, connect_timeout=1, read_timeout=1)


def ignore_intent(intent: Intent) -> None:
    """For calls whose intent is not what the test is about."""


def put_order(client: HttpClient, url: str, content: bytes = b"") -> Exchange:
    """What became of a write that the client sent to this service."""
    return client.call(httpx.Request("PUT", f"{url}/orders/1", content=content), 1, ignore_intent)[0]


def in_turn(*responses: bytes) -> Callable[[bytes], bytes]:
    """Answers with these responses, then with OK for ever. Safe from many connections."""
    rest: Iterator[bytes] = chain(responses, repeat(OK))
    lock = threading.Lock()

    def answer(request: bytes) -> bytes:
        with lock:
            return next(rest)

    return answer


def of_operation(request: httpx.Request, operation: str) -> httpx.Request:
    """The same request, as a call of this operation of the service."""
    request.extensions[CALL_OPTIONS] = CallOptions(operation, idempotent=False)
    return request


def service_at(url: str) -> Service[None]:
    """What a flow makes its requests with, for a service at this address."""
    return Service("acme", None, url, VirtualClock().now(), "agent/1", ConnectionRole.FULFILLMENT)
