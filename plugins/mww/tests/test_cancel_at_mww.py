"""Canceling at MWW: what its answers and states mean, how long its button is open, and MWW Europe beside it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from orderdesk_devkit.testing.harness import LINES, ORDER, SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_devkit.testing.request_recorder import RecordedRequest
from orderdesk_mww.simulator import MwwSimulator, State
from orderdesk_sdk.cases.case import State as CaseState
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.routes import Always, Button, Email, Polling, WithinTime

integration = "mww"
NO_LIMIT = {"cancel_window": "no limit"}


def after(mww: MwwSimulator, age: timedelta, *, state: State = State.RECEIVED) -> None:
    """Put the order there, and let time pass."""
    mww.add_order(ORDER, lines=LINES, state=state)
    assert isinstance(mww.clock, VirtualClock)
    mww.clock.advance(age)


def test_the_button_has_two_minutes_by_order_desks_guide_and_no_limit_by_mwws_text(open_harness: HarnessOpener) -> None:
    button, mail = open_harness().desk.connections.get("mww").integration.cancel
    assert isinstance(button, Button)
    assert button.window == WithinTime(minutes(2))
    assert button.fallback_on == {Rejection.TOO_LATE, Rejection.NOT_ALLOWED}
    assert isinstance(button.confirm, Polling)
    assert mail == Email("cancel_email_to", "cancel_email_subject", "cancel_email_body")
    unlimited, _ = open_harness(NO_LIMIT).desk.connections.get("mww").integration.cancel
    assert unlimited.window == Always()


def test_an_address_for_mails_is_required(open_harness: HarnessOpener) -> None:
    with pytest.raises(ConfigurationError, match=r"cancel_email_to: is missing"):
        open_harness({"cancel_email_to": None})


# What MWW answers


def test_a_refusal_in_the_first_hour_tells_both_causes_and_climbs_to_the_mail(
    harness: SimulatedHarness, simulator: MwwSimulator
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    case = harness.cancel()
    assert (case.state, case.route, case.service_status) == (CaseState.PENDING, 1, "received")
    assert "has not yet taken it in, or it is packed already" in str(case.message)
    assert "not fully ingested" in str(case.message)


def test_a_refusal_after_the_first_hour_names_no_cause_that_cannot_be(
    open_harness: HarnessOpener, simulator: MwwSimulator
) -> None:
    simulator.set_option("window", "early")
    stage = open_harness(NO_LIMIT)
    after(simulator, hours(2))
    case = stage.cancel()
    assert case.route == 1
    assert "MWW refused: " in str(case.message)
    assert "taken it in" not in str(case.message)


def test_what_is_packed_climbs_to_the_mail(harness: SimulatedHarness, simulator: MwwSimulator) -> None:
    simulator.add_order(ORDER, lines=LINES, state=State.PACKED)
    case = harness.cancel()
    assert (case.route, case.service_status) == (1, "packed")
    assert harness.follow_up().state is CaseState.ACTION_REQUIRED


def test_what_has_shipped_is_refused_and_no_mail_is_written(harness: SimulatedHarness, simulator: MwwSimulator) -> None:
    simulator.add_order(ORDER, lines=LINES, state=State.SHIPPED)
    case = harness.cancel()
    assert (case.state, case.rejection, case.route) == (CaseState.REJECTED, Rejection.SHIPPED, 0)


def test_what_is_cancelled_already_is_refused_there_and_canceled_here(
    harness: SimulatedHarness, simulator: MwwSimulator
) -> None:
    simulator.add_order(ORDER, lines=LINES, state=State.CANCELLED)
    assert harness.cancel().state is CaseState.ACKNOWLEDGED
    assert (harness.follow_up().state, harness.evidence.kind) == (CaseState.CANCELED, EvidenceKind.POLLED_STATUS)


def test_a_reply_that_says_cancelled_at_once_is_read_back_all_the_same(
    harness: SimulatedHarness, simulator: MwwSimulator
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    said = {"data": {"type": "orders", "id": ORDER, "attributes": {"state": "cancelled"}}}
    harness.recorder.override = lambda _: (200, json.dumps(said))
    assert harness.cancel().state is CaseState.ACKNOWLEDGED
    assert (harness.follow_up().state, harness.evidence.kind) == (CaseState.CANCELED, EvidenceKind.POLLED_STATUS)


def test_a_throttled_request_was_not_taken_and_is_made_again(
    harness: SimulatedHarness, simulator: MwwSimulator
) -> None:
    simulator.set_option("window", "early")
    simulator.add_order(ORDER, lines=LINES)

    def throttled_first(_: RecordedRequest) -> tuple[int, str] | None:
        return None if harness.recorder.requests else (429, "{}")

    harness.recorder.override = throttled_first
    harness.cancel()
    assert harness.follow_up().state is CaseState.CANCELED
    assert harness.sent[:2] == [f"PATCH /api/orders/{ORDER}"] * 2


@pytest.mark.slow
def test_an_accepted_request_that_ships_anyway_is_not_canceled(
    harness: SimulatedHarness, simulator: MwwSimulator
) -> None:
    simulator.set_option("window", "early")
    simulator.set_option("fate", "ships anyway")
    simulator.add_order(ORDER, lines=LINES)
    harness.cancel()
    case = harness.follow_up()
    assert (case.state, case.route) == (CaseState.ACTION_REQUIRED, 1), "after four hours an e-mail asks"
    harness.wait_for(harness.clock.now() + hours(9))
    shipped = harness.desk.cancellations.get_case(harness.desk.cases.poll(case.id).id)
    assert (shipped.state, shipped.rejection) == (CaseState.REJECTED, Rejection.SHIPPED)


def test_an_order_seen_packed_after_the_request_climbs_at_once(
    open_harness: HarnessOpener, simulator: MwwSimulator
) -> None:
    simulator.set_option("fate", "ships anyway")
    stage = open_harness(NO_LIMIT)
    after(simulator, hours(5))
    assert stage.cancel().state is CaseState.ACKNOWLEDGED
    case = stage.follow_up()
    assert (case.state, case.service_status) == (CaseState.ACTION_REQUIRED, "packed")


def test_an_order_unknown_within_the_hour_is_asked_for_again(
    open_harness: HarnessOpener, simulator: MwwSimulator
) -> None:
    simulator.set_option("before_ingestion", "unknown")
    simulator.add_order(ORDER, lines=LINES)
    case = open_harness(NO_LIMIT).cancel()
    assert (case.state, case.route) == (CaseState.PENDING, 0)
    assert "may still be taking it in" in str(case.message)


def test_an_order_unknown_within_the_two_minutes_ends_in_the_mail(harness: SimulatedHarness) -> None:
    harness.cancel()
    case = harness.follow_up()
    assert (case.state, case.route) == (CaseState.ACTION_REQUIRED, 1)
    assert set(harness.sent) == {f"PATCH /api/orders/{ORDER}", f"GET /api/orders/{ORDER}"}


def test_an_order_unknown_after_the_hour_is_not_known(open_harness: HarnessOpener) -> None:
    stage = open_harness(NO_LIMIT)
    stage.wait_for(stage.clock.now() + hours(1))
    case = stage.cancel()
    assert (case.route, case.state) == (1, CaseState.PENDING)
    assert f"does not know the order {ORDER}" in str(case.message)


def test_a_wrong_key_is_tried_again_and_says_what_to_check(
    open_harness: HarnessOpener, simulator: MwwSimulator
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    case = open_harness({"api_key": "somebody else's"}).cancel()
    assert (case.state, case.last_sent_at) == (CaseState.PENDING, None)
    assert "API key" in str(case.hint)


# MWW Europe


def test_mww_europe_is_unusable_without_its_own_host(open_harness: HarnessOpener) -> None:
    with pytest.raises(ConfigurationError, match="base_url: is missing") as raised:
        open_harness({"base_url": None}, slug="mww-europe")
    assert "API equality assumed, not documented" in str(raised.value)


def test_mww_europe_cancels_as_mww_does(open_harness: HarnessOpener, simulator: MwwSimulator) -> None:
    simulator.set_option("window", "early")
    simulator.add_order(ORDER, lines=LINES)
    stage = open_harness(slug="mww-europe")
    (entry,) = stage.desk.cancellations.plan(ORDER).entries
    assert (entry.integration, entry.title) == ("mww-europe", "MWW Europe")
    stage.cancel()
    assert stage.follow_up().state is CaseState.CANCELED


# What a rejection is not


@pytest.mark.parametrize("body", ["<html>no such page</html>", '{"message": "no Route matched"}', "", "[]"])
@pytest.mark.parametrize("status", [404, 405])
def test_a_404_of_a_path_refuses_nothing_and_names_the_base_url(
    open_harness: HarnessOpener, simulator: MwwSimulator, status: int, body: str
) -> None:
    stage = open_harness(NO_LIMIT)
    after(simulator, hours(2))
    stage.recorder.override = lambda _: (status, body)
    case = stage.cancel()
    assert (case.state, case.route, case.rejection) == (CaseState.PENDING, 0, None)
    assert "base URL" in str(case.hint)


def test_a_404_on_the_cancel_alone_is_read_back_and_asked_again(
    open_harness: HarnessOpener, simulator: MwwSimulator
) -> None:
    stage = open_harness(NO_LIMIT)
    after(simulator, hours(2))
    stage.recorder.override = lambda seen: (404, '{"errors": [{"title": "no"}]}') if seen.method == "PATCH" else None
    case = stage.cancel()
    assert (case.state, case.route) == (CaseState.PENDING, 0)
    stage.recorder.override = None
    assert stage.follow_up().state is CaseState.CANCELED


def test_a_404_for_an_order_that_is_cancelled_there_is_a_cancellation(
    open_harness: HarnessOpener, simulator: MwwSimulator
) -> None:
    stage = open_harness(NO_LIMIT)
    after(simulator, hours(2), state=State.CANCELLED)
    stage.recorder.override = lambda seen: (404, "{}") if seen.method == "PATCH" else None
    assert stage.cancel().state is CaseState.ACKNOWLEDGED
    assert stage.follow_up().state is CaseState.CANCELED


@pytest.mark.parametrize("status", [408, 425])
def test_what_says_nothing_of_the_order_refuses_nothing(
    open_harness: HarnessOpener, simulator: MwwSimulator, status: int
) -> None:
    stage = open_harness(NO_LIMIT)
    after(simulator, hours(2))
    stage.recorder.override = lambda seen: (status, "{}") if seen.method == "PATCH" else None
    case = stage.cancel()
    assert (case.route, case.rejection) == (0, None)
    stage.recorder.override = None
    assert stage.follow_up().state is CaseState.CANCELED


def test_a_read_of_another_order_cancels_nothing(harness: SimulatedHarness, simulator: MwwSimulator) -> None:
    simulator.set_option("window", "early")
    simulator.set_option("fate", "ships anyway")
    simulator.add_order(ORDER, lines=LINES)
    harness.cancel()
    other = {"data": {"id": "9", "attributes": {"vendor-po": "9999", "state": "cancelled"}}}
    harness.recorder.override = lambda _: (200, json.dumps(other))
    assert harness.follow_up().state is not CaseState.CANCELED
