"""The desk end to end with one connection: an order at a simulated Amazon MCF, by a clock that tests move on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from attrs import evolve

from orderdesk_amazon_mcf.simulator import Durations, McfSimulator
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import LINES, ORDER, SimulatedStage, simulated
from orderdesk_devkit.testing.plugin_under_test import sample_order
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.evidence import ProofKind
from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.cases.state_machine import Event, EventKind, IllegalTransition
from orderdesk_sdk.clock import VirtualClock, hours, minutes, seconds
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from orderdesk_sdk.orders.order import Order, Placement, Role
from orderdesk_sdk.plugin.answer import Refusal
from orderdesk_sdk.stores.sqlite.orders import LocalHost

MCF = "amazon-mcf"
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@pytest.fixture
def simulator() -> McfSimulator:
    return McfSimulator(VirtualClock(START))


@pytest.fixture
def stage(simulator: McfSimulator) -> Iterator[SimulatedStage]:
    with simulated(MCF, simulator) as made:
        yield made


@pytest.fixture
def desk(stage: SimulatedStage, simulator: McfSimulator) -> Desk:
    """A desk whose order Amazon has received."""
    simulator.add_order(ORDER, lines=LINES)
    return stage.desk


def asked(desk: Desk) -> Case:
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
    desk: Desk, stage: SimulatedStage, simulator: McfSimulator
) -> None:
    assert asked(desk).state is State.ASKED
    assert simulator.truth(ORDER) == "Received"
    assert not desk.receipt(ORDER).is_canceled
    case = stage.follow()
    assert (case.state, case.status, case.due_at) == (State.CANCELED, "Cancelled", None)
    assert case.proof is not None
    assert case.proof.kind is ProofKind.READ_BACK
    assert simulator.truth(ORDER) == "Cancelled"
    assert desk.receipt(ORDER).is_canceled
    assert len(cancels(simulator)) == 1


def test_too_late_is_said_at_once_where_amazon_refuses(stage: SimulatedStage, simulator: McfSimulator) -> None:
    simulator.add_order(ORDER, lines=LINES, status="Processing")
    case = asked(stage.desk)
    assert (case.state, case.refusal, case.status) == (State.REFUSED, Refusal.TOO_LATE, "Processing")
    assert "Seller Support" in str(case.remedy)
    assert not stage.desk.receipt(ORDER).is_canceled


@pytest.mark.slow
def test_too_late_is_found_out_where_amazon_accepts_and_ships(stage: SimulatedStage, simulator: McfSimulator) -> None:
    simulator.set_switch("too_late", "accept")
    simulator.add_order(ORDER, lines=LINES, status="Processing")
    assert asked(stage.desk).state is State.ASKED
    case = stage.follow()
    assert (case.state, case.refusal, simulator.truth(ORDER)) == (State.REFUSED, Refusal.SHIPPED, "Complete")


def test_a_lost_reply_is_resolved_by_reading_back(desk: Desk, simulator: McfSimulator) -> None:
    """Also with a token that had to be fetched first: the reply that is lost is still that of the cancel."""
    simulator.faults.add(Fault.LOST_REPLY, method="PUT", path="/cancel$")
    case = asked(desk)
    assert (case.state, case.due_at) == (State.UNCLEAR, START + seconds(5))
    assert len(cancels(simulator)) == 1
    wait(simulator, desk, Durations().cancel.total_seconds() / 60)
    assert desk.case(case.id).state is State.CANCELED
    assert len(cancels(simulator)) == 1


def test_a_repeatable_request_is_sent_again_only_after_a_read_back(desk: Desk, simulator: McfSimulator) -> None:
    simulator.faults.add(Fault.RESET_BEFORE, method="PUT", path="/cancel$")
    case = asked(desk)
    assert (case.state, cancels(simulator)) == (State.UNCLEAR, [])
    assert desk.run_due().done == 0
    wait(simulator, desk, 0.1)
    assert (desk.case(case.id).resend, cancels(simulator)) == (True, [])
    wait(simulator, desk, 0)
    assert desk.case(case.id).state is State.ASKED
    assert len(cancels(simulator)) == 1


# Wishes


def test_asking_twice_is_asking_once(desk: Desk, stage: SimulatedStage, simulator: McfSimulator) -> None:
    first = desk.cancel(ORDER, by="Ann")
    assert desk.cancel(ORDER, by="Bob") == first
    stage.follow()
    assert desk.cancel(ORDER, by="Bob").cancellation == first.cancellation
    assert len(cancels(simulator)) == 1


def test_a_key_names_one_wish(desk: Desk) -> None:
    first = desk.cancel(ORDER, by="Ann", reason="customer asked", key="ticket 7")
    assert desk.cancel(ORDER, by="Bob", reason="customer asked", key="ticket 7").cancellation == first.cancellation
    with pytest.raises(ConflictError, match="ticket 7"):
        desk.cancel(ORDER, by="Ann", reason="fraud", key="ticket 7")


def test_after_a_refusal_a_new_wish_asks_anew(desk: Desk, simulator: McfSimulator) -> None:
    first = desk.cancel(ORDER, by="Ann")
    desk.refuse(first.cases[0].id, by="Ann")
    second = desk.cancel(ORDER, by="Ann")
    assert second.cancellation.id != first.cancellation.id
    assert second.cases[0].state is State.ASKED
    assert [wish.cancellation for wish in desk.receipt(ORDER).wishes] == [first.cancellation, second.cancellation]
    assert len(cancels(simulator)) == 2


def test_who_cannot_be_named_cannot_cancel(desk: Desk) -> None:
    with pytest.raises(InputError, match="by"):
        desk.cancel(ORDER, by="  ")
    assert desk.cases() == ()


def test_only_what_was_submitted_somewhere_can_be_canceled(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        desk.cancel("9999", by="Ann")
    assert isinstance(desk.host, LocalHost)
    desk.host.import_orders([sample_order_elsewhere()], by="Ann")
    with pytest.raises(NotAllowedError, match="submitted nowhere"):
        desk.cancel("A 7", by="Ann")


def sample_order_elsewhere() -> Order:
    return evolve(sample_order(), id="7", number="A 7")


# Plan


def test_the_plan_says_what_would_follow_and_sends_nothing(desk: Desk, simulator: McfSimulator) -> None:
    (entry,) = desk.plan(ORDER).entries
    assert (entry.title, entry.remote_id, entry.chosen, entry.problem, entry.standing) == (
        "Amazon MCF",
        ORDER,
        0,
        None,
        None,
    )
    assert (entry.steps[0].label, entry.steps[0].opening.closes_on) == ("button (asks)", "picking")
    assert entry.steps[0].then == "read back every 2 min, for 24 h"
    assert {record.operation for record in simulator.log} == {"add_order"}


def test_the_plan_knows_a_window_that_closed(desk: Desk, simulator: McfSimulator) -> None:
    simulator.set_switch("cancel_fate", "ignored")
    asked(desk)
    wait(simulator, desk, 41)
    (entry,) = desk.plan(ORDER).entries
    assert (entry.chosen, entry.standing) == (None, State.ASKED)
    assert entry.steps[0].opening.why_closed == "the service says 'Processing'"


# Persons


def test_a_person_confirms_with_their_name(desk: Desk) -> None:
    case = desk.confirm(asked(desk).id, by="Ann", note="Amazon's chat said so")
    assert (case.state, case.due_at) == (State.CANCELED, None)
    (wish,) = desk.receipt(ORDER).wishes
    proof = wish.cases[0].proof
    assert proof is not None
    assert (proof.kind, proof.person, proof.note) == (ProofKind.PERSON, "Ann", "Amazon's chat said so")


def test_a_person_refuses_with_their_name(desk: Desk) -> None:
    case = desk.case(desk.refuse(asked(desk).id, by="Ann", refusal=Refusal.SHIPPED).id)
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.SHIPPED)


def test_who_decides_too_early_or_too_late_is_told_what_to_do(desk: Desk) -> None:
    (case,) = desk.cancel(ORDER, by="Ann", send=False).cases
    with pytest.raises(ConflictError) as early:
        desk.confirm(case.id, by="Ann")
    assert early.value.text.startswith("canceled is not possible while requested: nothing has been asked there yet")
    assert early.value.remedy == "let `orderdesk work` ask first, or withdraw the case"
    desk.withdraw(case.id, by="Ann")
    with pytest.raises(ConflictError) as late:
        desk.confirm(case.id, by="Ann")
    assert late.value.text == "canceled is not possible while withdrawn: it is settled; possible are: nothing"
    with pytest.raises(NotAllowedError) as unread:
        desk.check(case.id)
    assert unread.value.remedy == "see the order's receipt"


def test_nobody_decides_anything(desk: Desk) -> None:
    case = asked(desk)
    for decide in (desk.confirm, desk.refuse, desk.withdraw, desk.send_again):
        with pytest.raises(InputError, match="somebody must stand for this"):
            decide(case.id, by=" ")
    assert desk.case(case.id) == case


def test_a_wish_can_be_taken_back_before_it_was_sent(desk: Desk, simulator: McfSimulator) -> None:
    (case,) = desk.cancel(ORDER, by="Ann", send=False).cases
    assert case.state is State.REQUESTED
    assert desk.withdraw(case.id, by="Ann").state is State.WITHDRAWN
    assert desk.run_due().done == 0
    assert cancels(simulator) == []


def test_a_recorded_wish_is_sent_by_whoever_runs_what_is_due(desk: Desk, simulator: McfSimulator) -> None:
    (case,) = desk.cancel(ORDER, by="Ann", send=False).cases
    assert cancels(simulator) == []
    assert desk.run_due().done == 1
    assert desk.case(case.id).state is State.ASKED


def test_what_was_sent_cannot_be_taken_back(desk: Desk) -> None:
    case = asked(desk)
    with pytest.raises(IllegalTransition):
        desk.withdraw(case.id, by="Ann")
    assert desk.case(case.id).state is State.ASKED


def test_a_named_person_may_send_again_what_is_unclear(desk: Desk, simulator: McfSimulator) -> None:
    simulator.faults.add(Fault.LOST_REPLY, method="PUT", path="/cancel$")
    case = asked(desk)
    assert desk.send_again(case.id, by="Ann").state is State.ASKED
    history = [entry.content for entry in desk.ledger.history(case.id)]
    sends = [event.person for event in history if isinstance(event, Event) and event.kind is EventKind.SEND]
    assert sends == [None, "Ann"]
    assert len(cancels(simulator)) == 2


def test_what_is_not_unclear_is_not_sent_again(desk: Desk, simulator: McfSimulator) -> None:
    case = asked(desk)
    with pytest.raises(IllegalTransition):
        desk.send_again(case.id, by="Ann")
    assert len(cancels(simulator)) == 1


# Reading back


def test_a_canceled_order_that_ships_all_the_same_is_an_alarm(desk: Desk, simulator: McfSimulator) -> None:
    simulator.set_switch("cancel_fate", "ignored")
    case = desk.confirm(asked(desk).id, by="Ann")
    wait(simulator, desk, hours(7).total_seconds() / 60)
    alarm = desk.case(desk.check(case.id).id)
    assert (alarm.state, alarm.status) == (State.SHIPPED_ANYWAY, "Complete")
    assert "stop the parcel" in str(alarm.remedy)
    assert not desk.receipt(ORDER).is_canceled


def test_reading_a_canceled_order_again_changes_nothing(desk: Desk, stage: SimulatedStage) -> None:
    asked(desk)
    case = stage.follow()
    again = desk.case(desk.check(case.id).id)
    assert (again.state, again.proof, again.due_at) == (State.CANCELED, case.proof, None)


def test_a_settled_refusal_is_not_read_back(desk: Desk) -> None:
    case = desk.refuse(asked(desk).id, by="Ann")
    with pytest.raises(NotAllowedError, match="while it is refused"):
        desk.check(case.id)


# Reports and receipts


def test_run_due_reports_what_it_did_and_what_is_next(desk: Desk, simulator: McfSimulator) -> None:
    asked(desk)
    early = desk.run_due()
    assert (early.done, early.next_due, early.problems) == (0, START + minutes(2), ())
    assert isinstance(simulator.clock, VirtualClock)
    simulator.clock.advance(minutes(2))
    assert desk.run_due(limit=0).done == 0
    assert (desk.run_due().done, desk.ledger.next_due()) == (1, START + minutes(4))
    simulator.clock.advance(minutes(2))
    assert desk.run_due().next_due is None


def test_the_receipt_tells_the_story_with_its_proof(desk: Desk, stage: SimulatedStage) -> None:
    asked(desk)
    stage.follow()
    receipt = desk.receipt(ORDER)
    (wish,) = receipt.wishes
    (told,) = wish.cases
    assert (wish.cancellation.asked_by, wish.cancellation.reason) == ("Ann", "customer asked")
    assert (told.title, told.route) == ("Amazon MCF", "button (asks)")
    assert [step.what.partition(" ")[0] if step.exchange else step.what for step in told.steps] == [
        "send",
        "PUT",
        "took note",
        "check",
        "GET",
        "still pending",
        "check",
        "GET",
        "canceled",
    ]
    assert [step.at for step in told.steps] == sorted(step.at for step in told.steps)
    assert told.proof is not None
    assert isinstance(told.proof.exchange, Exchange)
    assert told.proof.exchange.status == 200
    assert '"fulfillmentOrderStatus":"Cancelled"' in told.proof.exchange.body
    assert told.steps[-1].text == "the service says 'Cancelled'; MUG: 2 of 2 canceled, CAP: 1 of 1 canceled"


def test_the_receipt_holds_no_secret_and_no_address(desk: Desk, stage: SimulatedStage, simulator: McfSimulator) -> None:
    asked(desk)
    stage.follow()
    settings = simulator.settings("http://127.0.0.1")
    told = repr(desk.receipt(ORDER))
    assert "fulfillmentOrderStatus" in told
    for private in (settings["refresh_token"], settings["client_secret"], "Atza|", "1 Example Street"):
        assert private not in told


# Numbers that a service would mangle


def test_a_number_that_amazon_mangles_is_not_registered(desk: Desk) -> None:
    assert isinstance(desk.host, LocalHost)
    desk.host.import_orders([sample_order_elsewhere()], by="Ann")
    with pytest.raises(InputError, match=r"turns \+ into a space"):
        desk.place("A 7", at=MCF, by="Ann", remote_id="A+B")
    assert desk.host.placements("7") == ()


def test_a_mangled_number_that_is_there_already_goes_to_a_person(desk: Desk, simulator: McfSimulator) -> None:
    assert isinstance(desk.host, LocalHost)
    desk.host.import_orders([sample_order_elsewhere()], by="Ann")
    desk.host.place("7", Placement(MCF, "A+B", START, Role.FULFILLMENT), by="Ann")
    (case,) = desk.cancel("A 7", by="Ann").cases
    assert case.state is State.AWAITING_PERSON
    assert "turns + into a space" in str(case.text)
    assert cancels(simulator) == []
