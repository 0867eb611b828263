"""Canceling at Site Flow: read first, asked once, read back; and what was batched is never said to be unprinted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import LINES, ORDER, SimulatedStage
from orderdesk_hp_site_flow.simulator import SiteFlowSimulator
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.plugin.answer import Refusal

integration = "hp-site-flow"
BATCHED = "may still be produced"
NEVER_SAID = ("will not be printed", "will not be produced", "not printed")


def told(stage: SimulatedStage) -> str:
    """Everything that the receipt tells a person of the case."""
    receipt = stage.receipt
    return " | ".join([str(receipt.case.text), *(str(step.text) for step in receipt.steps)])


@pytest.mark.parametrize("status", ["pending", "dataready"])
def test_a_cancel_before_production_carries_no_warning(
    stage: SimulatedStage, simulator: SiteFlowSimulator, status: str
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    stage.tap.edit = lambda _seen, body: body.replace(b'"dataready"', f'"{status}"'.encode())
    stage.cancel()
    assert stage.follow().text is None
    assert BATCHED not in told(stage)


@pytest.mark.parametrize("status", ["printready", "complete", "error"])
def test_a_cancel_after_production_may_have_begun_warns_in_case_and_receipt(
    stage: SimulatedStage, simulator: SiteFlowSimulator, status: str
) -> None:
    simulator.add_order(ORDER, lines=LINES, status=status)
    asked = stage.cancel()
    assert f"it was {status} before" in str(asked.text)
    case = stage.follow()
    assert case.state is State.CANCELED
    for text in (str(asked.text), str(case.text)):
        assert BATCHED in text
    assert told(stage).count(BATCHED) >= 2
    assert [words for words in NEVER_SAID if words in told(stage)] == []


def test_what_the_floor_made_all_the_same_is_covered_by_the_warning(
    stage: SimulatedStage, simulator: SiteFlowSimulator
) -> None:
    simulator.set_switch("batched", "produced anyway")
    simulator.add_order(ORDER, lines=LINES, status="printready")
    assert isinstance(simulator.clock, VirtualClock)
    simulator.clock.advance(minutes(31))
    stage.cancel()
    case = stage.follow()
    assert (case.state, simulator.truth(ORDER), simulator.produced(ORDER)) == (State.CANCELED, "cancelled", True)
    assert BATCHED in str(case.text)


def test_the_plan_warns_before_anybody_presses(stage: SimulatedStage) -> None:
    (entry,) = stage.desk.plan(ORDER).entries
    assert BATCHED in str(entry.steps[0].note)


@pytest.mark.parametrize("status", ["400", "409"])
def test_an_order_that_ships_between_reading_and_asking_is_refused_by_what_is_read_then(
    stage: SimulatedStage, simulator: SiteFlowSimulator, status: str
) -> None:
    simulator.set_switch("shipped_cancel", status)
    simulator.add_order(ORDER, lines=LINES, status="shipped")
    stage.tap.edit = as_complete_once(stage)
    case = stage.cancel()
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.SHIPPED)
    assert [call.split("/")[0] for call in stage.sent] == ["GET ", "PUT ", "GET "]


def test_a_2xx_for_a_shipped_order_is_not_a_cancellation(stage: SimulatedStage, simulator: SiteFlowSimulator) -> None:
    simulator.set_switch("shipped_cancel", "200")
    simulator.add_order(ORDER, lines=LINES, status="shipped")
    stage.tap.edit = as_complete_once(stage)
    assert stage.cancel().state is State.ASKED
    case = stage.follow()
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.SHIPPED)


def as_complete_once(stage: SimulatedStage) -> Callable[..., bytes]:
    """The first answer says complete, so that the order ships unseen."""

    def edit(_seen: object, body: bytes) -> bytes:
        return body.replace(b'"shipped"', b'"complete"') if len(stage.tap.requests) == 1 else body

    return edit


@pytest.mark.parametrize("twice", ["again", "error"])
def test_a_cancel_whose_reply_was_lost_is_read_back_and_not_sent_again(
    stage: SimulatedStage, simulator: SiteFlowSimulator, twice: str
) -> None:
    simulator.set_switch("cancel_twice", twice)
    simulator.add_order(ORDER, lines=LINES)
    simulator.faults.add(Fault.LOST_REPLY, method="PUT")
    assert stage.cancel().state is State.UNCLEAR
    case = stage.follow()
    assert case.state is State.CANCELED
    assert len([call for call in stage.sent if call.startswith("PUT")]) == 1
    assert "nobody knows how far it was before" in str(case.text)


def test_a_status_read_before_the_cancel_that_was_lost_does_not_rule_out_production(
    stage: SimulatedStage, simulator: SiteFlowSimulator
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    at = stage.clock.now()
    stage.desk.host.note_status(stage.desk.host.order(ORDER).id, stage.connection, "dataready", at)
    stage.wait_for(at + minutes(25))
    assert simulator.truth(ORDER) == "printready"
    simulator.faults.add(Fault.LOST_REPLY, method="PUT")
    stage.cancel()
    case = stage.follow()
    assert case.state is State.CANCELED
    assert BATCHED in str(case.text)


@pytest.mark.parametrize("shape", ["object", "list", "wrapped"])
@pytest.mark.parametrize("body", ["order", "success", "empty"])
def test_every_reading_of_what_is_undocumented_ends_the_same(
    stage: SimulatedStage, simulator: SiteFlowSimulator, shape: str, body: str
) -> None:
    simulator.set_switch("found", shape)
    simulator.set_switch("cancel_body", body)
    simulator.add_order(ORDER, lines=LINES)
    assert stage.cancel().state is (State.UNCLEAR if body == "empty" else State.ASKED)
    assert stage.follow().state is State.CANCELED


@pytest.mark.parametrize("said", ["[]", '{"error": {"code": 1, "message": "no"}}'])
def test_a_2xx_that_does_not_tell_is_unclear_and_read_back(
    stage: SimulatedStage, simulator: SiteFlowSimulator, said: str
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    stage.tap.instead = lambda seen: (200, said) if seen.method == "PUT" else None
    assert stage.cancel().state is State.UNCLEAR
    stage.tap.instead = None
    assert stage.follow().state is State.CANCELED


def test_a_gateway_that_gave_up_does_not_make_us_forget_how_far_the_order_was(
    stage: SimulatedStage, simulator: SiteFlowSimulator
) -> None:
    simulator.add_order(ORDER, lines=LINES, status="complete")
    simulator.faults.add(Fault.SERVER_ERROR_HTML_AFTER, method="PUT")
    assert stage.cancel().state is State.UNCLEAR
    assert "it was complete before" in str(stage.follow().text)


def test_a_status_that_nobody_documents_is_unclear_and_stays_as_it_is_spelled(
    stage: SimulatedStage, simulator: SiteFlowSimulator
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    stage.cancel()
    stage.tap.edit = lambda _seen, body: body.replace(b'"cancelled"', b'"Being Cancelled"')
    stage.wait_for(stage.case.due_at or stage.clock.now())
    case = stage.run_due()
    assert (case.state, case.status) == (State.ASKED, "Being Cancelled")
    assert "not a documented status: 'Being Cancelled'" in str(case.text)


def test_a_status_that_nobody_documents_does_not_keep_the_cancel_from_being_asked(
    stage: SimulatedStage, simulator: SiteFlowSimulator
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    stage.tap.edit = lambda _seen, body: body.replace(b'"dataready"', b'"On Hold"')
    asked = stage.cancel()
    assert (asked.state, asked.status, simulator.truth(ORDER)) == (State.ASKED, "On Hold", "cancelled")
    assert f"it was On Hold before: what was batched by then {BATCHED}" in str(asked.text)
    assert stage.follow().state is State.CANCELED


@pytest.mark.parametrize("spelling", ["Cancelled", "CANCELLED", "canceled"])
def test_a_status_is_read_in_any_spelling(stage: SimulatedStage, simulator: SiteFlowSimulator, spelling: str) -> None:
    simulator.add_order(ORDER, lines=LINES)
    stage.tap.edit = lambda _seen, body: body.replace(b'"cancelled"', f'"{spelling}"'.encode())
    stage.cancel()
    case = stage.follow()
    assert (case.state, case.status) == (State.CANCELED, spelling)


def test_evidence_keeps_neither_signatures_nor_people(stage: SimulatedStage, simulator: SiteFlowSimulator) -> None:
    simulator.add_order(ORDER, lines=LINES)
    stage.cancel()
    stage.follow()
    history = stage.desk.ledger.history(stage.case.id)
    exchanges = [entry.content for entry in history if isinstance(entry.content, Exchange)]
    assert len(exchanges) == 3
    assert {name for one in exchanges for name in one.headers} == {"content-type"}
    signatures = [seen.headers["x-oneflow-authorization"].partition(":")[2] for seen in stage.tap.requests]
    kept = f"{history} {stage.receipt}"
    assert [text for text in signatures if text in kept] == []
    redactor = stage.desk.connections.get(stage.connection).client.redactor
    assert [name for name in ("shipTo", "returnAddress", "customerName", "email") if not redactor.denies(name)] == []
