"""A simulated Order Desk store with an API client of its own, and a script that its rules post to, on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

import httpx
from attrs import define, field
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.simulators.orderdesk.access import API_KEY, STORE_ID
from orderdesk_devkit.simulators.orderdesk.service import OrderDeskSimulator
from orderdesk_devkit.simulators.server import Served, serve
from orderdesk_sdk.clock import VirtualClock

__all__ = ["HEADERS", "Script", "Store", "posted_script", "simulated_store"]

HEADERS = {"ORDERDESK-STORE-ID": STORE_ID, "ORDERDESK-API-KEY": API_KEY, "User-Agent": "store-tests/1 (+a@example.com)"}


@define
class Script:
    """What a rule posts to: it keeps each post, and answers what it is told."""

    answers: list[int] = field(factory=list)
    """The statuses of the next answers; 200 when none is left."""
    posts: list[tuple[dict[str, str], bytes]] = field(factory=list)
    url: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.posts.append((dict(request.headers), await request.body()))
        await Response(status_code=self.answers.pop(0) if self.answers else 200)(scope, receive, send)

    def order_field(self, place: int = -1) -> str:
        """The form's field as it was posted."""
        return parse_qs(self.posts[place][1].decode(), keep_blank_values=True)["order"][0]

    def order(self, place: int = -1) -> dict[str, Any]:
        """The order in a post."""
        found: dict[str, Any] = json.loads(self.order_field(place))
        return found


@define
class Store:
    """The simulator, and what an API client of it needs."""

    simulator: OrderDeskSimulator
    clock: VirtualClock
    served: Served
    client: httpx.Client

    def call(self, method: str, path: str, body: object = None, **query: str | int) -> httpx.Response:
        """A reply of the API; `body` is sent as JSON."""
        content = None if body is None else json.dumps(body).encode()
        return self.client.request(method, f"{self.served.url}/api/v2/{path}", content=content, params=query)

    def ok(self, method: str, path: str, body: object = None, **query: str | int) -> Any:
        """The body of a reply that must be a success."""
        reply = self.call(method, path, body, **query)
        assert reply.json()["status"] == "success", reply.text
        return reply.json()

    def control(self, method: str, call: str, body: object = None) -> Any:
        """The answer to a control call that must be one."""
        reply = self.client.request(method, f"{self.served.url}/_simulator/{call}", json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def misuses(self) -> list[str]:
        """What the client did that none should do."""
        return [one.effect for one in self.simulator.misuses]


@contextmanager
def simulated_store(*, orders: str = SAMPLE_ORDERS) -> Iterator[Store]:
    """A store in virtual time that holds the sample orders 58101 to 58104 (1042 to 1045), or others as JSON."""
    clock = VirtualClock()
    simulator = OrderDeskSimulator(clock)
    simulator.import_orders(orders)
    with serve(simulator.app) as served, httpx.Client(headers=HEADERS, trust_env=False) as client:
        yield Store(simulator, clock, served, client)


@contextmanager
def posted_script() -> Iterator[Script]:
    """A script on a socket, for rules to post to."""
    found = Script()
    with serve(found) as served:
        found.url = f"{served.url}/orderdesk/cancel"
        yield found
