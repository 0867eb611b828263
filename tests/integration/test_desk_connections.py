"""The desk with several connections and threads.

Carts last, slow ones alone, broken ones patient, one cancellation once.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from attrs import evolve
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from orderdesk_amazon_mcf.simulator import McfSimulator
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.testing.failpoints.child import follow_up
from orderdesk_devkit.testing.harness import connection_config
from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.ledger import Ledger, OrderRecord
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Rejection
from orderdesk_sdk.plugin.connection_settings import settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.order_numbers import NotStated
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.routes import Button, FinalResponse
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

MCF = "amazon-mcf"
WITHIN = 120.0
"""Real seconds after which a test gives up waiting for another thread; none of them waits that long."""


@settings
class ShopSettings:
    endpoint: str = url(help="the shop's API")


class ShopPlugin:
    """An integration registered in code, whose response is final."""

    def __init__(self, slug: str, role: ConnectionRole) -> None:
        self._declared = Integration(
            slug=slug,
            title=slug.title(),
            settings=ShopSettings,
            base_url="endpoint",
            cancel=(Button(FinalResponse()),),
            role=role,
            identified_by={"*": NotStated("a test's service states none")},
        )

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return self._declared

    @hookimpl
    def orderdesk_cancel(
        self, request: CancelRequest, service: Service[ShopSettings]
    ) -> Generator[httpx.Request, httpx.Response, Answer]:
        response = yield service.post("/cancel", request.remote_id)
        return answer.canceled(response) if response.is_success else answer.rejected(response, Rejection.NOT_ALLOWED)


class Shop:
    """A service that answers while its gate is open, and remembers what it was asked."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.asked: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.asked.append(Request(scope, receive).url.path)
            await asyncio.get_running_loop().run_in_executor(None, self.gate.wait, WITHIN)
            await JSONResponse({})(scope, receive, send)


class ShopsDesk:
    """What these tests stand on: a desk, Amazon with the orders that are placed there, and two shops."""

    def __init__(self, desk: Desk, clock: VirtualClock, simulator: McfSimulator, shops: dict[str, Shop]) -> None:
        self.desk = desk
        self.clock = clock
        self.simulator = simulator
        self.shops = shops

    def order(self, number: str, *at: str) -> str:
        """A new order, submitted to these connections; its number."""
        assert isinstance(self.desk.order_store, SqliteOrderStore)
        self.desk.order_store.import_orders([numbered(number)], by="a test")
        for connection in at:
            self.desk.orders.register(number, connection=connection, by="a test")
        if MCF in at:
            self.simulator.add_order(number, lines=[("MUG", 1)])
        return number

    def states(self, number: str) -> dict[str, State]:
        return {case.connection: case.state for case in self.desk.cases.list(order=number)}

    def canceled_at_amazon(self) -> list[str | None]:
        return [record.remote_id for record in self.simulator.log if record.operation == "cancelFulfillmentOrder"]


def numbered(number: str) -> Order:
    return evolve(sample_order(), id=f"id-{number}", number=number)


@contextmanager
def opened(folder: Path, make_ledger: Callable[[Path], Ledger] = SqliteLedger) -> Iterator[ShopsDesk]:
    clock = VirtualClock()
    simulator = McfSimulator(clock)
    shops = {"cart": Shop(), "depot": Shop()}
    registry = PluginRegistry()
    with ExitStack() as stack:
        url = stack.enter_context(serve(simulator.app)).url
        connections = {MCF: connection_config(MCF, simulator.settings(url), registry)}
        for name, shop in shops.items():
            registry.register(
                ShopPlugin(name, ConnectionRole.CART if name == "cart" else ConnectionRole.FULFILLMENT), name
            )
            url = stack.enter_context(serve(shop)).url
            connections[name] = ConnectionConfig(name, name, {"endpoint": url}, f"[connections.{name}]")
        config = Config(folder / "orderdesk.db", connections)
        desk = Desk(config, clock=clock, registry=registry, ledger=make_ledger(folder / "orderdesk.db"))
        yield ShopsDesk(stack.enter_context(desk), clock, simulator, shops)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[ShopsDesk]:
    with opened(tmp_path) as made:
        yield made


# Carts come last (law 8)


def test_a_cart_is_told_last_when_all_others_have_canceled(bench: ShopsDesk) -> None:
    number = bench.order("A1", "cart", MCF, "depot")
    bench.desk.cancel(number, by="Ann")
    assert bench.states(number) == {MCF: State.ACKNOWLEDGED, "depot": State.CANCELED, "cart": State.PENDING}
    assert bench.shops["cart"].asked == []
    follow_up(bench.desk, bench.clock)
    assert set(bench.states(number).values()) == {State.CANCELED}
    assert bench.shops["cart"].asked == ["/cancel/A1"]
    cart = next(case for case in bench.desk.cases.list() if case.role is ConnectionRole.CART)
    assert cart.updated_at >= max(
        case.updated_at for case in bench.desk.cases.list() if case.role is not ConnectionRole.CART
    )
    assert bench.desk.cancellations.receipt(number).is_canceled


@pytest.mark.slow
def test_a_cart_is_left_alone_when_one_of_the_others_refused(bench: ShopsDesk) -> None:
    bench.simulator.set_option("cancel_fate", "ignored")
    number = bench.order("A1", "cart", MCF, "depot")
    bench.desk.cancel(number, by="Ann")
    follow_up(bench.desk, bench.clock)
    assert bench.states(number) == {MCF: State.REJECTED, "depot": State.CANCELED, "cart": State.WITHDRAWN}
    assert bench.shops["cart"].asked == []
    cart = next(case for case in bench.desk.cases.list() if case.role is ConnectionRole.CART)
    assert cart.message == "Cart not canceled: the cancellation at amazon-mcf was rejected"
    assert not bench.desk.cancellations.receipt(number).is_canceled


def test_a_cart_that_was_registered_later_waits_for_the_earlier_wish(bench: ShopsDesk) -> None:
    number = bench.order("A1", MCF)
    bench.desk.cancel(number, by="Ann")
    bench.desk.orders.register(number, connection="cart", by="Ann")
    bench.desk.cancel(number, by="Ann")
    assert bench.states(number) == {MCF: State.ACKNOWLEDGED, "cart": State.PENDING}
    assert bench.shops["cart"].asked == []
    follow_up(bench.desk, bench.clock)
    assert bench.states(number) == {MCF: State.CANCELED, "cart": State.CANCELED}


# Bulkheads


def eventually(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < give_up, "it never came"
        time.sleep(0.005)


def test_a_slow_service_does_not_hold_up_another(bench: ShopsDesk) -> None:
    """More orders than threads of its bulkhead wait at the slow one, and were due before the other's."""
    for index in range(12):
        bench.desk.cancel(bench.order(f"S{index}", "depot"), by="Ann", send_now=False)
    bench.clock.advance(minutes(1))
    bench.desk.cancel(bench.order("F", MCF), by="Ann", send_now=False)
    slow = bench.shops["depot"]
    slow.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(bench.desk.run_due)
        try:
            eventually(lambda: bench.states("F")[MCF] is State.ACKNOWLEDGED)
            eventually(lambda: len(slow.asked) == 8)
            assert not running.done()
            assert bench.desk.cases.list(states=[State.CANCELED]) == ()
        finally:
            slow.gate.set()
        assert running.result(WITHIN).handled == 13
    assert len(bench.desk.cases.list(states=[State.CANCELED])) == 12


# Connections that cannot be used


def test_a_connection_that_is_not_configured_is_waited_for_and_then_a_persons(bench: ShopsDesk) -> None:
    number = bench.order("A1")
    bench.desk.order_store.add_remote_order(
        "id-A1", RemoteOrder("gone", "A1", bench.clock.now(), ConnectionRole.FULFILLMENT), by="Ann"
    )
    problem = str(bench.desk.cancellations.plan(number).entries[0].problem)
    assert "the connection is not configured" in problem
    assert "[orders.connections]" in problem, "it may be Order Desk's name for a service"
    (case,) = bench.desk.cancel(number, by="Ann").cases
    assert (case.state, case.due_at) == (State.PENDING, bench.clock.now() + minutes(10))
    assert "the connection is not configured" in str(case.message)
    assert "[connections.gone]" in str(case.hint)
    bench.clock.advance(hours(25))
    report = bench.desk.run_due()
    assert (report.handled, report.problems) == (1, ())
    assert bench.desk.cancellations.get_case(case.id).state is State.ACTION_REQUIRED


def test_a_secret_that_is_set_later_lets_the_case_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = VirtualClock()
    simulator = McfSimulator(clock)
    simulator.add_order("1042", lines=[("MUG", 1)])
    monkeypatch.delenv("SHOP_TOKEN", raising=False)
    with serve(simulator.app) as served:
        ready = connection_config(MCF, simulator.settings(served.url), PluginRegistry())
        connection = evolve(ready, settings={**ready.settings, "refresh_token": {"env": "SHOP_TOKEN"}})
        with Desk(Config(tmp_path / "orderdesk.db", {MCF: connection}), clock=clock) as desk:
            desk.order_store.add_remote_order(
                imported(desk).id, RemoteOrder(MCF, "1042", clock.now(), ConnectionRole.FULFILLMENT), by="Ann"
            )
            (case,) = desk.cancel("1042", by="Ann").cases
            assert case.state is State.PENDING
            assert "environment variable SHOP_TOKEN is not set" in str(case.message)
            assert desk.run_due().handled == 0
            monkeypatch.setenv("SHOP_TOKEN", simulator.settings(served.url)["refresh_token"])
            clock.advance(minutes(10))
            assert desk.run_due().problems == ()
            assert desk.cancellations.get_case(case.id).state is State.ACKNOWLEDGED


def imported(desk: Desk) -> Order:
    assert isinstance(desk.order_store, SqliteOrderStore)
    desk.order_store.import_orders([sample_order()], by="Ann")
    return sample_order()


# Threads


def at_once(jobs: Sequence[Callable[[], object]], threads: int = 8) -> list[object]:
    """What the jobs give; the first of each thread start together."""
    together = threading.Barrier(threads)

    def run(index: int) -> object:
        if index < threads:
            together.wait(WITHIN)
        return jobs[index]()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(len(jobs))))


def test_eight_threads_that_cancel_one_order_have_one_wish(bench: ShopsDesk) -> None:
    number = bench.order("A1", MCF)
    cancellations = at_once([lambda: bench.desk.cancel(number, by="Ann").cancellation] * 8)
    assert len(set(cancellations)) == 1
    assert isinstance(cancellations[0], Cancellation)
    assert len(bench.desk.ledger.cancellations("id-A1")) == 1
    assert bench.states(number) == {MCF: State.ACKNOWLEDGED}
    assert len(bench.desk.cases.list()) == 1
    assert bench.canceled_at_amazon() == [number]


@pytest.mark.slow
def test_eight_threads_cancel_many_orders_each_once(bench: ShopsDesk) -> None:
    numbers = [bench.order(f"A{index}", MCF) for index in range(24)]
    at_once([lambda number=number: bench.desk.cancel(number, by="Ann") for number in numbers])  # type: ignore[misc]
    assert sorted(map(str, bench.canceled_at_amazon())) == sorted(numbers)
    follow_up(bench.desk, bench.clock)
    assert [case.state for case in bench.desk.cases.list()] == [State.CANCELED] * 24
    assert {bench.simulator.actual_status(number) for number in numbers} == {"Cancelled"}


def test_threads_that_run_what_is_due_do_not_do_it_twice(bench: ShopsDesk) -> None:
    numbers = [bench.order(f"A{index}", MCF) for index in range(12)]
    for number in numbers:
        bench.desk.cancel(number, by="Ann", send_now=False)
    at_once([bench.desk.run_due] * 8)
    assert sorted(map(str, bench.canceled_at_amazon())) == sorted(numbers)


def test_a_cancellation_that_comes_between_the_look_and_the_record_is_found(tmp_path: Path) -> None:
    """Somebody else cancels after this caller has read what there is of the order and before it records its own."""

    class BetweenLooks(SqliteLedger):
        somebody_else: Callable[[], object] | None = None

        def order_record(self, order_id: str, *, original_id: str | None = None) -> OrderRecord:
            found = super().order_record(order_id, original_id=original_id)
            act, self.somebody_else = self.somebody_else, None
            if act is not None:
                act()
            return found

    with opened(tmp_path, BetweenLooks) as bench:
        number = bench.order("A1", MCF)
        ledger = bench.desk.ledger
        assert isinstance(ledger, BetweenLooks)
        ledger.somebody_else = lambda: bench.desk.cancel(number, by="Bob")
        assert bench.desk.cancel(number, by="Ann").cancellation.requested_by == "Bob"
        assert bench.canceled_at_amazon() == [number]
