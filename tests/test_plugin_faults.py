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
from orderdesk_devkit.testing.raw_server import RawServer, answering, http_reply
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.connection_settings import host, secret, settings
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.identity import NotStated
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.registry import Registry
from orderdesk_sdk.plugin.requests import CancelRequest, CheckRequest
from orderdesk_sdk.plugin.routes import Button, ByCheck, ByReply
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.sqlite.orders import LocalHost
from orderdesk_sdk.transport.http.client import CallLimits

pytestmark = pytest.mark.slow

CANARY = "canary-of-a-plugin"


@settings
class ShopSettings:
    endpoint: str = host(help="the shop's API")
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
            cancel=(Button(ByReply()),),
            identified_by={"*": NotStated("a test's service states none")},
        )

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ShopSettings]) -> Flow[Answer]:
        reply = yield service.put("/cancel", request.remote_id)
        return answer.canceled(reply)


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
            cancel=(Button(ByCheck(every=minutes(2), give_up=hours(1))),),
            identified_by={"*": NotStated("a test's service states none")},
        )

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[ShopSettings]) -> Flow[object]:
        yield from self.before(service)
        reply = yield service.put("/cancel", request.remote_id)
        yield from self.after(service)
        return answer.asked(reply)

    @hookimpl
    def orderdesk_check(self, request: CheckRequest, service: Service[ShopSettings]) -> Flow[object]:
        yield from self.checking(service)
        reply = yield service.get("/orders", request.remote_id)
        return answer.pending(reply)

    def before(self, service: Service[ShopSettings]) -> Flow[None]:
        yield from ()

    def after(self, service: Service[ShopSettings]) -> Flow[None]:
        yield from ()

    def checking(self, service: Service[ShopSettings]) -> Flow[None]:
        yield from ()


Deed = Callable[[Service[ShopSettings]], object]
"""What a plugin does where it should not; a request or other thing to yield, or None."""


def doing(deed: Deed, where: str) -> Bad:
    """A plugin that does this `before` its request, `after` it, or while `checking`."""

    def step(service: Service[ShopSettings]) -> Flow[None]:
        thing = deed(service)
        if thing is not None:
            yield thing  # type: ignore[misc]  # junk is what these tests are about

    plugin = Bad()
    setattr(plugin, where, step)
    return plugin


class Stage:
    """A desk with a good and a bad integration, which share a service and an order."""

    def __init__(self, folder: Path, server: RawServer) -> None:
        self.server = server
        self.clock = VirtualClock()
        self._folder = folder
        self._desks: list[Desk] = []

    def desk(self, plugin: object | None, points: Iterable[EntryPoint] = (), patience: float = 5.0) -> Desk:
        """A desk whose bad integration is `plugin`, or what `points` find."""
        found = list(points)
        registry = Registry(find=lambda group: [point for point in found if point.group == group])
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
        desk = Desk(config, clock=self.clock, registry=registry, limits=CallLimits(tries=2), patience=patience)
        self._desks.append(desk)
        assert isinstance(desk.host, LocalHost)
        desk.host.import_orders(read_order_text(SAMPLE_ORDERS, place="samples"), by="Ann")
        return desk

    def cancel(self, desk: Desk) -> Case:
        """Cancel the order at both; the bad integration's case. The good one must have gone through."""
        for connection in ("bad", "good"):
            with suppress(Exception):  # Where the bad one cannot be used, only the host can know of its placement.
                desk.place("1042", at=connection, by="Ann")
        standing = desk.cancel("1042", by="Ann")
        cases = {case.connection: case for case in standing.cases}
        assert cases["good"].state is State.CANCELED
        return cases["bad"]

    def close(self) -> None:
        for desk in self._desks:
            desk.close()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with RawServer(answering(lambda _: http_reply(200, b'{"status": "New"}'))) as server:
        made = Stage(tmp_path, server)
        yield made
        made.close()


def settle(desk: Desk, clock: VirtualClock) -> None:
    """Let hours pass."""
    for _ in range(60):
        assert desk.run_due().problems == ()
        clock.advance(minutes(5))


def raise_(error: BaseException) -> Deed:
    def deed(service: Service[ShopSettings]) -> object:
        raise error

    return deed


DEEDS: dict[str, tuple[Deed, str]] = {
    "raises": (raise_(KeyError("status")), "KeyError: 'status'"),
    "raises a secret": (raise_(ValueError(f"bad key {CANARY}")), "ValueError: bad key [hidden]"),
    "exits": (lambda service: sys.exit(3), "SystemExit: 3"),
    "interrupts": (raise_(KeyboardInterrupt()), "KeyboardInterrupt"),
    "recurses": (lambda service: DEEDS["recurses"][0](service), "RecursionError"),
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


DEEDS["recurses"] = (recurse, "RecursionError")


@pytest.mark.parametrize("name", DEEDS)
def test_before_its_request_a_person_gets_the_case_and_nothing_has_left(name: str, stage: Stage) -> None:
    deed, said = DEEDS[name]
    case = stage.cancel(stage.desk(doing(deed, "before")))
    assert case.state is State.AWAITING_PERSON
    assert said in (case.fault or "")
    assert CANARY not in repr(case)
    assert len(case.fault or "") <= 2_000
    assert stage.server.received.count(b"PUT ") == 1, "the good one's"


@pytest.mark.parametrize("name", DEEDS)
def test_after_its_request_the_case_is_unclear_and_nothing_is_sent_again(name: str, stage: Stage) -> None:
    deed, said = DEEDS[name]
    desk = stage.desk(doing(deed, "after"))
    case = stage.cancel(desk)
    assert case.state is State.UNCLEAR
    assert said in (case.fault or "")
    settle(desk, stage.clock)
    assert desk.case(case.id).state is State.AWAITING_PERSON, "nobody can tell, so a person must"
    assert stage.server.received.count(b"PUT ") == 2, "one of each"


@pytest.mark.parametrize("name", DEEDS)
def test_while_checking_the_case_stays_asked_and_ends_with_a_person(name: str, stage: Stage) -> None:
    deed, said = DEEDS[name]
    desk = stage.desk(doing(deed, "checking"))
    case = stage.cancel(desk)
    assert case.state is State.ASKED
    stage.clock.advance(minutes(2))
    desk.run_due()
    once = desk.case(case.id)
    assert (once.state, said in (once.fault or "")) == (State.ASKED, True)
    settle(desk, stage.clock)
    assert desk.case(case.id).state is State.AWAITING_PERSON
    assert not desk.receipt("1042").is_canceled


@pytest.mark.parametrize("result", [None, True, "canceled", {"state": "canceled"}, [Answer], State.CANCELED])
@pytest.mark.parametrize("hook", ["orderdesk_cancel", "orderdesk_check"])
def test_junk_for_an_answer_is_no_answer(hook: str, result: object, stage: Stage) -> None:
    class Junk(Bad):
        @hookimpl
        def orderdesk_cancel(self, request: CancelRequest, service: Service[ShopSettings]) -> Flow[object]:
            reply = yield service.put("/cancel", request.remote_id)
            return result if hook == "orderdesk_cancel" else answer.asked(reply)

        @hookimpl
        def orderdesk_check(self, request: CheckRequest, service: Service[ShopSettings]) -> Flow[object]:
            reply = yield service.get("/orders", request.remote_id)
            return result if hook == "orderdesk_check" else answer.pending(reply)

    desk = stage.desk(Junk())
    case = stage.cancel(desk)
    if hook == "orderdesk_check":
        stage.clock.advance(minutes(2))
        desk.run_due()
        case = desk.case(case.id)
    assert case.state is (State.UNCLEAR if hook == "orderdesk_cancel" else State.ASKED)
    assert f"returned {type(result).__name__}, not Answer" in (case.fault or "")
    assert not desk.receipt("1042").is_canceled


def test_a_flow_that_reads_for_ever_is_stopped(stage: Stage) -> None:
    def for_ever(service: Service[ShopSettings]) -> Flow[None]:
        while True:
            yield service.get("/orders")

    plugin = Bad()
    plugin.before = for_ever  # type: ignore[method-assign]
    case = stage.cancel(stage.desk(plugin))
    assert (case.state, "it never ends" in (case.fault or "")) == (State.AWAITING_PERSON, True)
    assert stage.server.received.count(b"GET ") == 50


def test_a_flow_that_writes_for_ever_is_stopped_and_unclear(stage: Stage) -> None:
    def for_ever(service: Service[ShopSettings]) -> Flow[None]:
        while True:
            yield service.put("/cancel")

    plugin = Bad()
    plugin.before = for_ever  # type: ignore[method-assign]
    case = stage.cancel(stage.desk(plugin))
    assert (case.state, "it never ends" in (case.fault or "")) == (State.UNCLEAR, True)


def spin(service: Service[ShopSettings]) -> object:
    while True:
        pass


@pytest.mark.parametrize(
    ("where", "state"), [("before", State.AWAITING_PERSON), ("after", State.UNCLEAR), ("checking", State.ASKED)]
)
@pytest.mark.parametrize("how", ["spins", "blocks", "will not be told"])
def test_a_plugin_that_hangs_loses_its_case_and_what_it_says_later_changes_nothing(
    how: str, where: str, state: State, stage: Stage
) -> None:
    released, ended = threading.Event(), threading.Event()

    def block(service: Service[ShopSettings]) -> object:
        try:
            released.wait(30)
        finally:
            ended.set()
        return None

    def will_not_be_told(service: Service[ShopSettings]) -> object:
        with suppress(BaseException):
            block(service)
        return service.put("/late")

    deed = {"spins": spin, "blocks": block, "will not be told": will_not_be_told}[how]
    desk = stage.desk(doing(deed, where), patience=0.3)
    case = stage.cancel(desk)
    if where == "checking":
        stage.clock.advance(minutes(2))
        desk.run_due()
    case = desk.case(case.id)
    assert (case.state, "ran on without making a call" in (case.fault or "")) == (state, True)
    released.set()
    if how != "spins":
        assert ended.wait(10)
    again = desk.case(case.id)
    assert (again.state, again.version) == (case.state, case.version)
    assert b"/late" not in stage.server.received


def test_many_hanging_cases_do_not_use_up_the_threads_of_the_others(stage: Stage) -> None:
    """More cases hang than a bulkhead has threads, and each of them is settled all the same."""
    desk = stage.desk(doing(spin, "before"), patience=0.3)
    numbers = [order.number for order in read_order_text(SAMPLE_ORDERS, place="samples")]
    for number in numbers:
        for connection in ("bad", "good"):
            desk.place(number, at=connection, by="Ann")
        desk.cancel(number, by="Ann", send=False)
    assert desk.run_due().problems == ()
    states = {(case.connection, case.state) for case in desk.cases()}
    assert states == {("bad", State.AWAITING_PERSON), ("good", State.CANCELED)}


def test_a_check_that_would_send_again_is_stopped_and_told(stage: Stage) -> None:
    """Law 3: what is sent a second time is the core's to decide."""
    desk = stage.desk(doing(lambda service: service.put("/cancel", "1042"), "checking"))
    case = stage.cancel(desk)
    stage.clock.advance(minutes(2))
    desk.run_due()
    assert "a check only reads, and the flow would send PUT" in (desk.case(case.id).fault or "")
    settle(desk, stage.clock)
    assert desk.case(case.id).state is State.AWAITING_PERSON
    assert stage.server.received.count(b"PUT ") == 2, "one of each"
