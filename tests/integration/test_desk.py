"""The desk end to end with one connection: an order at a simulated Amazon MCF, by a clock that tests move on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from attrs import evolve

from orderdesk_amazon_mcf.simulator import Durations, McfSimulator
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import LINES, ORDER, SimulatedHarness, open_simulated_harness
from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.cases.state_machine import Event, EventKind, InvalidTransitionError
from orderdesk_sdk.clock import VirtualClock, hours, minutes, seconds
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConflictError, InvalidStateError, NotFoundError, ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

MCF = "amazon-mcf"
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@pytest.fixture
def simulator() -> McfSimulator:
    return McfSimulator(VirtualClock(START))


@pytest.fixture
def harness(simulator: McfSimulator) -> Iterator[SimulatedHarness]:
    with open_simulated_harness(MCF, simulator) as made:
        yield made


@pytest.fixture
def desk(harness: SimulatedHarness, simulator: McfSimulator) -> Desk:
    """A desk whose order Amazon has received."""
    simulator.add_order(ORDER, lines=LINES)
    return harness.desk


def asked(desk: Desk) -> CancelCase:
    (case,) = desk.cancel(ORDER, by="Ann", reason="customer asked").cases
    return case


def cancels(simulator: McfSimulator) -> list[str]:
    return [record.effect for record in simulator.log if record.operation == "cancelFulfillmentOrder"]


def wait(simulator: McfSimulator, desk: Desk, minutes_: float) -> None:
    assert isinstance(simulator.clock, VirtualClock)
    simulator.clock.advance(minutes(minutes_))
    assert desk.run_due().problems == ()


# Fates


def test_an_order_is_called_canceled_only_when_amazon_says_so(
    desk: Desk, harness: SimulatedHarness, simulator: McfSimulator
) -> None:
    assert asked(desk).state is State.ACKNOWLEDGED
    assert simulator.actual_status(ORDER) == "Received"
    assert not desk.cancellations.receipt(ORDER).is_canceled
    case = harness.follow_up()
    assert (case.state, case.service_status, case.due_at) == (State.CANCELED, "Cancelled", None)
    assert case.evidence is not None
    assert case.evidence.kind is EvidenceKind.POLLED_STATUS
    assert simulator.actual_status(ORDER) == "Cancelled"
    assert desk.cancellations.receipt(ORDER).is_canceled
    assert len(cancels(simulator)) == 1


def test_too_late_is_said_at_once_where_amazon_refuses(harness: SimulatedHarness, simulator: McfSimulator) -> None:
    simulator.add_order(ORDER, lines=LINES, status="Processing")
    case = asked(harness.desk)
    assert (case.state, case.rejection, case.service_status) == (State.REJECTED, Rejection.TOO_LATE, "Processing")
    assert "Seller Support" in str(case.hint)
    assert not harness.desk.cancellations.receipt(ORDER).is_canceled


@pytest.mark.slow
def test_too_late_is_found_out_where_amazon_accepts_and_ships(
    harness: SimulatedHarness, simulator: McfSimulator
) -> None:
    simulator.set_option("too_late", "accept")
    simulator.add_order(ORDER, lines=LINES, status="Processing")
    assert asked(harness.desk).state is State.ACKNOWLEDGED
    case = harness.follow_up()
    assert (case.state, case.rejection, simulator.actual_status(ORDER)) == (
        State.REJECTED,
        Rejection.SHIPPED,
        "Complete",
    )


def test_a_lost_reply_is_resolved_by_reading_back(desk: Desk, simulator: McfSimulator) -> None:
    """Also with a token that had to be fetched first: the response that is lost is still that of the cancel."""
    simulator.faults.add(Fault.LOST_RESPONSE, method="PUT", path="/cancel$")
    case = asked(desk)
    assert (case.state, case.due_at) == (State.UNKNOWN, START + seconds(5))
    assert len(cancels(simulator)) == 1
    wait(simulator, desk, Durations().cancel.total_seconds() / 60)
    assert desk.cancellations.get_case(case.id).state is State.CANCELED
    assert len(cancels(simulator)) == 1


def test_a_repeatable_request_is_sent_again_only_after_a_read_back(desk: Desk, simulator: McfSimulator) -> None:
    simulator.faults.add(Fault.RESET_BEFORE, method="PUT", path="/cancel$")
    case = asked(desk)
    assert (case.state, cancels(simulator)) == (State.UNKNOWN, [])
    assert desk.run_due().handled == 0
    wait(simulator, desk, 0.1)
    assert (desk.cancellations.get_case(case.id).retry_allowed, cancels(simulator)) == (True, [])
    wait(simulator, desk, 0)
    assert desk.cancellations.get_case(case.id).state is State.ACKNOWLEDGED
    assert len(cancels(simulator)) == 1


# Cancellations


def test_asking_twice_is_asking_once(desk: Desk, harness: SimulatedHarness, simulator: McfSimulator) -> None:
    first = desk.cancel(ORDER, by="Ann")
    assert desk.cancel(ORDER, by="Bob") == first
    harness.follow_up()
    assert desk.cancel(ORDER, by="Bob").cancellation == first.cancellation
    assert len(cancels(simulator)) == 1


def test_a_key_names_one_wish(desk: Desk) -> None:
    first = desk.cancel(ORDER, by="Ann", reason="customer asked", idempotency_key="ticket 7")
    assert (
        desk.cancel(ORDER, by="Bob", reason="customer asked", idempotency_key="ticket 7").cancellation
        == first.cancellation
    )
    with pytest.raises(ConflictError, match="ticket 7"):
        desk.cancel(ORDER, by="Ann", reason="fraud", idempotency_key="ticket 7")


def test_after_a_refusal_a_new_wish_asks_anew(desk: Desk, simulator: McfSimulator) -> None:
    first = desk.cancel(ORDER, by="Ann")
    desk.cases.reject(first.cases[0].id, by="Ann")
    second = desk.cancel(ORDER, by="Ann")
    assert second.cancellation.id != first.cancellation.id
    assert second.cases[0].state is State.ACKNOWLEDGED
    assert [cancellation.cancellation for cancellation in desk.cancellations.receipt(ORDER).cancellations] == [
        first.cancellation,
        second.cancellation,
    ]
    assert len(cancels(simulator)) == 2


def test_who_cannot_be_named_cannot_cancel(desk: Desk) -> None:
    with pytest.raises(ValidationError, match="by"):
        desk.cancel(ORDER, by="  ")
    assert desk.cases.list() == ()


def test_only_what_was_submitted_somewhere_can_be_canceled(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        desk.cancel("9999", by="Ann")
    assert isinstance(desk.order_store, SqliteOrderStore)
    desk.order_store.import_orders([sample_order_elsewhere()], by="Ann")
    with pytest.raises(InvalidStateError, match="not registered at any connection"):
        desk.cancel("A 7", by="Ann")


def sample_order_elsewhere() -> Order:
    return evolve(sample_order(), id="7", number="A 7")


# Plan


def test_the_plan_says_what_would_follow_and_sends_nothing(desk: Desk, simulator: McfSimulator) -> None:
    (entry,) = desk.cancellations.plan(ORDER).entries
    assert (entry.title, entry.remote_id, entry.chosen_step, entry.problem, entry.existing_state) == (
        "Amazon MCF",
        ORDER,
        0,
        None,
        None,
    )
    assert (entry.steps[0].label, entry.steps[0].window.closes_on) == ("button (asks)", "picking")
    assert entry.steps[0].follow_up == "polled every 2 min, for 24 h"
    assert {record.operation for record in simulator.log} == {"add_order"}


def test_the_plan_knows_a_window_that_closed(desk: Desk, simulator: McfSimulator) -> None:
    simulator.set_option("cancel_fate", "ignored")
    asked(desk)
    wait(simulator, desk, 41)
    (entry,) = desk.cancellations.plan(ORDER).entries
    assert (entry.chosen_step, entry.existing_state) == (None, State.ACKNOWLEDGED)
    assert entry.steps[0].window.closed_reason == "the service says 'Processing'"


# Persons


def test_a_person_confirms_with_their_name(desk: Desk) -> None:
    case = desk.cases.confirm(asked(desk).id, by="Ann", note="Amazon's chat said so")
    assert (case.state, case.due_at) == (State.CANCELED, None)
    (cancellation,) = desk.cancellations.receipt(ORDER).cancellations
    proof = cancellation.cases[0].evidence
    assert proof is not None
    assert (proof.kind, proof.person, proof.note) == (EvidenceKind.PERSON, "Ann", "Amazon's chat said so")


def test_a_person_refuses_with_their_name(desk: Desk) -> None:
    case = desk.cancellations.get_case(desk.cases.reject(asked(desk).id, by="Ann", rejection=Rejection.SHIPPED).id)
    assert (case.state, case.rejection) == (State.REJECTED, Rejection.SHIPPED)


def test_who_decides_too_early_or_too_late_is_told_what_to_do(desk: Desk) -> None:
    (case,) = desk.cancel(ORDER, by="Ann", send_now=False).cases
    with pytest.raises(InvalidStateError) as early:
        desk.cases.confirm(case.id, by="Ann")
    assert early.value.message.startswith("canceled is not possible while pending: nothing has been sent yet")
    assert early.value.hint == "run `orderdesk work` first, or withdraw the case"
    desk.cases.withdraw(case.id, by="Ann")
    with pytest.raises(InvalidStateError) as late:
        desk.cases.confirm(case.id, by="Ann")
    assert late.value.message == "canceled is not possible while withdrawn: the case is settled; possible are: nothing"
    with pytest.raises(InvalidStateError) as unread:
        desk.cases.poll(case.id)
    assert unread.value.hint == "see the order's receipt"


def test_nobody_decides_anything(desk: Desk) -> None:
    case = asked(desk)
    for decide in (desk.cases.confirm, desk.cases.reject, desk.cases.withdraw, desk.cases.retry):
        with pytest.raises(ValidationError, match="`by` is required"):
            decide(case.id, by=" ")
    assert desk.cancellations.get_case(case.id) == case


def test_a_wish_can_be_taken_back_before_it_was_sent(desk: Desk, simulator: McfSimulator) -> None:
    (case,) = desk.cancel(ORDER, by="Ann", send_now=False).cases
    assert case.state is State.PENDING
    assert desk.cases.withdraw(case.id, by="Ann").state is State.WITHDRAWN
    assert desk.run_due().handled == 0
    assert cancels(simulator) == []


def test_a_recorded_wish_is_sent_by_whoever_runs_what_is_due(desk: Desk, simulator: McfSimulator) -> None:
    (case,) = desk.cancel(ORDER, by="Ann", send_now=False).cases
    assert cancels(simulator) == []
    assert desk.run_due().handled == 1
    assert desk.cancellations.get_case(case.id).state is State.ACKNOWLEDGED


def test_a_mistake_of_the_core_is_told_and_is_no_conflict(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.cancel(ORDER, by="Ann", send_now=False)
    wrong = Event(EventKind.SHIPPED, desk.clock.now())
    monkeypatch.setattr("orderdesk_sdk.cases.policy.requesting.next_step", lambda *_: wrong)
    (problem,) = desk.run_due().problems
    assert "shipped is not possible while pending" in problem


def test_what_was_sent_cannot_be_taken_back(desk: Desk) -> None:
    case = asked(desk)
    with pytest.raises(InvalidTransitionError):
        desk.cases.withdraw(case.id, by="Ann")
    assert desk.cancellations.get_case(case.id).state is State.ACKNOWLEDGED


def test_a_named_person_may_send_again_what_is_unclear(desk: Desk, simulator: McfSimulator) -> None:
    simulator.faults.add(Fault.LOST_RESPONSE, method="PUT", path="/cancel$")
    case = asked(desk)
    assert desk.cases.retry(case.id, by="Ann").state is State.ACKNOWLEDGED
    history = [entry.content for entry in desk.ledger.history(case.id)]
    sends = [event.person for event in history if isinstance(event, Event) and event.kind is EventKind.SEND_STARTED]
    assert sends == [None, "Ann"]
    assert len(cancels(simulator)) == 2


def test_what_is_not_unclear_is_not_sent_again(desk: Desk, simulator: McfSimulator) -> None:
    case = asked(desk)
    with pytest.raises(InvalidTransitionError):
        desk.cases.retry(case.id, by="Ann")
    assert len(cancels(simulator)) == 1


# Polling


def test_a_canceled_order_that_ships_all_the_same_is_an_alarm(desk: Desk, simulator: McfSimulator) -> None:
    simulator.set_option("cancel_fate", "ignored")
    case = desk.cases.confirm(asked(desk).id, by="Ann")
    wait(simulator, desk, hours(7).total_seconds() / 60)
    alarm = desk.cancellations.get_case(desk.cases.poll(case.id).id)
    assert (alarm.state, alarm.service_status) == (State.SHIPPED_ANYWAY, "Complete")
    assert "stop the parcel" in str(alarm.hint)
    assert not desk.cancellations.receipt(ORDER).is_canceled


def test_reading_a_canceled_order_again_changes_nothing(desk: Desk, harness: SimulatedHarness) -> None:
    asked(desk)
    case = harness.follow_up()
    again = desk.cancellations.get_case(desk.cases.poll(case.id).id)
    assert (again.state, again.evidence, again.due_at) == (State.CANCELED, case.evidence, None)


def test_a_settled_refusal_is_not_read_back(desk: Desk) -> None:
    case = desk.cases.reject(asked(desk).id, by="Ann")
    with pytest.raises(InvalidStateError, match="while the case is rejected"):
        desk.cases.poll(case.id)


# Reports and receipts


def test_run_due_reports_what_it_did_and_what_is_next(desk: Desk, simulator: McfSimulator) -> None:
    asked(desk)
    early = desk.run_due()
    assert (early.handled, early.next_due, early.problems) == (0, START + minutes(2), ())
    assert isinstance(simulator.clock, VirtualClock)
    simulator.clock.advance(minutes(2))
    assert desk.run_due(limit=0).handled == 0
    assert (desk.run_due().handled, desk.ledger.next_due()) == (1, START + minutes(4))
    simulator.clock.advance(minutes(2))
    assert desk.run_due().next_due is None


def test_the_receipt_tells_the_story_with_its_proof(desk: Desk, harness: SimulatedHarness) -> None:
    asked(desk)
    harness.follow_up()
    receipt = desk.cancellations.receipt(ORDER)
    (cancellation,) = receipt.cancellations
    (told,) = cancellation.cases
    assert (cancellation.cancellation.requested_by, cancellation.cancellation.reason) == ("Ann", "customer asked")
    assert (told.title, told.route) == ("Amazon MCF", "button (asks)")
    assert [step.summary.partition(" ")[0] if step.exchange else step.summary for step in told.history] == [
        "send started",
        "PUT",
        "acknowledged",
        "poll started",
        "GET",
        "still pending",
        "poll started",
        "GET",
        "canceled",
    ]
    assert [step.at for step in told.history] == sorted(step.at for step in told.history)
    assert told.evidence is not None
    assert isinstance(told.evidence.exchange, Exchange)
    assert told.evidence.exchange.status == 200
    assert '"fulfillmentOrderStatus":"Cancelled"' in told.evidence.exchange.body
    assert told.history[-1].message == "the service says 'Cancelled'; MUG: 2 of 2 canceled, CAP: 1 of 1 canceled"


def test_the_receipt_holds_no_secret_and_no_address(
    desk: Desk, harness: SimulatedHarness, simulator: McfSimulator
) -> None:
    asked(desk)
    harness.follow_up()
    settings = simulator.settings("http://127.0.0.1")
    told = repr(desk.cancellations.receipt(ORDER))
    assert "fulfillmentOrderStatus" in told
    for private in (settings["refresh_token"], settings["client_secret"], "Atza|", "1 Example Street"):
        assert private not in told


# Numbers that a service would mangle


def test_a_number_that_amazon_mangles_is_not_registered(desk: Desk) -> None:
    assert isinstance(desk.order_store, SqliteOrderStore)
    desk.order_store.import_orders([sample_order_elsewhere()], by="Ann")
    with pytest.raises(ValidationError, match=r"turns \+ into a space"):
        desk.orders.register("A 7", connection=MCF, by="Ann", remote_id="A+B")
    assert desk.order_store.remote_orders("7") == ()


def test_a_mangled_number_that_is_there_already_goes_to_a_person(desk: Desk, simulator: McfSimulator) -> None:
    assert isinstance(desk.order_store, SqliteOrderStore)
    desk.order_store.import_orders([sample_order_elsewhere()], by="Ann")
    desk.order_store.add_remote_order("7", RemoteOrder(MCF, "A+B", START, ConnectionRole.FULFILLMENT), by="Ann")
    (case,) = desk.cancel("A 7", by="Ann").cases
    assert case.state is State.ACTION_REQUIRED
    assert "turns + into a space" in str(case.message)
    assert cancels(simulator) == []
