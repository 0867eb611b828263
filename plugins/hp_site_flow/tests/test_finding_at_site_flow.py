"""Finding the order at Site Flow, and being let in: the one that is meant, or none."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.harness import LINES, ORDER, SimulatedStage
from orderdesk_devkit.testing.pytest_plugin import StageOpener
from orderdesk_hp_site_flow.simulator import SiteFlowSimulator
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import InputError

integration = "hp-site-flow"


def test_an_order_without_an_id_of_its_own_is_canceled_by_source_and_number(
    stage: SimulatedStage, simulator: SiteFlowSimulator
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    stage.tap.edit = lambda seen, body: body.replace(b'"_id"', b'"x"') if seen.method == "GET" else body
    stage.cancel()
    assert stage.sent[1] == "PUT /api/order/simulated-brand/1042/cancel"
    assert stage.follow().state is State.CANCELED


@pytest.mark.parametrize("unknown", ["404", "empty list"])
def test_an_order_that_is_not_found_is_asked_for_by_source_and_then_tried_again_later(
    stage: SimulatedStage, simulator: SiteFlowSimulator, unknown: str
) -> None:
    simulator.set_switch("unknown", unknown)
    case = stage.cancel()
    assert (case.state, case.proof) == (State.REQUESTED, None)
    assert "does not know the order 1042 (yet)" in str(case.text)
    assert "source_account" in str(case.remedy)
    assert "PUT /api/order/simulated-brand/1042/cancel" in stage.sent
    simulator.add_order(ORDER, lines=LINES)
    assert stage.follow().state is State.CANCELED


@pytest.mark.slow
def test_an_order_that_never_comes_in_goes_to_a_person(stage: SimulatedStage) -> None:
    stage.cancel()
    assert stage.follow().state is State.AWAITING_PERSON


def test_several_orders_of_one_number_are_never_guessed_between(
    stage: SimulatedStage, simulator: SiteFlowSimulator
) -> None:
    simulator.set_switch("found", "list")
    simulator.add_order(ORDER, lines=LINES)
    stage.tap.edit = lambda seen, body: b"[" + body[1:-1] + b"," + body[1:] if seen.method == "GET" else body
    case = stage.cancel()
    assert case.state is State.REQUESTED
    assert "not the one order 1042" in str(case.text)
    assert simulator.truth(ORDER) == "dataready"


def test_another_order_is_never_canceled_in_its_place(stage: SimulatedStage, simulator: SiteFlowSimulator) -> None:
    simulator.add_order(ORDER, lines=LINES)
    stage.tap.edit = lambda seen, body: body.replace(b'"1042"', b'"1043"') if seen.method == "GET" else body
    assert stage.cancel().state is State.REQUESTED
    assert simulator.truth(ORDER) == "dataready"


@pytest.mark.parametrize(
    ("number", "said"),
    [("10+42", "may not come through"), ("10/42", "may not come through"), ("..", "dots"), ("10\\42", "backslash")],
)
def test_a_number_that_may_not_come_through_is_not_taken(
    open_stage: StageOpener, simulator: SiteFlowSimulator, number: str, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        open_stage(order=number)
    assert simulator.log == []


def test_a_number_with_blanks_and_accents_is_signed_and_canceled(
    open_stage: StageOpener, simulator: SiteFlowSimulator
) -> None:
    number = "Käse #1 50%"
    simulator.add_order(number, lines=LINES)
    stage = open_stage(order=number)
    stage.cancel()
    assert stage.follow().state is State.CANCELED


@pytest.mark.parametrize("changed", [{"token": "another-token"}, {"api_secret": "another-secret"}])
def test_who_is_not_let_in_did_nothing_and_is_told_what_to_check(
    open_stage: StageOpener, simulator: SiteFlowSimulator, changed: dict[str, str]
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    stage = open_stage(changed)
    case = stage.cancel()
    assert (case.state, simulator.truth(ORDER)) == (State.REQUESTED, "dataready")
    assert "check token, secret and source_account" in str(case.remedy)


@pytest.mark.parametrize(("status", "said"), [(401, "let us in"), (403, "let us in"), (429, "too many calls")])
def test_a_cancel_that_is_turned_away_is_told_as_such_and_nothing_is_read_for_it(
    stage: SimulatedStage, simulator: SiteFlowSimulator, status: int, said: str
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    stage.tap.instead = lambda seen: (status, "{}") if seen.method == "PUT" else None
    case = stage.cancel()
    assert (case.state, simulator.truth(ORDER)) == (State.REQUESTED, "dataready")
    assert said in str(case.text)
    assert [call for call in stage.sent if call.startswith("GET")] == stage.sent[:1]


def test_too_many_calls_of_a_minute_are_made_in_the_next_ones(open_stage: StageOpener) -> None:
    simulator = SiteFlowSimulator(VirtualClock(), quota=1)
    simulator.add_order(ORDER, lines=LINES)
    stage = open_stage(before=simulator)
    stage.cancel()
    assert stage.follow().state is State.CANCELED
    assert "refused: too many requests" in [record.effect for record in simulator.log]


@pytest.mark.parametrize("body", ["<html>no such page</html>", '{"message": "no Route matched"}', ""])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_404_of_a_path_refuses_nothing_and_names_the_base_url(
    stage: SimulatedStage, simulator: SiteFlowSimulator, method: str, body: str
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    stage.tap.instead = lambda seen: (404, body) if seen.method == method else None
    case = stage.cancel()
    assert (case.state, simulator.truth(ORDER)) == (State.REQUESTED, "dataready")
    assert "base URL" in str(case.remedy)
    stage.tap.instead = None
    assert stage.follow().state is State.CANCELED


@pytest.mark.parametrize("status", [404, 405, 409])
def test_a_cancel_that_is_turned_down_alone_is_read_back_and_asked_again(
    stage: SimulatedStage, simulator: SiteFlowSimulator, status: int
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    stage.tap.instead = lambda seen: (status, '{"error": {"message": "no"}}') if seen.method == "PUT" else None
    case = stage.cancel()
    assert (case.state, case.refusal) == (State.REQUESTED, None)
    assert [call.split()[0] for call in stage.sent] == ["GET", "PUT", "GET"]
    stage.tap.instead = None
    assert stage.follow().state is State.CANCELED


@pytest.mark.parametrize("status", [408, 425])
def test_what_says_nothing_of_the_order_is_unclear_and_read_back(
    stage: SimulatedStage, simulator: SiteFlowSimulator, status: int
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    stage.tap.instead = lambda seen: (status, "{}") if seen.method == "PUT" else None
    assert stage.cancel().state is State.UNCLEAR
