"""Asking Amazon to cancel: the plugin through a desk, before the simulator on a real socket."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from orderdesk_amazon_mcf import orderdesk_cancel
from orderdesk_amazon_mcf.account import McfSettings
from orderdesk_amazon_mcf.simulator import McfSimulator
from orderdesk_sdk.answer import Refusal
from orderdesk_sdk.case import ProofKind, State
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.errors import InputError
from orderdesk_sdk.http.service import Service
from orderdesk_sdk.order import Order, Placement, Role
from orderdesk_sdk.request import CancelRequest
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.testing.faults import Fault
from orderdesk_sdk.testing.plugin import StageOpener
from orderdesk_sdk.testing.stage import LINES, SimulatedStage
from orderdesk_sdk.testing.tap import SeenRequest

integration = "amazon-mcf"
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
ORDERS = "/fba/outbound/2020-07-01/fulfillmentOrders"


def operations(stage: SimulatedStage) -> list[str]:
    """What reached Amazon: the method and the last part of the path."""
    return [f"{seen.method} {seen.path.rpartition('/')[2]}" for seen in stage.tap.requests]


def cancels(stage: SimulatedStage) -> list[SeenRequest]:
    return [seen for seen in stage.tap.requests if seen.method == "PUT"]


def test_the_cancel_has_no_body_and_a_user_agent_as_amazon_demands(
    simulator: McfSimulator, stage: SimulatedStage
) -> None:
    simulator.add_order("1042", lines=LINES)
    stage.cancel()
    (put,) = cancels(stage)
    assert (put.path, put.query, put.body) == (f"{ORDERS}/1042/cancel", "", b"")
    assert "content-type" not in put.headers
    assert put.headers.get("content-length", "0") == "0"
    agent = put.headers["user-agent"]
    assert re.fullmatch(r"[\w-]+/[\w.]+ \(Language=Python/[\d.]+; Platform=\w+\)", agent)
    assert len(agent) <= 500
    assert put.headers["x-amz-access-token"].startswith("Atza|")
    assert re.fullmatch(r"\d{8}T\d{6}Z", put.headers["x-amz-date"])


def test_an_id_is_percent_encoded_whatever_is_in_it() -> None:
    settings = McfSettings(refresh_token=Secret("r"), client_id=Secret("c"), client_secret=Secret("s"))
    service = Service("mcf", settings, "https://amazon.example", NOW, "agent", Role.FULFILLMENT)
    placement = Placement("mcf", "a/b+c d%?#ä", NOW, Role.FULFILLMENT)
    request = next(orderdesk_cancel(CancelRequest(Order("1", "1"), placement, "wish"), service))
    assert request.url.raw_path.decode() == f"{ORDERS}/a%2Fb%2Bc%20d%25%3F%23%C3%A4/cancel"


@pytest.mark.parametrize("number", ["10 42", "10+42", "10/42", "ä", "A" * 41])
def test_an_id_that_amazon_would_mangle_is_refused_where_it_is_registered(stage: SimulatedStage, number: str) -> None:
    with pytest.raises(InputError, match="give the number that the service knows"):
        stage.desk.place("1042", at="amazon-mcf", by="Ann", remote_id=number)


def test_an_id_that_came_in_past_that_check_is_not_sent_but_given_to_a_person(stage: SimulatedStage) -> None:
    other = stage.desk.host.duplicate("1042", by="Ann")
    stage.desk.host.place(other.id, Placement("amazon-mcf", "10+42", NOW, Role.FULFILLMENT), by="Ann")
    (case,) = stage.desk.cancel(other.number, by="Ann").cases
    assert (case.state, stage.tap.requests) == (State.AWAITING_PERSON, [])
    assert "Amazon turns + into a space" in (case.text or "")


@pytest.mark.parametrize("switch", ["error", "accept"])
def test_in_new_both_readings_of_the_documents_end_in_canceled(
    simulator: McfSimulator, stage: SimulatedStage, switch: str
) -> None:
    simulator.set_switch("in_new", switch)
    simulator.add_order("1042", lines=LINES, status="New")
    assert stage.cancel().state is {"error": State.REQUESTED, "accept": State.ASKED}[switch]
    assert (stage.follow().state, simulator.truth("1042")) == (State.CANCELED, "Cancelled")


@pytest.mark.parametrize("status", ["Cancelled", "Unfulfillable", "Invalid"])
@pytest.mark.parametrize("switch", ["error", "accept"])
def test_what_never_ships_anyway_is_canceled_by_read_back(
    simulator: McfSimulator, stage: SimulatedStage, status: str, switch: str
) -> None:
    simulator.set_switch("too_late", switch)
    simulator.add_order("1042", lines=LINES, status=status)
    assert stage.cancel().state is State.ASKED
    case = stage.follow()
    assert (case.state, case.status) == (State.CANCELED, status)
    assert case.proof is not None
    assert case.proof.kind is ProofKind.READ_BACK


@pytest.mark.parametrize("switch", ["error", "accept"])
def test_what_has_shipped_is_refused_as_shipped(simulator: McfSimulator, stage: SimulatedStage, switch: str) -> None:
    simulator.set_switch("too_late", switch)
    simulator.add_order("1042", lines=LINES, status="Complete")
    stage.cancel()
    case = stage.follow()
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.SHIPPED)


def test_an_order_that_amazon_does_not_know_is_refused(stage: SimulatedStage) -> None:
    case = stage.cancel()
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert "does not know the order 1042" in (case.text or "")


def test_an_order_that_amazon_leaves_undecided_goes_to_a_person_in_the_end(
    simulator: McfSimulator, stage: SimulatedStage
) -> None:
    simulator.set_switch("cancel_fate", "ignored")
    simulator.set_switch("planning", "stuck")
    simulator.add_order("1042", lines=LINES, status="Planning")
    give_up = stage.cancel().give_up_at
    assert give_up == stage.clock.now() + hours(24)
    stage.wait_for(give_up - minutes(1))
    assert stage.run_due().state is State.ASKED
    stage.wait_for(give_up)
    assert (stage.run_due().state, simulator.truth("1042")) == (State.AWAITING_PERSON, "Planning")


def test_denied_twice_means_one_refresh_nothing_done_and_a_remedy(
    simulator: McfSimulator, stage: SimulatedStage
) -> None:
    simulator.add_order("1042", lines=LINES)
    simulator.faults.add(Fault.EXPIRED_TOKEN, path="/cancel$", times=2)
    case = stage.cancel()
    assert (case.state, case.tries, case.proof) == (State.REQUESTED, 1, None)
    assert operations(stage) == ["POST token", "PUT cancel"] * 2
    for word in ("region", "role Amazon Fulfillment", "seller's authorization"):
        assert word in (case.remedy or "")
    assert stage.follow().state is State.CANCELED


@pytest.mark.parametrize("status", [401, 403])
def test_denied_for_good_is_never_sent_more_than_twice_per_try(
    simulator: McfSimulator, stage: SimulatedStage, status: int
) -> None:
    simulator.add_order("1042", lines=LINES)
    stage.tap.instead = lambda seen: (status, '{"errors": []}') if seen.path.endswith("/cancel") else None
    case = stage.cancel()
    assert (case.state, operations(stage)) == (State.REQUESTED, ["POST token", "PUT cancel"] * 2)
    assert f"({status})" in (case.text or "")
    assert case.give_up_at is not None
    stage.wait_for(case.give_up_at)
    case = stage.run_due()
    assert case.state is State.AWAITING_PERSON
    assert "role Amazon Fulfillment" in (case.remedy or "")
    assert simulator.truth("1042") != "Cancelled"


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"refresh_token": "Atzr|revoked"}, "invalid_grant"), ({"client_secret": "wrong-secret"}, "invalid_client")],
)
def test_credentials_that_amazon_refuses_are_named_with_the_code(
    open_stage: StageOpener, simulator: McfSimulator, changed: dict[str, str], code: str
) -> None:
    simulator.add_order("1042", lines=LINES)
    stage = open_stage(changed)
    case = stage.cancel()
    assert (case.state, operations(stage)) == (State.REQUESTED, ["POST token"])
    assert code in (case.text or "")
    assert "refresh_token, client_id, client_secret" in (case.remedy or "")


@pytest.mark.parametrize("code", ["server_error", "temporarily_unavailable"])
def test_a_login_that_is_down_says_nothing_of_the_credentials(
    simulator: McfSimulator, stage: SimulatedStage, code: str
) -> None:
    simulator.add_order("1042", lines=LINES)
    stage.tap.instead = lambda seen: (400, f'{{"error": "{code}"}}') if seen.path.endswith("/token") else None
    case = stage.cancel()
    assert (case.state, set(operations(stage))) == (State.REQUESTED, {"POST token"})
    assert "check refresh_token" not in (case.remedy or "")
    stage.tap.instead = None
    assert stage.follow().state is State.CANCELED


def test_a_429_without_retry_after_is_waited_out(simulator: McfSimulator, stage: SimulatedStage) -> None:
    simulator.add_order("1042", lines=LINES)
    left = [2]

    def throttled(seen: SeenRequest) -> tuple[int, str] | None:
        if not seen.path.endswith("/cancel") or not left[0]:
            return None
        left[0] -= 1
        return 429, '{"errors": [{"code": "QuotaExceeded", "message": "You exceeded your quota"}]}'

    stage.tap.instead = throttled
    before = stage.clock.now()
    assert stage.cancel().state is State.ASKED
    assert len(cancels(stage)) == 3
    assert stage.clock.now() > before


def test_a_429_that_does_not_end_is_not_done_and_tried_again_later(
    simulator: McfSimulator, stage: SimulatedStage
) -> None:
    simulator.add_order("1042", lines=LINES)
    stage.tap.instead = lambda seen: (429, "{}") if seen.path.endswith("/cancel") else None
    case = stage.cancel()
    assert (case.state, case.proof) == (State.REQUESTED, None)
    assert "too many calls" in (case.text or "")
    assert simulator.truth("1042") == "Received"
    stage.tap.instead = None
    assert stage.follow().state is State.CANCELED


@pytest.mark.parametrize("errors", ['[{"code": "InternalFailure", "message": "?"}]', '"odd"'])
def test_a_200_that_lists_errors_is_not_asked(simulator: McfSimulator, stage: SimulatedStage, errors: str) -> None:
    simulator.add_order("1042", lines=LINES, status="Planning")
    stage.tap.instead = lambda seen: (200, f'{{"errors": {errors}}}') if seen.path.endswith("/cancel") else None
    assert stage.cancel().state is State.UNCLEAR
