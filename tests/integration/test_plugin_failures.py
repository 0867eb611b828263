"""A plugin that raises, hangs, floods, returns junk or cannot be imported hurts only its own cases (law 10)."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from importlib.metadata import EntryPoint
from pathlib import Path

import httpx
import pytest

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk, DeskLimits
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.connection_settings import secret, settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.order_numbers import NotStated
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest
from orderdesk_sdk.plugin.routes import Button, FinalResponse, Polling
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from orderdesk_sdk.transport.http.limits import HttpLimits

pytestmark = pytest.mark.slow

CANARY = "canary-of-a-plugin"


@settings
class ShopSettings:
    endpoint: str = url(help="the shop's API")
    api_key: Secret = secret(help="the shop's key")


class Good:
    """A plugin as it should be."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(
            slug="good",
            title="Good",
            settings=ShopSettings,
            base_url="endpoint",
            cancel=(Button(FinalResponse()),),
            identified_by={"*": NotStated("a test's service states none")},
        )

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ShopSettings]) -> Flow[Answer]:
        response = yield service.put("/cancel", request.remote_id)
        return answer.canceled(response)


class Bad:
    """A plugin that asks as it should, until a subclass has another idea."""

    auth: Callable[..., httpx.Auth] | None = None

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(
            slug="bad",
            title="Bad",
            settings=ShopSettings,
            base_url="endpoint",
            auth=self.auth,
            cancel=(Button(Polling(every=minutes(2), give_up=hours(1))),),
            identified_by={"*": NotStated("a test's service states none")},
        )

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ShopSettings]) -> Flow[object]:
        yield from self.before(service)
        response = yield service.put("/cancel", request.remote_id)
        yield from self.after(service)
        return answer.acknowledged(response)

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[ShopSettings]) -> Flow[object]:
        yield from self.checking(service)
        response = yield service.get("/orders", request.remote_id)
        return answer.pending(response)

    def before(self, service: Service[ShopSettings]) -> Flow[None]:
        yield from ()

    def after(self, service: Service[ShopSettings]) -> Flow[None]:
        yield from ()

    def checking(self, service: Service[ShopSettings]) -> Flow[None]:
        yield from ()


Misbehavior = Callable[[Service[ShopSettings]], object]
"""What a plugin does where it should not; a request or other thing to yield, or None."""


def misbehaving(effect_kind: Misbehavior, where: str) -> Bad:
    """A plugin that does this `before` its request, `after` it, or while `checking`."""

    def step(service: Service[ShopSettings]) -> Flow[None]:
        thing = effect_kind(service)
        if thing is not None:
            yield thing  # type: ignore[misc]  # junk is what these tests are about

    plugin = Bad()
    setattr(plugin, where, step)
    return plugin


class DeskMaker:
    """A desk with a good and a bad integration, which share a service and an order."""

    def __init__(self, folder: Path, server: RawServer) -> None:
        self.server = server
        self.clock = VirtualClock()
        self._folder = folder
        self._desks: list[Desk] = []

    def desk(self, plugin: object | None, points: Iterable[EntryPoint] = (), timeout: float = 5.0) -> Desk:
        """A desk whose bad integration is `plugin`, or what `points` find."""
        found = list(points)
        registry = PluginRegistry(find=lambda group: [point for point in found if point.group == group])
        registry.register(Good(), "good")
        if plugin is not None:
            registry.register(plugin, "bad")
        config = Config(
            self._folder / "desk.db",
            {
                slug: ConnectionConfig(
                    slug, slug, {"endpoint": self.server.url, "api_key": {"text": CANARY}}, f"[connections.{slug}]"
                )
                for slug in ("bad", "good")
            },
        )
        desk = Desk(config, clock=self.clock, registry=registry, limits=DeskLimits(HttpLimits(max_attempts=2), timeout))
        self._desks.append(desk)
        assert isinstance(desk.order_store, SqliteOrderStore)
        desk.order_store.import_orders(read_order_text(SAMPLE_ORDERS, location="samples"), by="Ann")
        return desk

    def cancel(self, desk: Desk) -> CancelCase:
        """Cancel the order at both; the bad integration's case. The good one must have gone through."""
        for connection in ("bad", "good"):
            with suppress(Exception):  # Where the bad one cannot be used, only the host can know of its remote order.
                desk.orders.register("1042", connection=connection, by="Ann")
        standing = desk.cancel("1042", by="Ann")
        cases = {case.connection: case for case in standing.cases}
        assert cases["good"].state is State.CANCELED
        return cases["bad"]

    def close(self) -> None:
        for desk in self._desks:
            desk.close()


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[DeskMaker]:
    with RawServer(responding(lambda _: http_response(200, b'{"status": "New"}'))) as server:
        made = DeskMaker(tmp_path, server)
        yield made
        made.close()


def settle(desk: Desk, clock: VirtualClock) -> None:
    """Let hours pass."""
    for _ in range(60):
        assert desk.run_due().problems == ()
        clock.advance(minutes(5))


def raise_(error: BaseException) -> Misbehavior:
    def misbehavior(service: Service[ShopSettings]) -> object:
        raise error

    return misbehavior


MISBEHAVIORS: dict[str, tuple[Misbehavior, str]] = {
    "raises": (raise_(KeyError("status")), "KeyError: 'status'"),
    "raises a secret": (raise_(ValueError(f"bad key {CANARY}")), "ValueError: bad key [hidden]"),
    "exits": (lambda service: sys.exit(3), "SystemExit: 3"),
    "interrupts": (raise_(KeyboardInterrupt()), "KeyboardInterrupt"),
    "recurses": (lambda service: MISBEHAVIORS["recurses"][0](service), "RecursionError"),
    "floods words": (raise_(ValueError("x" * 20_000_000)), "ValueError: xxx"),
    "yields junk": (lambda service: 42, "yielded int, not a request"),
    "yields a flood": (lambda service: bytes(30_000_000), "yielded bytes, not a request"),
    "calls a stranger": (lambda service: httpx.Request("GET", "http://127.0.0.1:1/"), "none of the connection's hosts"),
    "calls nobody": (lambda service: httpx.Request("GET", "mailto:ann"), "none of the connection's hosts"),
    "sends once": (
        lambda service: httpx.Request("PUT", service.base_url, content=iter([b"a"])),
        "a request cannot be sent whose body is made while it is sent",
    ),
}


def recurse(service: Service[ShopSettings]) -> object:
    return recurse(service)


MISBEHAVIORS["recurses"] = (recurse, "RecursionError")


@pytest.mark.parametrize("name", MISBEHAVIORS)
def test_before_its_request_a_person_gets_the_case_and_nothing_has_left(name: str, harness: DeskMaker) -> None:
    misbehavior, said = MISBEHAVIORS[name]
    case = harness.cancel(harness.desk(misbehaving(misbehavior, "before")))
    assert case.state is State.ACTION_REQUIRED
    assert said in (case.plugin_error or "")
    assert CANARY not in repr(case)
    assert len(case.plugin_error or "") <= 2_000
    assert harness.server.received.count(b"PUT ") == 1, "the good one's"


@pytest.mark.parametrize("name", MISBEHAVIORS)
def test_after_its_request_the_case_is_unclear_and_nothing_is_sent_again(name: str, harness: DeskMaker) -> None:
    misbehavior, said = MISBEHAVIORS[name]
    desk = harness.desk(misbehaving(misbehavior, "after"))
    case = harness.cancel(desk)
    assert case.state is State.UNKNOWN
    assert said in (case.plugin_error or "")
    settle(desk, harness.clock)
    assert desk.cancellations.get_case(case.id).state is State.ACTION_REQUIRED, "nobody can tell, so a person must"
    assert harness.server.received.count(b"PUT ") == 2, "one of each"


@pytest.mark.parametrize("name", MISBEHAVIORS)
def test_while_checking_the_case_stays_asked_and_ends_with_a_person(name: str, harness: DeskMaker) -> None:
    misbehavior, said = MISBEHAVIORS[name]
    desk = harness.desk(misbehaving(misbehavior, "checking"))
    case = harness.cancel(desk)
    assert case.state is State.ACKNOWLEDGED
    harness.clock.advance(minutes(2))
    desk.run_due()
    once = desk.cancellations.get_case(case.id)
    assert (once.state, said in (once.plugin_error or "")) == (State.ACKNOWLEDGED, True)
    settle(desk, harness.clock)
    assert desk.cancellations.get_case(case.id).state is State.ACTION_REQUIRED
    assert not desk.cancellations.receipt("1042").is_canceled


@pytest.mark.parametrize("result", [None, True, "canceled", {"state": "canceled"}, [Answer], State.CANCELED])
@pytest.mark.parametrize("hook", ["orderdesk_cancel", "orderdesk_poll"])
def test_junk_for_an_answer_is_no_answer(hook: str, result: object, harness: DeskMaker) -> None:
    class Junk(Bad):
        @hookimpl
        def orderdesk_cancel(self, request: CancelRequest, service: Service[ShopSettings]) -> Flow[object]:
            response = yield service.put("/cancel", request.remote_id)
            return result if hook == "orderdesk_cancel" else answer.acknowledged(response)

        @hookimpl
        def orderdesk_poll(self, request: PollRequest, service: Service[ShopSettings]) -> Flow[object]:
            response = yield service.get("/orders", request.remote_id)
            return result if hook == "orderdesk_poll" else answer.pending(response)

    desk = harness.desk(Junk())
    case = harness.cancel(desk)
    if hook == "orderdesk_poll":
        harness.clock.advance(minutes(2))
        desk.run_due()
        case = desk.cancellations.get_case(case.id)
    assert case.state is (State.UNKNOWN if hook == "orderdesk_cancel" else State.ACKNOWLEDGED)
    assert f"returned {type(result).__name__}, not Answer" in (case.plugin_error or "")
    assert not desk.cancellations.receipt("1042").is_canceled


def test_a_flow_that_reads_for_ever_is_stopped(harness: DeskMaker) -> None:
    def for_ever(service: Service[ShopSettings]) -> Flow[None]:
        while True:
            yield service.get("/orders")

    plugin = Bad()
    plugin.before = for_ever  # type: ignore[method-assign]
    case = harness.cancel(harness.desk(plugin))
    assert (case.state, "without an end" in (case.plugin_error or "")) == (State.ACTION_REQUIRED, True)
    assert harness.server.received.count(b"GET ") == 50


def test_a_flow_that_writes_for_ever_is_stopped_and_unclear(harness: DeskMaker) -> None:
    def for_ever(service: Service[ShopSettings]) -> Flow[None]:
        while True:
            yield service.put("/cancel")

    plugin = Bad()
    plugin.before = for_ever  # type: ignore[method-assign]
    case = harness.cancel(harness.desk(plugin))
    assert (case.state, "without an end" in (case.plugin_error or "")) == (State.UNKNOWN, True)


def spin(service: Service[ShopSettings]) -> object:
    while True:
        pass


@pytest.mark.parametrize(
    ("where", "state"), [("before", State.ACTION_REQUIRED), ("after", State.UNKNOWN), ("checking", State.ACKNOWLEDGED)]
)
@pytest.mark.parametrize("how", ["spins", "blocks", "will not be told"])
def test_a_plugin_that_hangs_loses_its_case_and_what_it_says_later_changes_nothing(
    how: str, where: str, state: State, harness: DeskMaker
) -> None:
    released, ended = threading.Event(), threading.Event()

    def block(service: Service[ShopSettings]) -> object:
        try:
            released.wait(120)
        finally:
            ended.set()
        return None

    def will_not_be_told(service: Service[ShopSettings]) -> object:
        with suppress(BaseException):
            block(service)
        return service.put("/late")

    misbehavior = {"spins": spin, "blocks": block, "will not be told": will_not_be_told}[how]
    desk = harness.desk(misbehaving(misbehavior, where), timeout=0.3)
    case = harness.cancel(desk)
    if where == "checking":
        harness.clock.advance(minutes(2))
        desk.run_due()
    case = desk.cancellations.get_case(case.id)
    assert (case.state, "timed out" in (case.plugin_error or "")) == (state, True)
    released.set()
    if how != "spins":
        assert ended.wait(120)
    again = desk.cancellations.get_case(case.id)
    assert (again.state, again.version) == (case.state, case.version)
    assert b"/late" not in harness.server.received


def test_many_hanging_cases_do_not_use_up_the_threads_of_the_others(harness: DeskMaker) -> None:
    """More cases hang than a bulkhead has threads, and each of them is settled all the same."""
    desk = harness.desk(misbehaving(spin, "before"), timeout=0.3)
    numbers = [order.number for order in read_order_text(SAMPLE_ORDERS, location="samples")]
    for number in numbers:
        for connection in ("bad", "good"):
            desk.orders.register(number, connection=connection, by="Ann")
        desk.cancel(number, by="Ann", send_now=False)
    assert desk.run_due().problems == ()
    states = {(case.connection, case.state) for case in desk.cases.list()}
    assert states == {("bad", State.ACTION_REQUIRED), ("good", State.CANCELED)}


def test_a_check_that_would_send_again_is_stopped_and_told(harness: DeskMaker) -> None:
    """Law 3: what is sent a second time is the core's to decide."""
    desk = harness.desk(misbehaving(lambda service: service.put("/cancel", "1042"), "checking"))
    case = harness.cancel(desk)
    harness.clock.advance(minutes(2))
    desk.run_due()
    assert "a check only reads, and the flow would send PUT" in (
        desk.cancellations.get_case(case.id).plugin_error or ""
    )
    settle(desk, harness.clock)
    assert desk.cancellations.get_case(case.id).state is State.ACTION_REQUIRED
    assert harness.server.received.count(b"PUT ") == 2, "one of each"
