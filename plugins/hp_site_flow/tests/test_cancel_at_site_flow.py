"""Canceling at Site Flow: read first, asked once, polled; and what was batched is never said to be unprinted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import LINES, ORDER, SimulatedHarness
from orderdesk_hp_site_flow.simulator import SiteFlowSimulator
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.plugin.answer import Rejection

integration = "hp-site-flow"
BATCHED = "may still be produced"
NEVER_SAID = ("will not be printed", "will not be produced", "not printed")


def told(harness: SimulatedHarness) -> str:
    """Everything that the receipt tells a person of the case."""
    receipt = harness.receipt
    return " | ".join([str(receipt.case.message), *(str(step.message) for step in receipt.history)])


@pytest.mark.parametrize("status", ["pending", "dataready"])
def test_a_cancel_before_production_carries_no_warning(
    harness: SimulatedHarness, simulator: SiteFlowSimulator, status: str
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    harness.recorder.edit_response = lambda _seen, body: body.replace(b'"dataready"', f'"{status}"'.encode())
    harness.cancel()
    assert harness.follow_up().message is None
    assert BATCHED not in told(harness)


@pytest.mark.parametrize("status", ["printready", "complete", "error"])
def test_a_cancel_after_production_may_have_begun_warns_in_case_and_receipt(
    harness: SimulatedHarness, simulator: SiteFlowSimulator, status: str
) -> None:
    simulator.add_order(ORDER, lines=LINES, status=status)
    asked = harness.cancel()
    assert f"it was {status} before" in str(asked.message)
    case = harness.follow_up()
    assert case.state is State.CANCELED
    for text in (str(asked.message), str(case.message)):
        assert BATCHED in text
    assert told(harness).count(BATCHED) >= 2
    assert [words for words in NEVER_SAID if words in told(harness)] == []


def test_what_the_floor_made_all_the_same_is_covered_by_the_warning(
    harness: SimulatedHarness, simulator: SiteFlowSimulator
) -> None:
    simulator.set_option("batched", "produced anyway")
    simulator.add_order(ORDER, lines=LINES, status="printready")
    assert isinstance(simulator.clock, VirtualClock)
    simulator.clock.advance(minutes(31))
    harness.cancel()
    case = harness.follow_up()
    assert (case.state, simulator.actual_status(ORDER), simulator.produced(ORDER)) == (
        State.CANCELED,
        "cancelled",
        True,
    )
    assert BATCHED in str(case.message)


def test_the_plan_warns_before_anybody_presses(harness: SimulatedHarness) -> None:
    (entry,) = harness.desk.cancellations.plan(ORDER).entries
    assert BATCHED in str(entry.steps[0].warning)


@pytest.mark.parametrize("status", ["400", "409"])
def test_an_order_that_ships_between_reading_and_asking_is_refused_by_what_is_read_then(
    harness: SimulatedHarness, simulator: SiteFlowSimulator, status: str
) -> None:
    simulator.set_option("shipped_cancel", status)
    simulator.add_order(ORDER, lines=LINES, status="shipped")
    harness.recorder.edit_response = as_complete_once(harness)
    case = harness.cancel()
    assert (case.state, case.rejection) == (State.REJECTED, Rejection.SHIPPED)
    assert [call.split("/")[0] for call in harness.sent] == ["GET ", "PUT ", "GET "]


def test_a_2xx_for_a_shipped_order_is_not_a_cancellation(
    harness: SimulatedHarness, simulator: SiteFlowSimulator
) -> None:
    simulator.set_option("shipped_cancel", "200")
    simulator.add_order(ORDER, lines=LINES, status="shipped")
    harness.recorder.edit_response = as_complete_once(harness)
    assert harness.cancel().state is State.ACKNOWLEDGED
    case = harness.follow_up()
    assert (case.state, case.rejection) == (State.REJECTED, Rejection.SHIPPED)


def as_complete_once(harness: SimulatedHarness) -> Callable[..., bytes]:
    """The first answer says complete, so that the order ships unseen."""

    def edit(_seen: object, body: bytes) -> bytes:
        return body.replace(b'"shipped"', b'"complete"') if len(harness.recorder.requests) == 1 else body

    return edit


@pytest.mark.parametrize("twice", ["again", "error"])
def test_a_cancel_whose_reply_was_lost_is_read_back_and_not_sent_again(
    harness: SimulatedHarness, simulator: SiteFlowSimulator, twice: str
) -> None:
    simulator.set_option("cancel_twice", twice)
    simulator.add_order(ORDER, lines=LINES)
    simulator.faults.add(Fault.LOST_RESPONSE, method="PUT")
    assert harness.cancel().state is State.UNKNOWN
    case = harness.follow_up()
    assert case.state is State.CANCELED
    assert len([call for call in harness.sent if call.startswith("PUT")]) == 1
    assert "nobody knows how far it was before" in str(case.message)


def test_a_status_read_before_the_cancel_that_was_lost_does_not_rule_out_production(
    harness: SimulatedHarness, simulator: SiteFlowSimulator
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    at = harness.clock.now()
    harness.desk.order_store.record_status(
        harness.desk.order_store.get_order(ORDER).id, harness.connection, "dataready", at
    )
    harness.wait_for(at + minutes(25))
    assert simulator.actual_status(ORDER) == "printready"
    simulator.faults.add(Fault.LOST_RESPONSE, method="PUT")
    harness.cancel()
    case = harness.follow_up()
    assert case.state is State.CANCELED
    assert BATCHED in str(case.message)


@pytest.mark.parametrize("shape", ["object", "list", "wrapped"])
@pytest.mark.parametrize("body", ["order", "success", "empty"])
def test_every_reading_of_what_is_undocumented_ends_the_same(
    harness: SimulatedHarness, simulator: SiteFlowSimulator, shape: str, body: str
) -> None:
    simulator.set_option("found", shape)
    simulator.set_option("cancel_body", body)
    simulator.add_order(ORDER, lines=LINES)
    assert harness.cancel().state is (State.UNKNOWN if body == "empty" else State.ACKNOWLEDGED)
    assert harness.follow_up().state is State.CANCELED


@pytest.mark.parametrize("said", ["[]", '{"error": {"code": 1, "message": "no"}}'])
def test_a_2xx_that_does_not_tell_is_unclear_and_read_back(
    harness: SimulatedHarness, simulator: SiteFlowSimulator, said: str
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    harness.recorder.override = lambda seen: (200, said) if seen.method == "PUT" else None
    assert harness.cancel().state is State.UNKNOWN
    harness.recorder.override = None
    assert harness.follow_up().state is State.CANCELED


def test_a_gateway_that_gave_up_does_not_make_us_forget_how_far_the_order_was(
    harness: SimulatedHarness, simulator: SiteFlowSimulator
) -> None:
    simulator.add_order(ORDER, lines=LINES, status="complete")
    simulator.faults.add(Fault.SERVER_ERROR_HTML_AFTER, method="PUT")
    assert harness.cancel().state is State.UNKNOWN
    assert "it was complete before" in str(harness.follow_up().message)


def test_a_status_that_nobody_documents_is_unclear_and_stays_as_it_is_spelled(
    harness: SimulatedHarness, simulator: SiteFlowSimulator
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    harness.cancel()
    harness.recorder.edit_response = lambda _seen, body: body.replace(b'"cancelled"', b'"Being Cancelled"')
    harness.wait_for(harness.case.due_at or harness.clock.now())
    case = harness.run_due()
    assert (case.state, case.service_status) == (State.ACKNOWLEDGED, "Being Cancelled")
    assert "not a documented status: 'Being Cancelled'" in str(case.message)


def test_a_status_that_nobody_documents_does_not_keep_the_cancel_from_being_asked(
    harness: SimulatedHarness, simulator: SiteFlowSimulator
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    harness.recorder.edit_response = lambda _seen, body: body.replace(b'"dataready"', b'"On Hold"')
    asked = harness.cancel()
    assert (asked.state, asked.service_status, simulator.actual_status(ORDER)) == (
        State.ACKNOWLEDGED,
        "On Hold",
        "cancelled",
    )
    assert f"it was On Hold before: what was batched by then {BATCHED}" in str(asked.message)
    assert harness.follow_up().state is State.CANCELED


@pytest.mark.parametrize("spelling", ["Cancelled", "CANCELLED", "canceled"])
def test_a_status_is_read_in_any_spelling(
    harness: SimulatedHarness, simulator: SiteFlowSimulator, spelling: str
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    harness.recorder.edit_response = lambda _seen, body: body.replace(b'"cancelled"', f'"{spelling}"'.encode())
    harness.cancel()
    case = harness.follow_up()
    assert (case.state, case.service_status) == (State.CANCELED, spelling)


def test_evidence_keeps_neither_signatures_nor_people(harness: SimulatedHarness, simulator: SiteFlowSimulator) -> None:
    simulator.add_order(ORDER, lines=LINES)
    harness.cancel()
    harness.follow_up()
    history = harness.desk.ledger.history(harness.case.id)
    exchanges = [entry.content for entry in history if isinstance(entry.content, Exchange)]
    assert len(exchanges) == 3
    assert {name for one in exchanges for name in one.headers} == {"content-type"}
    signatures = [seen.headers["x-oneflow-authorization"].partition(":")[2] for seen in harness.recorder.requests]
    kept = f"{history} {harness.receipt}"
    assert [text for text in signatures if text in kept] == []
    redactor = harness.desk.connections.get(harness.connection).client.redactor
    assert [
        name for name in ("shipTo", "returnAddress", "customerName", "email") if not redactor.is_redacted(name)
    ] == []
