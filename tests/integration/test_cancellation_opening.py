"""A cancellation comes into the ledger with the intent of its case, where nothing comes before that, and else alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import pytest

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.state_machine import Event
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.service import Flow, Service
from orderdesk_sdk.runtime.scheduler import RECORD_AFTER
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from orderdesk_sdk.stores.sqlite.order_database import SqliteOrderDatabase
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from tests.support.fake_services import (
    FakeDeskOpener,
    FakeFulfillmentService,
    FakeServices,
    FakeServiceSettings,
    case_states,
)
from tests.support.waiting import eventually


class Depot(FakeFulfillmentService):
    slug = "depot"


class Mill(FakeFulfillmentService):
    """A mill whose flow does something before its first call."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act = act

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[FakeServiceSettings]) -> Flow[Answer]:
        self._act()
        return (yield from super().orderdesk_cancel(request, service))


class Hears:
    """A listener that forbids nothing."""

    @hookimpl
    def orderdesk_case_changed(self, case: CancelCase, event: Event) -> None:
        pass


class Allows:
    """A listener that could forbid."""

    @hookimpl
    def orderdesk_before_cancel(self, request: CancelRequest) -> str | None:
        return None


def traced(desk: Desk) -> list[str]:
    """The statements that the desk's ledger is written with from now on."""
    assert isinstance(desk.ledger, SqliteLedger)
    statements: list[str] = []
    desk.ledger._writer.set_trace_callback(statements.append)
    return statements


def wishes_during_the_flow(fake_services_desk: FakeDeskOpener, listeners: Sequence[object] = ()) -> list[int]:
    """How many cancellations another process saw when the flow began."""
    other = fake_services_desk(at=["mill"])
    seen: list[int] = []
    mill = Mill(lambda: seen.append(len(other.ledger.cancellations("id-1042"))))
    fake_services_desk(mill, listeners=listeners).cancel("1042", by="Ann")
    return seen


def test_one_commit_brings_wish_claim_and_intent_and_one_the_answer(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(at=["mill"])
    statements = traced(desk)
    (case,) = desk.cancel("1042", by="Ann").cases
    assert (case.state, statements.count("COMMIT")) == (State.ACKNOWLEDGED, 2)
    kinds = [type(entry.content) for entry in desk.ledger.history(case.id)]
    assert kinds == [Event, Intent, Exchange, Event]
    assert list(desk.ledger.find_flaws()) == []


MOST_STATEMENTS = 15
"""Of a cancel at one place, ledger and order store together; how many flushes to disk it costs counts more."""


def test_a_cancel_costs_no_more_statements_than_it_needs(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(at=["mill"])
    assert isinstance(desk.ledger, SqliteLedger)
    assert isinstance(desk.order_store, SqliteOrderStore)
    assert isinstance(desk.order_store._database, SqliteOrderDatabase)
    found: list[str] = []
    for connection in (desk.ledger._writer, desk.ledger._reader, desk.order_store._database._connection):
        connection.set_trace_callback(found.append)
    desk.cancel("1042", by="Ann")
    # A statement that has triggers is traced once more for each row.
    statements = [one for one, before in zip(found, ["", *found], strict=False) if one != before]
    assert len(statements) <= MOST_STATEMENTS, "\n".join(statements)
    assert statements.count("COMMIT") == 2


def test_a_case_that_is_due_is_sent_with_two_commits_and_read_once(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(at=["mill"])
    assert isinstance(desk.ledger, SqliteLedger)
    assert isinstance(desk.order_store, SqliteOrderStore)
    assert isinstance(desk.order_store._database, SqliteOrderDatabase)
    desk.run_due()  # The first round of a desk forgets old messages, which others need not.
    desk.cancel("1042", by="Ann", send_now=False)
    found: list[str] = []
    for connection in (desk.ledger._writer, desk.ledger._reader, desk.order_store._database._connection):
        connection.set_trace_callback(found.append)
    assert desk.run_due().handled == 1
    reads = [one for one in found if one.startswith("SELECT") and ("FROM orders" in one or "FROM remote_orders" in one)]
    assert (found.count("COMMIT"), len(reads)) == (2, 2), "\n".join(found)


def test_nothing_is_in_the_ledger_before_the_intent_is(fake_services_desk: FakeDeskOpener) -> None:
    assert wishes_during_the_flow(fake_services_desk) == [0]


@pytest.mark.parametrize("listener", [Hears(), Allows()])
def test_where_a_listener_has_a_say_or_hears_the_wish_is_recorded_first(
    fake_services_desk: FakeDeskOpener, listener: object
) -> None:
    assert wishes_during_the_flow(fake_services_desk, [listener]) == [1]


def test_of_several_places_none_is_asked_before_the_wish_is_recorded(fake_services_desk: FakeDeskOpener) -> None:
    other = fake_services_desk(FakeFulfillmentService(), Depot(), at=["mill", "depot"])
    seen: list[int] = []
    mill = Mill(lambda: seen.append(len(other.ledger.cancellations("id-1042"))))
    fake_services_desk(mill, Depot()).cancel("1042", by="Ann")
    assert seen == [1]


def test_what_the_flow_waits_for_the_wish_does_not_wait_for(fake_services_desk: FakeDeskOpener) -> None:
    """Its rate limit, say, or a plugin that hangs: after a moment the cancellation is recorded alone."""
    other = fake_services_desk(at=["mill"])
    goes_on = threading.Event()
    desk = fake_services_desk(Mill(lambda: goes_on.wait(10)))
    canceling = threading.Thread(target=lambda: desk.cancel("1042", by="Ann"))
    canceling.start()
    eventually(lambda: bool(other.ledger.cancellations("id-1042")), "the cancellation is recorded", 100 * RECORD_AFTER)
    assert case_states(other) == {"mill": State.PENDING}
    goes_on.set()
    canceling.join()
    assert case_states(other) == {"mill": State.ACKNOWLEDGED}


def test_a_wish_that_came_late_sends_nothing_and_is_the_other_one(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    other = fake_services_desk(at=["mill"])
    standing = fake_services_desk(Mill(lambda: other.cancel("1042", by="Ben"))).cancel("1042", by="Ann")
    assert (standing.cancellation.requested_by, standing.cases[0].state) == ("Ben", State.ACKNOWLEDGED)
    assert (fake_services.writes, len(other.ledger.cancellations("id-1042"))) == (["mill cancel 1042"], 1)


def test_a_ledger_that_cannot_be_written_sends_nothing(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["mill"])

    def full(*_: object) -> tuple[Cancellation, bool]:
        raise StorageError("the disk is full")

    desk.ledger.open_cancellation = full  # type: ignore[assignment]  # the disk of this desk alone
    with pytest.raises(StorageError, match="full"):
        desk.cancel("1042", by="Ann")
    assert (fake_services.writes, desk.ledger.cancellations("id-1042")) == ([], ())


def after_the_intent(desk: Desk, act: Callable[[], object]) -> None:
    """Something happens when the cancellation is in the ledger and before its request leaves."""
    real = desk.ledger.open_cancellation

    def opening(
        cancellation: Cancellation, fingerprint: str, cases: Sequence[CancelCase], changes: Sequence[CaseUpdate] = ()
    ) -> tuple[Cancellation, bool]:
        recorded = real(cancellation, fingerprint, cases, changes)
        desk.ledger.open_cancellation = real  # type: ignore[method-assign]
        act()
        return recorded

    desk.ledger.open_cancellation = opening  # type: ignore[method-assign]


def test_a_host_that_is_away_after_the_intent_keeps_the_request_back(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    """Where the order is now must be known before the case may settle: after that nobody would look again."""
    desk = fake_services_desk(at=["mill"])
    real = desk.order_store.remote_orders

    def away(_: str) -> tuple[RemoteOrder, ...]:
        raise StorageError("the host is away")

    def ends() -> None:
        desk.order_store.remote_orders = away  # type: ignore[method-assign, assignment]

    after_the_intent(desk, ends)
    with pytest.raises(StorageError, match="away"):
        desk.cancel("1042", by="Ann")
    (case,) = desk.ledger.cases(CancelCase)
    assert (case.state, fake_services.writes) == (State.PENDING, [])
    assert case.message == "The request was held back: the host is away"
    desk.order_store.remote_orders = real  # type: ignore[method-assign]


def test_a_place_that_comes_with_the_intent_is_reached(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(FakeFulfillmentService(), Depot(), at=["mill"])
    other = fake_services_desk(FakeFulfillmentService(), Depot())

    def registers_unseen() -> None:
        other.order_store.add_remote_order(
            "1042", RemoteOrder("depot", "1042", desk.clock.now(), FakeFulfillmentService.role), by="the shop"
        )

    after_the_intent(desk, registers_unseen)
    standing = desk.cancel("1042", by="Ann")
    assert [case.connection for case in standing.cases] == ["mill"]
    assert case_states(desk) == {"mill": State.ACKNOWLEDGED, "depot": State.ACKNOWLEDGED}
    assert sorted(fake_services.writes) == ["depot cancel 1042", "mill cancel 1042"]
