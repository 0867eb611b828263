"""Finding the order at Site Flow, and being let in: the one that is meant, or none."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.harness import LINES, ORDER, SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_hp_site_flow.simulator import SiteFlowSimulator
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import ValidationError

integration = "hp-site-flow"


def test_an_order_without_an_id_of_its_own_is_canceled_by_source_and_number(
    harness: SimulatedHarness, simulator: SiteFlowSimulator
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    harness.recorder.edit_response = lambda seen, body: body.replace(b'"_id"', b'"x"') if seen.method == "GET" else body
    harness.cancel()
    assert harness.sent[1] == "PUT /api/order/simulated-brand/1042/cancel"
    assert harness.follow_up().state is State.CANCELED


@pytest.mark.parametrize("unknown", ["404", "empty list"])
def test_an_order_that_is_not_found_is_asked_for_by_source_and_then_tried_again_later(
    harness: SimulatedHarness, simulator: SiteFlowSimulator, unknown: str
) -> None:
    simulator.set_option("unknown", unknown)
    case = harness.cancel()
    assert (case.state, case.evidence) == (State.PENDING, None)
    assert "does not know the order 1042 (yet)" in str(case.message)
    assert "source_account" in str(case.hint)
    assert "PUT /api/order/simulated-brand/1042/cancel" in harness.sent
    simulator.add_order(ORDER, lines=LINES)
    assert harness.follow_up().state is State.CANCELED


@pytest.mark.slow
def test_an_order_that_never_comes_in_goes_to_a_person(harness: SimulatedHarness) -> None:
    harness.cancel()
    assert harness.follow_up().state is State.ACTION_REQUIRED


def test_several_orders_of_one_number_are_never_guessed_between(
    harness: SimulatedHarness, simulator: SiteFlowSimulator
) -> None:
    simulator.set_option("found", "list")
    simulator.add_order(ORDER, lines=LINES)
    harness.recorder.edit_response = lambda seen, body: (
        b"[" + body[1:-1] + b"," + body[1:] if seen.method == "GET" else body
    )
    case = harness.cancel()
    assert case.state is State.PENDING
    assert "not the one order 1042" in str(case.message)
    assert simulator.actual_status(ORDER) == "dataready"


def test_another_order_is_never_canceled_in_its_place(harness: SimulatedHarness, simulator: SiteFlowSimulator) -> None:
    simulator.add_order(ORDER, lines=LINES)
    harness.recorder.edit_response = lambda seen, body: (
        body.replace(b'"1042"', b'"1043"') if seen.method == "GET" else body
    )
    assert harness.cancel().state is State.PENDING
    assert simulator.actual_status(ORDER) == "dataready"


@pytest.mark.parametrize(
    ("number", "said"),
    [("10+42", "may not come through"), ("10/42", "may not come through"), ("..", "dots"), ("10\\42", "backslash")],
)
def test_a_number_that_may_not_come_through_is_not_taken(
    open_harness: HarnessOpener, simulator: SiteFlowSimulator, number: str, said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        open_harness(order=number)
    assert simulator.log == []


def test_a_number_with_blanks_and_accents_is_signed_and_canceled(
    open_harness: HarnessOpener, simulator: SiteFlowSimulator
) -> None:
    number = "Käse #1 50%"
    simulator.add_order(number, lines=LINES)
    stage = open_harness(order=number)
    stage.cancel()
    assert stage.follow_up().state is State.CANCELED


@pytest.mark.parametrize("changed", [{"token": "another-token"}, {"api_secret": "another-secret"}])
def test_who_is_not_let_in_did_nothing_and_is_told_what_to_check(
    open_harness: HarnessOpener, simulator: SiteFlowSimulator, changed: dict[str, str]
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    stage = open_harness(changed)
    case = stage.cancel()
    assert (case.state, simulator.actual_status(ORDER)) == (State.PENDING, "dataready")
    assert "check token, secret and source_account" in str(case.hint)


@pytest.mark.parametrize(
    ("status", "said"), [(401, "Authentication failed"), (403, "Authentication failed"), (429, "Rate limited")]
)
def test_a_cancel_that_is_turned_away_is_told_as_such_and_nothing_is_read_for_it(
    harness: SimulatedHarness, simulator: SiteFlowSimulator, status: int, said: str
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    harness.recorder.override = lambda seen: (status, "{}") if seen.method == "PUT" else None
    case = harness.cancel()
    assert (case.state, simulator.actual_status(ORDER)) == (State.PENDING, "dataready")
    assert said in str(case.message)
    assert [call for call in harness.sent if call.startswith("GET")] == harness.sent[:1]


def test_too_many_calls_of_a_minute_are_made_in_the_next_ones(open_harness: HarnessOpener) -> None:
    simulator = SiteFlowSimulator(VirtualClock(), quota=1)
    simulator.add_order(ORDER, lines=LINES)
    stage = open_harness(before=simulator)
    stage.cancel()
    assert stage.follow_up().state is State.CANCELED
    assert "refused: too many requests" in [record.effect for record in simulator.log]


@pytest.mark.parametrize("body", ["<html>no such page</html>", '{"message": "no Route matched"}', ""])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_404_of_a_path_refuses_nothing_and_names_the_base_url(
    harness: SimulatedHarness, simulator: SiteFlowSimulator, method: str, body: str
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    harness.recorder.override = lambda seen: (404, body) if seen.method == method else None
    case = harness.cancel()
    assert (case.state, simulator.actual_status(ORDER)) == (State.PENDING, "dataready")
    assert "base URL" in str(case.hint)
    harness.recorder.override = None
    assert harness.follow_up().state is State.CANCELED


@pytest.mark.parametrize("status", [404, 405, 409])
def test_a_cancel_that_is_turned_down_alone_is_read_back_and_asked_again(
    harness: SimulatedHarness, simulator: SiteFlowSimulator, status: int
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    harness.recorder.override = lambda seen: (status, '{"error": {"message": "no"}}') if seen.method == "PUT" else None
    case = harness.cancel()
    assert (case.state, case.rejection) == (State.PENDING, None)
    assert [call.split()[0] for call in harness.sent] == ["GET", "PUT", "GET"]
    harness.recorder.override = None
    assert harness.follow_up().state is State.CANCELED


@pytest.mark.parametrize("status", [408, 425])
def test_what_says_nothing_of_the_order_is_unclear_and_read_back(
    harness: SimulatedHarness, simulator: SiteFlowSimulator, status: int
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    harness.recorder.override = lambda seen: (status, "{}") if seen.method == "PUT" else None
    assert harness.cancel().state is State.UNKNOWN
