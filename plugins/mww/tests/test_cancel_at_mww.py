"""Canceling at MWW: the plugin through a desk, before the simulator on a real socket, by a clock that tests move on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

import orderdesk_mww
from orderdesk_mww.account import MwwSettings
from orderdesk_mww.simulator import MwwSimulator, State
from orderdesk_sdk.answer import Answer, Outcome, Refusal
from orderdesk_sdk.case import Case, ProofKind
from orderdesk_sdk.case import State as CaseState
from orderdesk_sdk.clock import VirtualClock, hours, minutes, seconds
from orderdesk_sdk.declaration import Always, Button, ByCheck, Email, SinceSubmission
from orderdesk_sdk.desk import Desk
from orderdesk_sdk.exchange import Exchange
from orderdesk_sdk.http.service import Service
from orderdesk_sdk.order import Order, Placement, Role
from orderdesk_sdk.request import CheckRequest
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.testing.faults import Fault

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
ORDER = "1042"
LINES = (("PILLOW", 2),)
NO_LIMIT = {"cancel_window": "no limit"}

Opener = Callable[..., Desk]


def advance(mww: MwwSimulator, by: timedelta) -> None:
    assert isinstance(mww.clock, VirtualClock)
    mww.clock.advance(by)


def asked(desk: Desk) -> Case:
    (case,) = desk.cancel(ORDER, by="Ann", reason="customer asked").cases
    return case


def follow(desk: Desk, mww: MwwSimulator, case: Case) -> Case:
    """Do what is due, letting time pass, until the case is settled or a person has it."""
    for _ in range(200):
        now = desk.case(case.id)
        if now.due_at is None or now.state is CaseState.AWAITING_PERSON:
            return now
        mww.clock.sleep_until(mww.clock.monotonic() + (now.due_at - mww.clock.now()).total_seconds())
        assert desk.run_due().problems == ()
    raise AssertionError(f"still {desk.case(case.id).state}")


def calls(mww: MwwSimulator) -> list[str]:
    return [record.operation for record in mww.log if record.operation not in ("life cycle", "add_order")]


# The declaration


def test_the_button_has_two_minutes_by_order_desks_guide_and_no_limit_by_mwws_text(open_desk: Opener) -> None:
    button, mail = open_desk().connections.get("print").integration.cancel
    assert isinstance(button, Button)
    assert button.window == SinceSubmission(minutes(2))
    assert button.climbs == {Refusal.TOO_LATE, Refusal.NOT_ALLOWED}
    assert isinstance(button.confirm, ByCheck)
    assert mail == Email("cancel_email_to", "cancel_email_subject", "cancel_email_body")
    unlimited, _ = open_desk(**NO_LIMIT).connections.get("print").integration.cancel
    assert unlimited.window == Always()


def test_the_plan_says_button_then_email(open_desk: Opener) -> None:
    (entry,) = open_desk().plan(ORDER).entries
    assert ([step.label for step in entry.steps], entry.chosen) == (["button (asks)", "e-mail"], 0)
    assert entry.steps[0].opening.until is not None


def test_an_address_for_mails_is_required(open_desk: Opener) -> None:
    desk = open_desk(without="cancel_email_to")
    assert "cancel_email_to: is missing" in str(desk.connections.integration("print"))


# What MWW answers


def test_a_taken_request_is_asked_and_canceled_by_read_back_only(open_desk: Opener, mww: MwwSimulator) -> None:
    mww.set_switch("window", "early")
    mww.add_order(ORDER, lines=LINES)
    desk = open_desk()
    case = asked(desk)
    assert (case.state, case.status, case.proof) == (CaseState.ASKED, "received", None)
    after = follow(desk, mww, case)
    assert (after.state, after.status, mww.truth(ORDER)) == (CaseState.CANCELED, "cancelled", "cancelled")
    assert after.proof is not None
    assert after.proof.kind is ProofKind.READ_BACK
    assert calls(mww).count("PATCH orders") == 1


def test_an_order_that_mww_has_taken_in_can_be_canceled_until_it_is_packed(
    open_desk: Opener, mww: MwwSimulator
) -> None:
    mww.add_order(ORDER, lines=LINES)
    desk = open_desk(**NO_LIMIT)
    advance(mww, hours(3))
    assert follow(desk, mww, asked(desk)).state is CaseState.CANCELED


def test_a_refusal_in_the_first_hour_tells_both_causes_and_climbs_to_the_mail(
    open_desk: Opener, mww: MwwSimulator
) -> None:
    mww.add_order(ORDER, lines=LINES)
    desk = open_desk()
    case = asked(desk)
    assert (case.state, case.route, case.status) == (CaseState.REQUESTED, 1, "received")
    assert "has not yet taken it in, or it is packed already" in str(case.text)
    assert "not fully ingested" in str(case.text)
    assert follow(desk, mww, case).state is CaseState.AWAITING_PERSON
    assert calls(mww) == ["PATCH orders", "GET orders"]


def test_a_refusal_after_the_first_hour_names_no_cause_that_cannot_be(open_desk: Opener, mww: MwwSimulator) -> None:
    mww.set_switch("window", "early")
    mww.add_order(ORDER, lines=LINES)
    desk = open_desk(**NO_LIMIT)
    advance(mww, hours(2))
    case = asked(desk)
    assert case.route == 1
    assert "MWW refused: " in str(case.text)
    assert "taken it in" not in str(case.text)


def test_what_is_packed_climbs_to_the_mail(open_desk: Opener, mww: MwwSimulator) -> None:
    mww.add_order(ORDER, lines=LINES, state=State.PACKED)
    desk = open_desk()
    case = asked(desk)
    assert (case.route, case.status) == (1, "packed")
    assert follow(desk, mww, case).state is CaseState.AWAITING_PERSON


def test_what_has_shipped_is_refused_and_no_mail_is_written(open_desk: Opener, mww: MwwSimulator) -> None:
    mww.add_order(ORDER, lines=LINES, state=State.SHIPPED)
    case = asked(open_desk())
    assert (case.state, case.refusal, case.route) == (CaseState.REFUSED, Refusal.SHIPPED, 0)


def test_what_is_cancelled_already_is_refused_there_and_canceled_here(open_desk: Opener, mww: MwwSimulator) -> None:
    mww.add_order(ORDER, lines=LINES, state=State.CANCELLED)
    desk = open_desk()
    case = asked(desk)
    assert case.state is CaseState.ASKED
    after = follow(desk, mww, case)
    assert after.state is CaseState.CANCELED
    assert after.proof is not None
    assert after.proof.kind is ProofKind.READ_BACK


def test_an_accepted_request_that_ships_anyway_is_not_canceled(open_desk: Opener, mww: MwwSimulator) -> None:
    mww.set_switch("window", "early")
    mww.set_switch("fate", "ships anyway")
    mww.add_order(ORDER, lines=LINES)
    desk = open_desk()
    after = follow(desk, mww, asked(desk))
    assert (after.state, after.route) == (CaseState.AWAITING_PERSON, 1), "after four hours an e-mail asks"
    advance(mww, hours(9))
    assert mww.truth(ORDER) == "shipped"
    shipped = desk.check(after.id)
    assert (shipped.state, shipped.refusal) == (CaseState.REFUSED, Refusal.SHIPPED)


def test_an_order_seen_packed_after_the_request_climbs_at_once(open_desk: Opener, mww: MwwSimulator) -> None:
    mww.set_switch("fate", "ships anyway")
    mww.add_order(ORDER, lines=LINES)
    desk = open_desk(**NO_LIMIT)
    advance(mww, hours(5))
    case = asked(desk)
    assert case.state is CaseState.ASKED
    after = follow(desk, mww, case)
    assert (after.state, after.status) == (CaseState.AWAITING_PERSON, "packed")


def test_an_order_unknown_within_the_hour_is_asked_for_again(open_desk: Opener, mww: MwwSimulator) -> None:
    mww.set_switch("before_ingestion", "unknown")
    mww.add_order(ORDER, lines=LINES)
    desk = open_desk(**NO_LIMIT)
    case = asked(desk)
    assert (case.state, case.route) == (CaseState.REQUESTED, 0)
    assert "may still be taking it in" in str(case.text)
    assert follow(desk, mww, case).state is CaseState.CANCELED


def test_an_order_unknown_within_the_two_minutes_ends_in_the_mail(open_desk: Opener, mww: MwwSimulator) -> None:
    desk = open_desk()
    after = follow(desk, mww, asked(desk))
    assert (after.state, after.route) == (CaseState.AWAITING_PERSON, 1)
    assert set(calls(mww)) == {"PATCH orders"}


def test_an_order_unknown_after_the_hour_is_not_known(open_desk: Opener, mww: MwwSimulator) -> None:
    desk = open_desk(**NO_LIMIT)
    advance(mww, hours(1))
    case = asked(desk)
    assert (case.route, case.state) == (1, CaseState.REQUESTED)
    assert f"MWW does not know the order {ORDER}" in str(case.text)


def test_a_wrong_key_is_tried_again_and_says_what_to_check(open_desk: Opener, mww: MwwSimulator) -> None:
    mww.add_order(ORDER, lines=LINES)
    case = asked(open_desk(api_key="somebody else's"))
    assert (case.state, case.asked_at) == (CaseState.REQUESTED, None)
    assert "API key" in str(case.remedy)


@pytest.mark.parametrize("fault", [Fault.ERROR_WITHOUT_ERRORS, Fault.SERVER_ERROR_HTML, Fault.OK_HTML, Fault.REDIRECT])
def test_an_answer_that_tells_nothing_is_read_back_and_asked_again(
    open_desk: Opener, mww: MwwSimulator, fault: Fault
) -> None:
    mww.set_switch("window", "early")
    mww.add_order(ORDER, lines=LINES)
    desk = open_desk()
    mww.faults.add(fault, method="PATCH")
    case = asked(desk)
    assert case.state is CaseState.UNCLEAR
    assert follow(desk, mww, case).state is CaseState.CANCELED
    assert calls(mww).count("PATCH orders") == 1


def test_a_lost_reply_is_resolved_by_reading_back(open_desk: Opener, mww: MwwSimulator) -> None:
    mww.set_switch("window", "early")
    mww.add_order(ORDER, lines=LINES)
    desk = open_desk()
    mww.faults.add(Fault.LOST_REPLY, method="PATCH")
    case = asked(desk)
    assert case.state is CaseState.UNCLEAR
    assert follow(desk, mww, case).state is CaseState.CANCELED


def read(reply: httpx.Response) -> Answer:
    """What the check makes of a reply."""
    settings = MwwSettings(api_key=Secret("a key"), cancel_email_to="a@example.com")
    service = Service("print", settings, "https://mww.example/api", NOW, "agent", Role.FULFILLMENT)
    request = CheckRequest(Order("1", ORDER), Placement("print", "A/1", NOW, Role.FULFILLMENT))
    flow = orderdesk_mww.orderdesk_check(request, service)
    assert next(flow).url.raw_path == b"/api/orders/A%2F1"
    with pytest.raises(StopIteration) as ended:
        flow.send(reply)
    answer = ended.value.value
    assert isinstance(answer, Answer)
    return answer


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        ("received", Outcome.PENDING),
        ("Cancelled", Outcome.CANCELED),
        ("CANCELED", Outcome.CANCELED),
        ("Packed", Outcome.REFUSED),
        ("Shipped", Outcome.REFUSED),
        ("quality_control", Outcome.UNCLEAR),
        ("not cancelled", Outcome.UNCLEAR),
    ],
)
def test_a_state_is_read_in_any_spelling_and_an_unknown_one_is_unclear(state: str, outcome: Outcome) -> None:
    answer = read(httpx.Response(200, json={"data": {"attributes": {"state": state}}}))
    assert (answer.outcome, answer.status) == (outcome, state)


@pytest.mark.parametrize(
    ("status", "outcome"), [(401, Outcome.NOT_DONE), (404, Outcome.UNCLEAR), (500, Outcome.UNCLEAR)]
)
def test_a_state_that_cannot_be_read_tells_nothing(status: int, outcome: Outcome) -> None:
    assert read(httpx.Response(status, json={"data": {"attributes": {"state": "cancelled"}}})).outcome is outcome


def test_a_reply_of_another_shape_tells_nothing(open_desk: Opener, mww: MwwSimulator) -> None:
    mww.set_switch("window", "early")
    mww.add_order(ORDER, lines=LINES)
    desk = open_desk()
    case = asked(desk)
    mww.faults.add(Fault.WRONG_TYPES, method="GET", times=2)
    advance(mww, minutes(5))
    desk.run_due()
    assert desk.case(case.id).state is CaseState.ASKED


def test_evidence_keeps_neither_key_nor_people(open_desk: Opener, mww: MwwSimulator) -> None:
    mww.set_switch("window", "early")
    mww.add_order(ORDER, lines=LINES)
    desk = open_desk()
    case = asked(desk)
    kept = [entry.content for entry in desk.ledger.history(case.id) if isinstance(entry.content, Exchange)]
    assert [exchange.status for exchange in kept] == [200]
    assert "simulated-mww-key" not in str(kept)
    redactor = desk.connections.get("print").client.redactor
    hidden = ("name", "address1", "address2", "city", "postal-code", "phone", "email")
    assert [name for name in hidden if not redactor.denies(name)] == []
    assert not redactor.denies("state")


# The e-mail


def test_when_the_window_is_closed_a_mail_is_written_and_mww_is_not_called(
    open_desk: Opener, mww: MwwSimulator
) -> None:
    mww.add_order(ORDER, lines=LINES)
    desk = open_desk()
    advance(mww, minutes(2))
    case = asked(desk)
    assert (case.state, case.route) == (CaseState.AWAITING_PERSON, 1)
    assert calls(mww) == []
    assert not desk.receipt(ORDER).is_canceled


def test_without_mail_settings_the_mail_is_a_draft_in_the_history(open_desk: Opener, mww: MwwSimulator) -> None:
    mww.add_order(ORDER, lines=LINES)
    desk = open_desk()
    advance(mww, minutes(2) + seconds(1))
    case = asked(desk)
    (draft,) = [
        entry.content
        for entry in desk.ledger.history(case.id)
        if isinstance(entry.content, str) and entry.content.startswith("draft:")
    ]
    assert draft == (
        "draft:\nTo: cancellations@mww.example\nSubject: Please cancel order 1042\n\n"
        "Please cancel our order 1042 (vendor-po), all of it, and answer whether it is canceled or ships.\n"
        "It was submitted 2026-01-05 09:00:00 UTC and ships to Understudy, 62701 Springfield."
    )
    assert "draft" in str(case.text)


def test_the_texts_of_the_mail_are_settings(open_desk: Opener, mww: MwwSimulator) -> None:
    desk = open_desk(cancel_email_subject="Stop {order_number}", cancel_email_body="Reason: {reason}")
    advance(mww, hours(1))
    case = asked(desk)
    history = "\n".join(str(entry.content) for entry in desk.ledger.history(case.id))
    assert "Subject: Stop 1042\n\nReason: customer asked" in history


def test_a_person_says_what_came_of_the_mail(open_desk: Opener, mww: MwwSimulator) -> None:
    desk = open_desk()
    advance(mww, minutes(3))
    case = asked(desk)
    done = desk.confirm(case.id, by="Ann", note="MWW wrote back")
    assert (done.state, done.proof and done.proof.person) == (CaseState.CANCELED, "Ann")


# MWW Europe


def test_mww_europe_is_unusable_without_its_own_host(open_desk: Opener) -> None:
    desk = open_desk("mww-europe", without="base_url")
    said = str(desk.connections.integration("print"))
    assert "base_url: is missing" in said
    assert "API equality assumed, not documented" in said
    desk.host.place("id-1042", Placement("print", ORDER, NOW, Role.FULFILLMENT), by="Ann")
    case = asked(desk)
    assert (case.state, case.asked_at) == (CaseState.REQUESTED, None)
    assert "base_url" in str(case.text)


def test_mww_europe_cancels_as_mww_does(open_desk: Opener, mww: MwwSimulator) -> None:
    mww.set_switch("window", "early")
    mww.add_order(ORDER, lines=LINES)
    desk = open_desk("mww-europe")
    (entry,) = desk.plan(ORDER).entries
    assert (entry.integration, entry.title) == ("mww-europe", "MWW Europe")
    assert follow(desk, mww, asked(desk)).state is CaseState.CANCELED
