"""Asking Amazon to cancel: the plugin through a desk, before the simulator on a real socket."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from orderdesk_amazon_mcf import orderdesk_cancel
from orderdesk_amazon_mcf.api import UNKNOWN
from orderdesk_amazon_mcf.settings import McfSettings
from orderdesk_amazon_mcf.simulator import McfSimulator
from orderdesk_devkit.testing.harness import LINES, SimulatedStage
from orderdesk_devkit.testing.pytest_plugin import StageOpener
from orderdesk_devkit.testing.request_recorder import SeenRequest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import ProofKind
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.errors import InputError
from orderdesk_sdk.orders.order import Order, Placement, Role
from orderdesk_sdk.plugin.answer import Refusal
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.secret import Secret

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


@pytest.mark.parametrize("number", ["10 42", "10+42", "10/42", "10%2342", "ä", "#" * 41])
def test_an_id_that_amazon_would_mangle_is_refused_where_it_is_registered(stage: SimulatedStage, number: str) -> None:
    with pytest.raises(InputError, match="give the number that the service knows"):
        stage.desk.place("1042", at="amazon-mcf", by="Ann", remote_id=number)


def test_an_id_as_order_desk_writes_it_is_taken_and_encoded(open_stage: StageOpener, simulator: McfSimulator) -> None:
    simulator.add_order("#1018", lines=LINES)
    stage = open_stage(order="#1018")
    stage.cancel()
    assert stage.follow().state is State.CANCELED
    assert {seen.path.removesuffix("/cancel") for seen in stage.tap.requests[1:]} == {f"{ORDERS}/%231018"}


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
    assert (case.text, stage.calls[-2:]) == (UNKNOWN, [f"PUT {ORDERS}/1042/cancel 404", f"GET {ORDERS}/1042 404"])


ROUTING = ["<html>Not Found</html>", '{"message": "Not Found"}', "", '{"errors": []}']


@pytest.mark.parametrize("body", [*ROUTING, '{"errors": [{"code": "NotFound", "message": "?"}]}'])
def test_a_404_on_the_cancel_alone_is_read_back_and_refuses_nothing(
    simulator: McfSimulator, stage: SimulatedStage, body: str
) -> None:
    simulator.add_order("1042", lines=LINES, status="Planning")
    stage.tap.instead = lambda seen: (404, body) if seen.path.endswith("/cancel") else None
    case = stage.cancel()
    assert (case.state, case.refusal) == (State.REQUESTED, None)
    assert ("base URL" in (case.remedy or "")) == (body in ROUTING)
    simulator.put_status("1042", "Cancelled")
    assert stage.follow().state is State.CANCELED


@pytest.mark.parametrize("status", [404, 405])
@pytest.mark.parametrize("body", ROUTING)
def test_a_404_that_is_none_of_amazons_is_a_matter_of_the_configuration(
    simulator: McfSimulator, stage: SimulatedStage, body: str, status: int
) -> None:
    simulator.add_order("1042", lines=LINES)
    stage.tap.instead = lambda seen: (status, body) if ORDERS in seen.path else None
    case = stage.cancel()
    assert (case.state, case.refusal) == (State.REQUESTED, None)
    assert "base URL" in (case.remedy or "")


@pytest.mark.parametrize("status", ["CANCELLED", "cancelled", "Canceled"])
def test_a_status_is_known_however_it_is_spelled(stage: SimulatedStage, simulator: McfSimulator, status: str) -> None:
    told(stage, simulator, status)
    assert stage.follow().state is State.CANCELED


@pytest.mark.parametrize("word", ["PLANNING", "planning", "RECEIVED"])
def test_a_400_while_the_status_allows_it_is_asked_again_however_it_is_spelled(
    stage: SimulatedStage, simulator: McfSimulator, word: str
) -> None:
    simulator.add_order("1042", lines=LINES)
    page = document("1042", word)
    stage.tap.instead = lambda seen: (400, "{}") if seen.path.endswith("/cancel") else (200, page)
    assert stage.cancel().state is State.REQUESTED


def document(number: str, status: str, **more: object) -> str:
    """What getFulfillmentOrder answers of this order."""
    order = {"sellerFulfillmentOrderId": number, "fulfillmentOrderStatus": status}
    items = [{"sellerSku": sku, "quantity": many, "cancelledQuantity": many} for sku, many in LINES]
    return json.dumps({"payload": {"fulfillmentOrder": order, "fulfillmentOrderItems": items, **more}})


def told(stage: SimulatedStage, simulator: McfSimulator, status: str, number: str = "1042", **more: object) -> None:
    """Cancel, and let every read of the order be answered with this from then on."""
    simulator.add_order("1042", lines=LINES)
    page = document(number, status, **more)
    stage.tap.instead = lambda seen: (200, page) if seen.method == "GET" else None
    assert stage.cancel().state is State.ASKED


@pytest.mark.slow
@pytest.mark.parametrize("number", ["9999", "1042-1", "01042", ""])
def test_a_reply_about_another_order_decides_nothing(
    stage: SimulatedStage, simulator: McfSimulator, number: str
) -> None:
    told(stage, simulator, "Cancelled", number=number)
    case = stage.follow()
    assert (case.state, case.proof) == (State.AWAITING_PERSON, None)


@pytest.mark.slow
def test_a_canceled_order_of_which_a_shipment_has_left_is_not_called_canceled(
    stage: SimulatedStage, simulator: McfSimulator
) -> None:
    told(stage, simulator, "Cancelled", fulfillmentShipments=[{"fulfillmentShipmentStatus": "SHIPPED"}])
    assert stage.follow().state is State.AWAITING_PERSON


@pytest.mark.parametrize("items", [None, [], {}, [{"sellerSku": "MUG"}], [{"quantity": 2}], "none"])
def test_lines_that_cannot_be_read_do_not_keep_a_status_word_from_counting(
    stage: SimulatedStage, simulator: McfSimulator, items: object
) -> None:
    told(stage, simulator, "Cancelled", fulfillmentOrderItems=items)
    case = stage.follow()
    assert (case.state, case.lines) == (State.CANCELED, ())


@pytest.mark.slow
def test_a_part_that_shipped_is_not_refused_while_its_lines_cannot_be_read(
    stage: SimulatedStage, simulator: McfSimulator
) -> None:
    told(stage, simulator, "CompletePartialled", fulfillmentOrderItems=None)
    assert stage.follow().state is State.AWAITING_PERSON


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
