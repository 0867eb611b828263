"""Each connection does its share of what is due by itself, and an ending desk begins nothing new."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.events import OrderEvent, OrderEventKind
from orderdesk_sdk.cli.worker import Worker
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk, DeskLimits
from orderdesk_sdk.orders.order import Order, OrderLine
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.connection_settings import settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.order_numbers import NotStated
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.routes import Batch, Button, FinalResponse
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.rules.model import CANCEL_ORDER
from orderdesk_sdk.rules.reader import read_rules
from orderdesk_sdk.runtime import due_round
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.runtime.scheduler import RunReport
from orderdesk_sdk.transport.http.limits import HttpLimits

WITHIN = 120.0
"""Real seconds after which a test gives up waiting for another thread; none of them waits that long."""
RULE = {"name": "folder cancels", "event": "order moved", "do": [{"action": CANCEL_ORDER}]}
WIDTH = 2
"""Calls at once per connection."""


@settings
class ShopSettings:
    endpoint: str = url(help="the shop's API")


class ShopPlugin:
    """A service whose response is final; `batch` asks for many at once."""

    def __init__(self, slug: str, *, batch: bool = False) -> None:
        button = (
            Button(FinalResponse(), batch=Batch(max_size=5, collect_for=minutes(1)))
            if batch
            else Button(FinalResponse())
        )
        self._declared = Integration(
            slug=slug,
            title=slug.title(),
            settings=ShopSettings,
            base_url="endpoint",
            cancel=(button,),
            identified_by={"/cancel": NotStated("its response says nothing")},
        )

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return self._declared

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ShopSettings]) -> Flow[Answer]:
        response = yield service.post("/cancel", request.remote_id)
        return answer.canceled(response) if response.is_success else answer.not_processed(response)


class ManyPlugin(ShopPlugin):
    def __init__(self, slug: str) -> None:
        super().__init__(slug, batch=True)

    @hookimpl
    def orderdesk_cancel_many(
        self, requests: Sequence[CancelRequest], service: Service[ShopSettings]
    ) -> Flow[Sequence[Answer]]:
        response = yield service.post("/cancel", "+".join(request.remote_id for request in requests))
        return [answer.canceled(response) for _ in requests]


class Shop:
    """A service that answers while its gate is open."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status = 200
        self.at_request: Callable[[], object] = lambda: None
        self._gate = threading.Event()
        self._gate.set()

    def close(self) -> None:
        self._gate.clear()

    def open(self) -> None:
        self._gate.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.asked.append(Request(scope, receive).url.path)
        self.at_request()
        while not self._gate.is_set():
            await asyncio.sleep(0.005)
        await JSONResponse({}, self.status)(scope, receive, send)


class ShopsDesk:
    """A desk with a slow, a dead and a healthy shop, and one that is asked for many at once."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.clock = VirtualClock()
        self.shops = {name: Shop() for name in ("dead", "healthy", "many", "slow")}
        self._registry = PluginRegistry(find=lambda **_: ())
        connections: dict[str, ConnectionConfig] = {}
        for name, shop in self.shops.items():
            self._registry.register(ManyPlugin(name) if name == "many" else ShopPlugin(name), name)
            url = stack.enter_context(serve(shop)).url
            connections[name] = ConnectionConfig(name, name, {"endpoint": url}, f"[connections.{name}]")
        self._config = Config(folder / "orderdesk.db", connections, rules=read_rules([RULE], "[[rules]]"))
        self._stack = stack
        self.desk = self.another()

    def another(self) -> Desk:
        """Another desk on the same file, as another process would open it."""
        made = Desk(
            self._config, clock=self.clock, registry=self._registry, limits=DeskLimits(HttpLimits(in_flight=WIDTH))
        )
        self._stack.callback(made.close)
        return made

    def due(self, at: str, count: int) -> None:
        """Orders that are to be canceled at a shop, all due now."""
        first = len(self.desk.cases.list(limit=10_000))
        for number in range(first, first + count):
            order = Order(f"o{number}", f"N{number}", lines=(OrderLine(1, code="MUG"),))
            self.desk.orders.import_orders([order], by="a test")
            self.desk.orders.register(order.number, connection=at, by="a test")
            self.desk.cancel(order.number, by="Ann", send_now=False)

    def count(self, at: str, state: State) -> int:
        return sum(case.connection == at and case.state is state for case in self.desk.cases.list(limit=10_000))


@pytest.fixture
def street(tmp_path: Path) -> Iterator[ShopsDesk]:
    with ExitStack() as stack:
        made = ShopsDesk(tmp_path, stack)
        yield made
        for shop in made.shops.values():
            shop.open()


def eventually(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < give_up, "it never came"
        time.sleep(0.005)


@contextmanager
def running(street: ShopsDesk, act: Callable[[], object]) -> Iterator[Callable[[], object]]:
    """Act in a thread, while the slow and the dead shop answer nobody; calling what is given opens them and waits."""
    street.shops["slow"].close()
    street.shops["dead"].close()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(act)

        def ended() -> object:
            for shop in street.shops.values():
                shop.open()
            return future.result(WITHIN)

        try:
            yield ended
        finally:
            ended()


# Shares


@pytest.mark.slow
def test_the_healthy_ones_are_all_asked_while_the_others_answer_nobody(street: ShopsDesk) -> None:
    for at, count in (("dead", 30), ("slow", 30), ("healthy", 40)):
        street.due(at, count)
        street.clock.advance(minutes(1))
    with running(street, street.desk.run_due) as ended:
        eventually(lambda: street.count("healthy", State.CANCELED) == 40)
        assert street.count("slow", State.CANCELED) == street.count("dead", State.CANCELED) == 0
        assert len(street.shops["slow"].asked) <= WIDTH
        assert ended() == RunReport(100, None)
    assert street.count("slow", State.CANCELED) == street.count("dead", State.CANCELED) == 30


def test_what_was_read_long_ago_is_read_anew_and_done_once(street: ShopsDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process may have it by then: a worker reserves what it reads for half a minute only."""
    pages: list[int] = []
    reserve = type(street.desk.ledger).reserve_due

    def counted(*arguments: Any, **named: Any) -> tuple[Case, ...]:
        page = reserve(*arguments, **named)
        pages.append(len(page))
        return page

    monkeypatch.setattr(due_round, "MAX_QUEUE_AGE", 0.002)
    monkeypatch.setattr(type(street.desk.ledger), "reserve_due", counted)
    street.due("healthy", 10)
    assert street.desk.run_due() == RunReport(10, None)
    assert street.count("healthy", State.CANCELED) == len(street.shops["healthy"].asked) == 10
    assert len(pages) > 1


@pytest.mark.slow
def test_a_call_that_has_begun_its_limit_waits_for_nobody_who_is_slow(street: ShopsDesk) -> None:
    for at, count in (("dead", 30), ("slow", 30), ("healthy", 30)):
        street.due(at, count)
    with running(street, lambda: [street.desk.run_due(20) for _ in range(3)]) as ended:
        eventually(lambda: street.count("healthy", State.CANCELED) == 30)
        assert street.count("slow", State.CANCELED) == 0
        ended()
    eventually(lambda: street.desk.run_due(20).next_due is None)
    assert [street.count(at, State.CANCELED) for at in ("dead", "slow", "healthy")] == [30, 30, 30]
    assert sorted(street.shops["slow"].asked) == sorted(set(street.shops["slow"].asked))


def test_what_becomes_due_elsewhere_is_done_while_somebody_is_waited_for(street: ShopsDesk) -> None:
    street.due("slow", 10)
    with running(street, street.desk.run_due) as ended:
        eventually(lambda: len(street.shops["slow"].asked) == WIDTH)
        street.due("healthy", 5)
        eventually(lambda: street.count("healthy", State.CANCELED) == 5)
        assert street.count("slow", State.CANCELED) == 0
        assert ended() == RunReport(15, None)


def test_a_crowd_that_is_asked_for_together_waits_for_nobody_either(street: ShopsDesk) -> None:
    street.due("many", 12)
    street.desk.run_due()
    assert street.shops["many"].asked == [], "they wait for others to go with"
    street.due("slow", 10)
    street.clock.advance(minutes(2))
    with running(street, street.desk.run_due):
        eventually(lambda: street.count("many", State.CANCELED) == 12)
        assert street.count("slow", State.CANCELED) == 0
    assert sorted(path.count("+") + 1 for path in street.shops["many"].asked) == [2, 5, 5]


@pytest.mark.slow
def test_what_rules_want_of_a_slow_shop_holds_up_nobody_else(street: ShopsDesk) -> None:
    for number, at in enumerate([*["slow"] * 12, "healthy"]):
        order = Order(f"r{number}", f"R{number}", lines=(OrderLine(1, code="MUG"),))
        street.desk.orders.import_orders([order], by="a test")
        street.desk.orders.register(order.number, connection=at, by="a test")
    facts = {"folder": "Canceled", "from_folder": "New", "by": "Ann"}
    for number in range(13):
        moved = OrderEvent(f"moved {number}", OrderEventKind.ORDER_MOVED, f"r{number}", street.clock.now(), facts)
        street.desk.ledger.add_events([moved])
        street.desk.order_store.move(f"r{number}", "Canceled", by="Ann")
    with running(street, street.desk.run_due):
        eventually(lambda: street.count("healthy", State.CANCELED) == 1)
        assert street.count("slow", State.CANCELED) == 0
    assert street.count("slow", State.CANCELED) == 12


@pytest.mark.slow
def test_two_that_work_at_once_share_what_is_due(street: ShopsDesk) -> None:
    street.due("healthy", 40)
    other = street.another()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda desk: desk.run_due(), (street.desk, other)))
    assert street.count("healthy", State.CANCELED) == 40
    assert len(street.shops["healthy"].asked) == 40


# Endings


def test_a_worker_that_is_stopped_finishes_what_is_under_way_and_begins_nothing(street: ShopsDesk) -> None:
    street.due("slow", 12)
    worker = Worker(street.desk)
    with running(street, lambda: worker.run(until_idle=False)) as ended:
        eventually(lambda: len(street.shops["slow"].asked) == WIDTH)
        worker.stop.set()
        ended()
    assert len(street.shops["slow"].asked) == WIDTH
    assert (street.count("slow", State.CANCELED), street.count("slow", State.PENDING)) == (WIDTH, 12 - WIDTH)
    street.desk.run_due()
    assert street.count("slow", State.CANCELED) == 12, "the desk itself was not ended"


def test_a_desk_that_is_closed_while_it_works_loses_nothing_that_is_under_way(street: ShopsDesk) -> None:
    street.due("slow", 12)
    other = street.another()
    with running(street, street.desk.run_due) as ended, ThreadPoolExecutor(1) as pool:
        eventually(lambda: len(street.shops["slow"].asked) == WIDTH)
        closing = pool.submit(street.desk.close)
        eventually(lambda: street.desk._shutdown.is_requested)
        assert not closing.done()
        assert isinstance(ended(), RunReport)
        closing.result(WITHIN)
    assert street.desk.run_due() == RunReport(0, None), "a tick that comes too late does nothing"
    states = [case.state for case in other.cases.list()]
    assert (states.count(State.CANCELED), states.count(State.PENDING)) == (WIDTH, 12 - WIDTH)
    assert len(street.shops["slow"].asked) == WIDTH


def test_an_ending_desk_sends_no_request_again(street: ShopsDesk) -> None:
    shop = street.shops["healthy"]
    shop.status = 429  # The one response to a write after which the client would send it again by itself.
    stop = threading.Event()
    shop.at_request = stop.set
    street.due("healthy", 1)
    with street.desk.ending_on(stop):
        street.desk.run_due()
    assert len(shop.asked) == 1
    shop.at_request, shop.status = lambda: None, 200
    street.clock.advance(minutes(5))
    street.desk.run_due()
    assert street.count("healthy", State.CANCELED) == 1


def test_a_wish_of_an_ending_desk_is_recorded_and_sent_by_the_next(street: ShopsDesk) -> None:
    stop = threading.Event()
    street.due("healthy", 0)
    street.desk.orders.import_orders([Order("o1", "1042", lines=(OrderLine(1, code="MUG"),))], by="a test")
    street.desk.orders.register("1042", connection="healthy", by="a test")
    stop.set()
    with street.desk.ending_on(stop):
        (case,) = street.desk.cancel("1042", by="Ann").cases
    assert (case.state, street.shops["healthy"].asked) == (State.PENDING, [])
    street.another().run_due()
    assert street.count("healthy", State.CANCELED) == 1
