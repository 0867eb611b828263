"""Orders that a service takes in one call: gathered, asked for once, each settled by its own answer, no law broken."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Intent
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.state_machine import EventKind
from orderdesk_sdk.clock import VirtualClock, hours, minutes, seconds
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk, DeskLimits
from orderdesk_sdk.orders.order import Order, OrderLine
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Rejection
from orderdesk_sdk.plugin.connection_settings import settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.order_numbers import StatedAt
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.requests import CancelRequest, PollRequest
from orderdesk_sdk.plugin.routes import Batch, Button, Polling
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.runtime.context import LEASE
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from orderdesk_sdk.transport.http.limits import HttpLimits


@settings
class MailOrderSettings:
    endpoint: str = url(help="the mail order house")


class MailOrder:
    """Takes cancellations as a list, and refuses those that end in 3."""

    most, paced = 50, False

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        button = Button(Polling(minutes(2), hours(1)), batch=Batch(seconds(30), self.most, self.paced))
        return Integration(
            slug="mail-order",
            title="Mail Order",
            settings=MailOrderSettings,
            base_url="endpoint",
            cancel=(button,),
            identified_by={"*": StatedAt("number")},
        )

    @hookimpl
    def orderdesk_cancel_many(
        self, requests: Sequence[CancelRequest], service: Service[MailOrderSettings]
    ) -> Flow[Sequence[Answer]]:
        numbers = [request.remote_id for request in requests]
        response = yield service.post("/cancellations", idempotent=True, json={"orders": numbers})
        return self.read(requests, response.json()["list"], response)

    def read(self, requests: Sequence[CancelRequest], name: str, response: answer.ResponseLike) -> Sequence[Answer]:
        return [
            answer.rejected(response, Rejection.TOO_LATE)
            if request.remote_id.endswith("3")
            else answer.acknowledged(response, request_reference=f"{name}/{request.remote_id}")
            for request in requests
        ]

    @hookimpl
    def orderdesk_poll(self, request: PollRequest, service: Service[MailOrderSettings]) -> Flow[Answer]:
        response = yield service.get("/orders", request.remote_id)
        return answer.canceled(response) if response.json()["canceled"] else answer.pending(response)


class House:
    """The service: lists that came in, and what is canceled by them. deaf: it takes a list and says nothing."""

    def __init__(self) -> None:
        self.lists: list[list[str]] = []
        self.deaf = False

    def __call__(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        if head.startswith(b"POST"):
            self.lists.append(json.loads(body)["orders"])
            return b"" if self.deaf else http_response(200, json.dumps({"list": f"L{len(self.lists)}"}).encode())
        number = head.split()[1].rpartition(b"/")[2].decode()
        canceled = any(number in listed for listed in self.lists)
        return http_response(200, json.dumps({"number": number, "canceled": canceled}).encode())


@pytest.fixture
def house() -> House:
    return House()


DeskMaker = Callable[..., Desk]


@pytest.fixture
def open_desk(house: House, tmp_path: Path, clock: VirtualClock) -> Iterator[DeskMaker]:
    with ExitStack() as stack:
        url = stack.enter_context(RawServer(responding(house))).url

        def make(plugin: MailOrder | None = None, count: int = 5) -> Desk:
            registry = PluginRegistry(find=lambda group: [])
            registry.register(plugin or MailOrder(), "mail-order")
            connection = ConnectionConfig("mail", "mail-order", {"endpoint": url}, "[connections.mail]")
            config = Config(tmp_path / "desk.db", {"mail": connection})
            limits = HttpLimits(read_timeout=60, timeout=60)
            desk = stack.enter_context(Desk(config, clock=clock, registry=registry, limits=DeskLimits(limits)))
            assert isinstance(desk.order_store, SqliteOrderStore)
            orders = [
                Order(f"id-{number}", str(number), lines=(OrderLine(1, code="A"),)) for number in range(1, count + 1)
            ]
            desk.order_store.import_orders(orders, by="a test")
            for order in orders:
                desk.orders.register(order.number, connection="mail", by="a test")
            return desk

        yield make


def ask_all(desk: Desk, count: int = 5) -> None:
    for number in range(1, count + 1):
        desk.cancel(str(number), by="Ann")


def states(desk: Desk) -> list[State]:
    return [case.state for case in desk.cases.list()]


def test_wishes_that_come_close_together_leave_as_one_request(
    open_desk: DeskMaker, house: House, clock: VirtualClock
) -> None:
    desk = open_desk()
    ask_all(desk)
    assert states(desk) == [State.PENDING] * 5
    assert all(case.is_batched and case.due_at == clock.now() + seconds(30) for case in desk.cases.list())
    assert desk.run_due().handled == 0
    clock.advance(seconds(30))
    desk.run_due()
    assert house.lists == [["1", "2", "3", "4", "5"]]


def test_each_order_gets_its_own_answer_and_its_own_evidence(
    open_desk: DeskMaker, house: House, clock: VirtualClock
) -> None:
    desk = open_desk()
    ask_all(desk)
    clock.advance(seconds(30))
    desk.run_due()
    cases = {case.order_number: case for case in desk.cases.list()}
    assert cases["3"].state is State.REJECTED
    assert [cases[number].state for number in "1245"] == [State.ACKNOWLEDGED] * 4
    assert [cases[number].request_reference for number in "15"] == ["L1/1", "L1/5"]
    for case in cases.values():
        steps = desk.cancellations.receipt(case.order_number).cancellations[0].cases[0].history
        assert [step.exchange.status for step in steps if step.exchange is not None] == [200]
    clock.advance(minutes(2))
    desk.run_due()
    assert [case.state for case in desk.cases.list() if case.order_number != "3"] == [State.CANCELED] * 4


def test_who_comes_before_the_request_leaves_goes_with_it_and_who_comes_later_with_the_next(
    open_desk: DeskMaker, house: House, clock: VirtualClock
) -> None:
    desk = open_desk()
    desk.cancel("1", by="Ann")
    clock.advance(seconds(20))
    desk.cancel("2", by="Ann")
    clock.advance(seconds(10))
    desk.run_due()
    desk.cancel("4", by="Ann")
    clock.advance(seconds(30))
    desk.run_due()
    assert house.lists == [["1", "2"], ["4"]]


def test_more_than_fit_are_split(open_desk: DeskMaker, house: House, clock: VirtualClock) -> None:
    class Small(MailOrder):
        most = 2

    desk = open_desk(Small())
    ask_all(desk)
    clock.advance(seconds(30))
    desk.run_due()
    assert sorted(house.lists) == [["1", "2"], ["3", "4"], ["5"]]


def test_where_calls_are_paced_one_leaves_in_each_interval_and_nobody_overtakes(
    open_desk: DeskMaker, house: House, clock: VirtualClock
) -> None:
    class Paced(MailOrder):
        most, paced = 2, True

    began = clock.now()
    desk = open_desk(Paced(), count=8)
    for number in "1256":
        desk.cancel(number, by="Ann")
    left: list[float] = []
    for second in range(160):
        if second == 40:  # After the first call: those who wait longer go before them.
            desk.cancel("7", by="Ann")
            desk.cancel("8", by="Ann")
        desk.run_due()
        left += [(clock.now() - began).total_seconds()] * (len(house.lists) - len(left))
        clock.advance(seconds(1))
    assert house.lists == [["1", "2"], ["5", "6"], ["7", "8"]]
    assert left == [30, 60, 90]
    assert State.PENDING not in states(desk)


def test_who_is_tried_again_takes_nobody_along_before_their_time(
    open_desk: DeskMaker, house: House, clock: VirtualClock
) -> None:
    class Choosy(MailOrder):
        paced = True

        def read(self, requests: Sequence[CancelRequest], name: str, response: answer.ResponseLike) -> Sequence[Answer]:
            return [
                answer.not_processed(response)
                if request.remote_id == "1"
                else answer.acknowledged(response, request_reference=name)
                for request in requests
            ]

    began = clock.now()
    desk = open_desk(Choosy())
    desk.cancel("1", by="Ann")
    left: list[float] = []
    for second in range(80):
        if second == 40:
            desk.cancel("2", by="Ann")
        desk.run_due()
        left += [(clock.now() - began).total_seconds()] * (len(house.lists) - len(left))
        clock.advance(seconds(1))
    with_it = [at for at, listed in zip(left, house.lists, strict=True) if "2" in listed]
    assert (with_it, len(house.lists) > 2) == ([70], True)


def test_every_case_has_the_intent_before_the_request_leaves(
    open_desk: DeskMaker, house: House, clock: VirtualClock
) -> None:
    desk = open_desk()
    ask_all(desk)
    house.deaf = True
    clock.advance(seconds(30))
    desk.run_due()
    assert states(desk) == [State.UNKNOWN] * 5
    for case in desk.cases.list():
        kinds = [entry.content for entry in desk.ledger.history(case.id)]
        assert any(isinstance(content, Intent) and content.method == "POST" for content in kinds)
    house.deaf = False
    clock.advance(seconds(5))
    desk.run_due()
    assert states(desk) == [State.CANCELED] * 5, "polled, not asked again"
    assert len(house.lists) == 1


def test_a_case_that_a_dead_process_left_is_read_back_before_anything_is_asked_again(
    open_desk: DeskMaker, house: House, clock: VirtualClock
) -> None:
    desk = open_desk()
    ask_all(desk, 2)
    clock.advance(seconds(30))
    real, desk.ledger.write = desk.ledger.write, dying(desk.ledger.write)  # type: ignore[method-assign]  # the process "dies" at the last commit
    with pytest.raises(SystemExit):
        raise_problems(desk)
    desk.ledger.write = real  # type: ignore[method-assign]  # and another one takes over
    assert states(desk) == [State.SENDING] * 2
    clock.advance(LEASE)
    desk.run_due()
    assert states(desk) == [State.UNKNOWN] * 2
    clock.advance(seconds(5))
    desk.run_due()
    assert (states(desk), house.lists) == ([State.CANCELED] * 2, [["1", "2"]])


def dying(write: Callable[..., None]) -> Callable[..., None]:
    def once(*changes: CaseUpdate) -> None:
        if any(isinstance(change.after, CancelCase) and change.after.state is State.ACKNOWLEDGED for change in changes):
            raise SystemExit("killed")
        write(*changes)

    return once


def raise_problems(desk: Desk) -> None:
    problems = desk.run_due().problems
    if problems:
        raise SystemExit("; ".join(problems))


@pytest.mark.parametrize(
    "junk",
    [None, [], ["yes"] * 5, {"1": "asked"}, [answer.not_processed(None)] * 4],
    ids=["nothing", "too few", "no answers", "a mapping", "one too few"],
)
def test_a_flow_that_ends_with_anything_else_is_its_plugins_fault_and_is_read_back(
    open_desk: DeskMaker, house: House, clock: VirtualClock, junk: object
) -> None:
    class Junk(MailOrder):
        def read(self, requests: Sequence[CancelRequest], name: str, response: answer.ResponseLike) -> Sequence[Answer]:
            return junk  # type: ignore[return-value]  # which is what is tested

    desk = open_desk(Junk())
    ask_all(desk)
    clock.advance(seconds(30))
    desk.run_due()
    assert states(desk) == [State.UNKNOWN] * 5
    assert all("5 answers" in (case.plugin_error or "") for case in desk.cases.list())


def test_one_case_that_somebody_withdrew_stays_behind(open_desk: DeskMaker, house: House, clock: VirtualClock) -> None:
    desk = open_desk()
    ask_all(desk)
    (mine,) = desk.cases.list(order="2")
    desk.cases.withdraw(mine.id, by="Ann")
    clock.advance(seconds(30))
    desk.run_due()
    assert house.lists == [["1", "3", "4", "5"]]
    assert desk.cancellations.get_case(mine.id).state is State.WITHDRAWN


def test_a_lost_list_is_sent_again_only_after_it_was_read_back_as_not_done(
    open_desk: DeskMaker, house: House, clock: VirtualClock
) -> None:
    desk = open_desk()
    ask_all(desk, 1)
    house.deaf = True
    clock.advance(seconds(30))
    desk.run_due()
    house.deaf, house.lists[:] = False, []
    clock.advance(seconds(5))
    desk.run_due()  # polls: not canceled
    desk.run_due()
    assert house.lists == [["1"]]
    kinds = [step.summary for step in desk.cancellations.receipt("1").cancellations[0].cases[0].history]
    assert kinds.index(EventKind.STILL_PENDING.value) > kinds.index(EventKind.OUTCOME_UNKNOWN.value)
