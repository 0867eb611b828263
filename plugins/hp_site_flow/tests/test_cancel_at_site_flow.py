"""Canceling at Site Flow: read first, asked once, read back; and what was batched is never said to be unprinted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orderdesk_hp_site_flow.simulator import SiteFlowSimulator
from orderdesk_sdk.answer import Refusal
from orderdesk_sdk.case import ProofKind, State
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.errors import InputError
from orderdesk_sdk.exchange import Exchange
from orderdesk_sdk.testing.faults import Fault
from orderdesk_sdk.testing.stage import LINES, ORDER, SimulatedStage, simulated

Opener = Callable[..., SimulatedStage]
BATCHED = "may still be produced"
NEVER_SAID = ("will not be printed", "will not be produced", "not printed")


def calls(stage: SimulatedStage) -> list[str]:
    return [f"{seen.method} {seen.path}" for seen in stage.tap.requests]


def told(stage: SimulatedStage) -> str:
    """Everything that the receipt tells a person of the case."""
    receipt = stage.receipt
    return " | ".join([str(receipt.case.text), *(str(step.text) for step in receipt.steps)])


def test_a_cancel_is_read_first_sent_by_its_own_id_and_proved_by_reading_back(
    stage: SimulatedStage, site: SiteFlowSimulator
) -> None:
    site.add_order(ORDER, lines=LINES)
    assert stage.cancel().state is State.ASKED
    case = stage.follow()
    assert (case.state, case.status, site.truth(ORDER)) == (State.CANCELED, "cancelled", "cancelled")
    assert case.proof is not None
    assert case.proof.kind is ProofKind.READ_BACK
    read, cancel, again = calls(stage)
    assert read == again == "GET /api/order/bysourceid/1042"
    assert cancel.startswith("PUT /api/order/")
    assert cancel.endswith("/cancel")
    assert len(cancel.split("/")[3]) == 24
    assert stage.tap.requests[1].body == b""


@pytest.mark.parametrize("status", ["pending", "dataready"])
def test_a_cancel_before_production_carries_no_warning(
    stage: SimulatedStage, site: SiteFlowSimulator, status: str
) -> None:
    site.add_order(ORDER, lines=LINES)
    stage.tap.edit = lambda _seen, body: body.replace(b'"dataready"', f'"{status}"'.encode())
    stage.cancel()
    assert stage.follow().text is None
    assert BATCHED not in told(stage)


@pytest.mark.parametrize("status", ["printready", "complete", "error"])
def test_a_cancel_after_production_may_have_begun_warns_in_case_and_receipt(
    stage: SimulatedStage, site: SiteFlowSimulator, status: str
) -> None:
    site.add_order(ORDER, lines=LINES, status=status)
    asked = stage.cancel()
    assert f"it was {status} before" in str(asked.text)
    case = stage.follow()
    assert case.state is State.CANCELED
    for text in (str(asked.text), str(case.text)):
        assert BATCHED in text
    assert told(stage).count(BATCHED) >= 2
    assert [words for words in NEVER_SAID if words in told(stage)] == []


def test_what_the_floor_made_all_the_same_is_covered_by_the_warning(
    stage: SimulatedStage, site: SiteFlowSimulator
) -> None:
    site.set_switch("batched", "produced anyway")
    site.add_order(ORDER, lines=LINES, status="printready")
    assert isinstance(site.clock, VirtualClock)
    site.clock.advance(minutes(31))
    stage.cancel()
    case = stage.follow()
    assert (case.state, site.truth(ORDER), site.produced(ORDER)) == (State.CANCELED, "cancelled", True)
    assert BATCHED in str(case.text)


def test_the_plan_warns_before_anybody_presses(stage: SimulatedStage) -> None:
    (entry,) = stage.desk.plan(ORDER).entries
    assert BATCHED in str(entry.steps[0].note)


def test_a_shipped_order_is_refused_and_not_asked(stage: SimulatedStage, site: SiteFlowSimulator) -> None:
    site.add_order(ORDER, lines=LINES, status="shipped")
    case = stage.cancel()
    assert (case.state, case.refusal, case.status) == (State.REFUSED, Refusal.SHIPPED, "shipped")
    assert not any(call.startswith("PUT") for call in calls(stage))


def test_an_order_that_somebody_else_canceled_is_canceled_and_not_asked_again(
    stage: SimulatedStage, site: SiteFlowSimulator
) -> None:
    site.add_order(ORDER, lines=LINES, status="cancelled")
    stage.cancel()
    case = stage.follow()
    assert case.state is State.CANCELED
    assert not any(call.startswith("PUT") for call in calls(stage))
    assert "nobody knows how far it was before" in str(case.text)


@pytest.mark.parametrize("status", ["400", "409"])
def test_an_order_that_ships_between_reading_and_asking_is_refused_by_what_is_read_then(
    stage: SimulatedStage, site: SiteFlowSimulator, status: str
) -> None:
    site.set_switch("shipped_cancel", status)
    site.add_order(ORDER, lines=LINES, status="shipped")
    stage.tap.edit = as_complete_once(stage)
    case = stage.cancel()
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.SHIPPED)
    assert [call.split("/")[0] for call in calls(stage)] == ["GET ", "PUT ", "GET "]


def test_a_2xx_for_a_shipped_order_is_not_a_cancellation(stage: SimulatedStage, site: SiteFlowSimulator) -> None:
    site.set_switch("shipped_cancel", "200")
    site.add_order(ORDER, lines=LINES, status="shipped")
    stage.tap.edit = as_complete_once(stage)
    assert stage.cancel().state is State.ASKED
    case = stage.follow()
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.SHIPPED)


def test_a_cancel_that_is_taken_and_ignored_ends_as_shipped(stage: SimulatedStage, site: SiteFlowSimulator) -> None:
    site.set_switch("fate", "ignored")
    site.add_order(ORDER, lines=LINES)
    assert stage.cancel().state is State.ASKED
    case = stage.follow()
    assert (case.state, case.refusal, site.truth(ORDER)) == (State.REFUSED, Refusal.SHIPPED, "shipped")


def as_complete_once(stage: SimulatedStage) -> Callable[..., bytes]:
    """The first answer says complete, so that the order ships unseen."""

    def edit(_seen: object, body: bytes) -> bytes:
        return body.replace(b'"shipped"', b'"complete"') if len(stage.tap.requests) == 1 else body

    return edit


@pytest.mark.parametrize("twice", ["again", "error"])
def test_a_cancel_whose_reply_was_lost_is_read_back_and_not_sent_again(
    stage: SimulatedStage, site: SiteFlowSimulator, twice: str
) -> None:
    site.set_switch("cancel_twice", twice)
    site.add_order(ORDER, lines=LINES)
    site.faults.add(Fault.LOST_REPLY, method="PUT")
    assert stage.cancel().state is State.UNCLEAR
    case = stage.follow()
    assert case.state is State.CANCELED
    assert len([call for call in calls(stage) if call.startswith("PUT")]) == 1
    assert "nobody knows how far it was before" in str(case.text)


def test_a_cancel_that_never_arrived_is_sent_again_after_reading_back(
    stage: SimulatedStage, site: SiteFlowSimulator
) -> None:
    site.add_order(ORDER, lines=LINES)
    site.faults.add(Fault.SERVER_ERROR_HTML, method="PUT")
    assert stage.cancel().state is State.UNCLEAR
    assert stage.follow().state is State.CANCELED
    assert site.truth(ORDER) == "cancelled"


def test_a_status_read_before_the_cancel_that_was_lost_does_not_rule_out_production(
    stage: SimulatedStage, site: SiteFlowSimulator
) -> None:
    site.add_order(ORDER, lines=LINES)
    at = stage.clock.now()
    stage.desk.host.note_status(stage.desk.host.order(ORDER).id, stage.connection, "dataready", at)
    stage.wait_for(at + minutes(25))
    assert site.truth(ORDER) == "printready"
    site.faults.add(Fault.LOST_REPLY, method="PUT")
    stage.cancel()
    case = stage.follow()
    assert case.state is State.CANCELED
    assert BATCHED in str(case.text)


@pytest.mark.parametrize("shape", ["object", "list", "wrapped"])
@pytest.mark.parametrize("body", ["order", "success", "empty"])
def test_every_reading_of_what_is_undocumented_ends_the_same(
    stage: SimulatedStage, site: SiteFlowSimulator, shape: str, body: str
) -> None:
    site.set_switch("found", shape)
    site.set_switch("cancel_body", body)
    site.add_order(ORDER, lines=LINES)
    assert stage.cancel().state is (State.UNCLEAR if body == "empty" else State.ASKED)
    assert stage.follow().state is State.CANCELED


@pytest.mark.parametrize("said", ["", "<html>", "[]", '{"error": {"code": 1, "message": "no"}}'])
def test_a_2xx_that_does_not_tell_is_unclear_and_read_back(
    stage: SimulatedStage, site: SiteFlowSimulator, said: str
) -> None:
    site.add_order(ORDER, lines=LINES)
    stage.tap.instead = lambda seen: (200, said) if seen.method == "PUT" else None
    assert stage.cancel().state is State.UNCLEAR
    stage.tap.instead = None
    assert stage.follow().state is State.CANCELED


def test_a_gateway_that_gave_up_does_not_make_us_forget_how_far_the_order_was(
    stage: SimulatedStage, site: SiteFlowSimulator
) -> None:
    site.add_order(ORDER, lines=LINES, status="complete")
    site.faults.add(Fault.SERVER_ERROR_HTML_AFTER, method="PUT")
    assert stage.cancel().state is State.UNCLEAR
    assert "it was complete before" in str(stage.follow().text)


def test_an_order_without_an_id_of_its_own_is_canceled_by_source_and_number(
    stage: SimulatedStage, site: SiteFlowSimulator
) -> None:
    site.add_order(ORDER, lines=LINES)
    stage.tap.edit = lambda seen, body: body.replace(b'"_id"', b'"x"') if seen.method == "GET" else body
    stage.cancel()
    assert calls(stage)[1] == "PUT /api/order/simulated-brand/1042/cancel"
    assert stage.follow().state is State.CANCELED


@pytest.mark.parametrize("unknown", ["404", "empty list"])
def test_an_order_that_is_not_found_is_asked_for_by_source_and_then_tried_again_later(
    stage: SimulatedStage, site: SiteFlowSimulator, unknown: str
) -> None:
    site.set_switch("unknown", unknown)
    case = stage.cancel()
    assert (case.state, case.proof) == (State.REQUESTED, None)
    assert "does not know the order 1042 (yet)" in str(case.text)
    assert "source_account" in str(case.remedy)
    assert "PUT /api/order/simulated-brand/1042/cancel" in calls(stage)
    site.add_order(ORDER, lines=LINES)
    assert stage.follow().state is State.CANCELED


def test_an_order_that_never_comes_in_goes_to_a_person(stage: SimulatedStage) -> None:
    stage.cancel()
    assert stage.follow().state is State.AWAITING_PERSON


def test_several_orders_of_one_number_are_never_guessed_between(stage: SimulatedStage, site: SiteFlowSimulator) -> None:
    site.set_switch("found", "list")
    site.add_order(ORDER, lines=LINES)
    stage.tap.edit = lambda seen, body: b"[" + body[1:-1] + b"," + body[1:] if seen.method == "GET" else body
    case = stage.cancel()
    assert case.state is State.REQUESTED
    assert "not the one order 1042" in str(case.text)
    assert site.truth(ORDER) == "dataready"


def test_another_order_is_never_canceled_in_its_place(stage: SimulatedStage, site: SiteFlowSimulator) -> None:
    site.add_order(ORDER, lines=LINES)
    stage.tap.edit = lambda seen, body: body.replace(b'"1042"', b'"1043"') if seen.method == "GET" else body
    assert stage.cancel().state is State.REQUESTED
    assert site.truth(ORDER) == "dataready"


def test_a_status_that_nobody_documents_is_unclear_and_stays_as_it_is_spelled(
    stage: SimulatedStage, site: SiteFlowSimulator
) -> None:
    site.add_order(ORDER, lines=LINES)
    stage.cancel()
    stage.tap.edit = lambda _seen, body: body.replace(b'"cancelled"', b'"Being Cancelled"')
    stage.wait_for(stage.case.due_at or stage.clock.now())
    case = stage.run_due()
    assert (case.state, case.status) == (State.ASKED, "Being Cancelled")
    assert "not a documented status: 'Being Cancelled'" in str(case.text)


def test_a_status_that_nobody_documents_does_not_keep_the_cancel_from_being_asked(
    stage: SimulatedStage, site: SiteFlowSimulator
) -> None:
    site.add_order(ORDER, lines=LINES)
    stage.tap.edit = lambda _seen, body: body.replace(b'"dataready"', b'"On Hold"')
    asked = stage.cancel()
    assert (asked.state, asked.status, site.truth(ORDER)) == (State.ASKED, "On Hold", "cancelled")
    assert f"it was On Hold before: what was batched by then {BATCHED}" in str(asked.text)
    assert stage.follow().state is State.CANCELED


@pytest.mark.parametrize("spelling", ["Cancelled", "CANCELLED", "canceled"])
def test_a_status_is_read_in_any_spelling(stage: SimulatedStage, site: SiteFlowSimulator, spelling: str) -> None:
    site.add_order(ORDER, lines=LINES)
    stage.tap.edit = lambda _seen, body: body.replace(b'"cancelled"', f'"{spelling}"'.encode())
    stage.cancel()
    case = stage.follow()
    assert (case.state, case.status) == (State.CANCELED, spelling)


@pytest.mark.parametrize("changed", [{"token": "another-token"}, {"api_secret": "another-secret"}])
def test_who_is_not_let_in_did_nothing_and_is_told_what_to_check(
    open_stage: Opener, site: SiteFlowSimulator, changed: dict[str, str]
) -> None:
    site.add_order(ORDER, lines=LINES)
    stage = open_stage(**changed)
    case = stage.cancel()
    assert (case.state, site.truth(ORDER)) == (State.REQUESTED, "dataready")
    assert "check token, secret and source_account" in str(case.remedy)


@pytest.mark.parametrize(("status", "said"), [(401, "let us in"), (403, "let us in"), (429, "too many calls")])
def test_a_cancel_that_is_turned_away_is_told_as_such_and_nothing_is_read_for_it(
    stage: SimulatedStage, site: SiteFlowSimulator, status: int, said: str
) -> None:
    site.add_order(ORDER, lines=LINES)
    stage.tap.instead = lambda seen: (status, "{}") if seen.method == "PUT" else None
    case = stage.cancel()
    assert (case.state, site.truth(ORDER)) == (State.REQUESTED, "dataready")
    assert said in str(case.text)
    assert [call for call in calls(stage) if call.startswith("GET")] == calls(stage)[:1]


def test_too_many_calls_of_a_minute_are_made_in_the_next_ones() -> None:
    site = SiteFlowSimulator(VirtualClock(), quota=1)
    site.add_order(ORDER, lines=LINES)
    with simulated("hp-site-flow", site) as stage:
        stage.cancel()
        assert stage.follow().state is State.CANCELED
    assert "refused: too many requests" in [record.effect for record in site.log]


@pytest.mark.parametrize("fault", [Fault.OK_HTML, Fault.OK_EMPTY, Fault.WRONG_TYPES, Fault.MALFORMED_JSON])
def test_a_read_that_is_no_order_cancels_nothing(stage: SimulatedStage, site: SiteFlowSimulator, fault: Fault) -> None:
    site.add_order(ORDER, lines=LINES)
    site.faults.add(fault, method="GET")
    assert stage.cancel().state is State.REQUESTED
    assert site.truth(ORDER) == "dataready"
    assert stage.follow().state is State.CANCELED


@pytest.mark.parametrize("number", ["10+42", "10/42", "..", "10\\42"])
def test_a_number_that_may_not_come_through_is_not_taken(site: SiteFlowSimulator, number: str) -> None:
    with pytest.raises(InputError, match="may not come through"), simulated("hp-site-flow", site, order=number):
        pass
    assert site.log == []


def test_a_number_with_blanks_and_accents_is_signed_and_canceled(site: SiteFlowSimulator) -> None:
    number = "Käse #1 50%"
    site.add_order(number, lines=LINES)
    with simulated("hp-site-flow", site, order=number) as stage:
        stage.cancel()
        assert stage.follow().state is State.CANCELED


def test_evidence_keeps_neither_credentials_nor_people(stage: SimulatedStage, site: SiteFlowSimulator) -> None:
    site.add_order(ORDER, lines=LINES)
    stage.cancel()
    stage.follow()
    history = stage.desk.ledger.history(stage.case.id)
    exchanges = [entry.content for entry in history if isinstance(entry.content, Exchange)]
    assert len(exchanges) == 3
    assert {name for one in exchanges for name in one.headers} == {"content-type"}
    signatures = [seen.headers["x-oneflow-authorization"].partition(":")[2] for seen in stage.tap.requests]
    kept = f"{history} {stage.receipt}"
    assert [text for text in ("simulated-token", "simulated-site-flow-secret", *signatures) if text in kept] == []
    redactor = stage.desk.connections.get(stage.connection).client.redactor
    assert [name for name in ("shipTo", "returnAddress", "customerName", "email") if not redactor.denies(name)] == []
