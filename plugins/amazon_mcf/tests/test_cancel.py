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
from orderdesk_sdk.testing.stage import LINES, SimulatedStage
from orderdesk_sdk.testing.tap import SeenRequest

integration = "amazon-mcf"
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
ORDERS = "/fba/outbound/2020-07-01/fulfillmentOrders"


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


@pytest.mark.parametrize("errors", ['[{"code": "InternalFailure", "message": "?"}]', '"odd"'])
def test_a_200_that_lists_errors_is_not_asked(simulator: McfSimulator, stage: SimulatedStage, errors: str) -> None:
    simulator.add_order("1042", lines=LINES, status="Planning")
    stage.tap.instead = lambda seen: (200, f'{{"errors": {errors}}}') if seen.path.endswith("/cancel") else None
    assert stage.cancel().state is State.UNCLEAR
