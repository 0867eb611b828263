"""What the tests share: a simulated Dsco on a real socket, and a desk with one retailer order before it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from attrs import frozen
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import orderdesk_commercehub
from orderdesk_commercehub.simulator import DscoSimulator
from orderdesk_sdk.case import Case, State
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.config import Config, ConnectionConfig
from orderdesk_sdk.desk import Desk
from orderdesk_sdk.hosts.local import LocalHost
from orderdesk_sdk.http.client import CallLimits
from orderdesk_sdk.order_reader import read_orders
from orderdesk_sdk.registry import Registry
from orderdesk_sdk.testing.serving import serve

PO = "PO-1001"
LINES = (("MUG-11", 2), ("CAP-7", 1))
HUB = "hub"


@frozen
class Seen:
    """A request and its reply as they went over the wire."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    sent: bytes
    status: int
    answered: bytes


class Tap:
    """An app before an app, which writes down what goes in and out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.seen: list[Seen] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        taken, given, status = bytearray(), bytearray(), [0]

        async def read() -> Message:
            message = await receive()
            taken.extend(message.get("body", b""))
            return message

        async def write(message: Message) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
            given.extend(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, read, write)
        finally:
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            query = scope["query_string"].decode()
            self.seen.append(
                Seen(scope["method"], scope["path"], query, headers, bytes(taken), status[0], bytes(given))
            )


@frozen
class Stage:
    """A desk whose order PO-1001 (MUG-11, 2; CAP-7, 1) is registered at `hub`, as the cart it came from."""

    desk: Desk
    simulator: DscoSimulator
    clock: VirtualClock
    tap: Tap
    number: str = PO

    def cancel(self, reason: str | None = "out of stock", lines: Mapping[str, int] | None = None) -> Case:
        self.desk.cancel(self.number, by="Ann", reason=reason, lines=lines)
        return self.case

    def follow(self) -> Case:
        """Let time pass until the case is settled or a person has it."""
        for _ in range(300):
            case = self.case
            if case.due_at is None or case.state is State.AWAITING_PERSON:
                return case
            self.clock.advance(max(case.due_at - self.clock.now(), timedelta(0)))
            assert self.desk.run_due().problems == ()
        raise AssertionError(f"it is {self.case.state.value} for ever")

    @property
    def case(self) -> Case:
        return self.desk.cases(order=self.number)[-1]

    @property
    def calls(self) -> list[str]:
        return [f"{seen.method} {seen.path}" for seen in self.tap.seen]

    @property
    def cancels(self) -> list[Mapping[str, object]]:
        """The bodies of the cancels that reached Dsco."""
        return [json.loads(seen.sent) for seen in self.tap.seen if seen.path == "/order/item/cancel"]


StageMaker = Callable[..., Stage]


@pytest.fixture
def make_stage(tmp_path: Path) -> Iterator[StageMaker]:
    """Makes a stage before a simulator.

    settings: besides the simulator's, None takes one away. order: keys of the order object.
    """
    with ExitStack() as stack:

        def make(
            simulator: DscoSimulator,
            settings: Mapping[str, object] | None = None,
            order: Mapping[str, object] | None = None,
        ) -> Stage:
            tap = Tap(simulator.app)
            served = stack.enter_context(serve(tap))
            given: dict[str, object] = dict(simulator.settings(served.url))
            for name in ("client_id", "client_secret"):
                given[name] = {"text": given[name]}
            registry = Registry()
            registry.register(orderdesk_commercehub, "commercehub")
            given = {name: value for name, value in (given | dict(settings or {})).items() if value is not None}
            connection = ConnectionConfig(HUB, "commercehub", given, f"[connections.{HUB}]")
            config = Config(tmp_path / f"desk-{len(list(tmp_path.iterdir()))}.db", {HUB: connection})
            clock = simulator.clock
            assert isinstance(clock, VirtualClock)
            desk = stack.enter_context(Desk(config, clock=clock, registry=registry, limits=CallLimits(read=5, total=5)))
            assert isinstance(desk.host, LocalHost)
            document = {
                "id": "58101",
                "source_id": PO,
                "source_name": "CommerceHub",
                "date_added": "2026-01-05 08:41:07",
                "order_items": [
                    {"id": str(number), "code": code, "quantity": quantity}
                    for number, (code, quantity) in enumerate(LINES, 1)
                ],
            }
            (imported,) = read_orders(document | dict(order or {}))
            desk.host.import_orders([imported], by="a test")
            desk.place(imported.number, at=HUB, by="a test")
            return Stage(desk, simulator, clock, tap, imported.number)

        yield make


@pytest.fixture
def dsco() -> DscoSimulator:
    """A Dsco that has the order."""
    simulator = DscoSimulator(VirtualClock())
    simulator.add_order(PO, lines=LINES)
    return simulator


@pytest.fixture
def stage(make_stage: StageMaker, dsco: DscoSimulator) -> Stage:
    return make_stage(dsco)
