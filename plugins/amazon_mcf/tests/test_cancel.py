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
from orderdesk_devkit.testing.harness import LINES, SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_devkit.testing.request_recorder import RecordedRequest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.secret import Secret

integration = "amazon-mcf"
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
ORDERS = "/fba/outbound/2020-07-01/fulfillmentOrders"


def cancels(harness: SimulatedHarness) -> list[RecordedRequest]:
    return [seen for seen in harness.recorder.requests if seen.method == "PUT"]


def test_the_cancel_has_no_body_and_a_user_agent_as_amazon_demands(
    simulator: McfSimulator, harness: SimulatedHarness
) -> None:
    simulator.add_order("1042", lines=LINES)
    harness.cancel()
    (put,) = cancels(harness)
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
    service = Service("mcf", settings, "https://amazon.example", NOW, "agent", ConnectionRole.FULFILLMENT)
    remote_order = RemoteOrder("mcf", "a/b+c d%?#ä", NOW, ConnectionRole.FULFILLMENT)
    request = next(orderdesk_cancel(CancelRequest(Order("1", "1"), remote_order, "c1"), service))
    assert request.url.raw_path.decode() == f"{ORDERS}/a%2Fb%2Bc%20d%25%3F%23%C3%A4/cancel"


@pytest.mark.parametrize("number", ["10 42", "10+42", "10/42", "10%2342", "ä", "#" * 41])
def test_an_id_that_amazon_would_mangle_is_refused_where_it_is_registered(
    harness: SimulatedHarness, number: str
) -> None:
    with pytest.raises(ValidationError, match="give the number that the service knows"):
        harness.desk.orders.register("1042", connection="amazon-mcf", by="Ann", remote_id=number)


def test_an_id_as_order_desk_writes_it_is_taken_and_encoded(
    open_harness: HarnessOpener, simulator: McfSimulator
) -> None:
    simulator.add_order("#1018", lines=LINES)
    stage = open_harness(order="#1018")
    stage.cancel()
    assert stage.follow_up().state is State.CANCELED
    assert {seen.path.removesuffix("/cancel") for seen in stage.recorder.requests[1:]} == {f"{ORDERS}/%231018"}


def test_an_id_that_came_in_past_that_check_is_not_sent_but_given_to_a_person(harness: SimulatedHarness) -> None:
    other = harness.desk.order_store.duplicate("1042", by="Ann")
    harness.desk.order_store.add_remote_order(
        other.id, RemoteOrder("amazon-mcf", "10+42", NOW, ConnectionRole.FULFILLMENT), by="Ann"
    )
    (case,) = harness.desk.cancel(other.number, by="Ann").cases
    assert (case.state, harness.recorder.requests) == (State.ACTION_REQUIRED, [])
    assert "Amazon turns + into a space" in (case.message or "")


@pytest.mark.parametrize("switch", ["error", "accept"])
def test_in_new_both_readings_of_the_documents_end_in_canceled(
    simulator: McfSimulator, harness: SimulatedHarness, switch: str
) -> None:
    simulator.set_option("in_new", switch)
    simulator.add_order("1042", lines=LINES, status="New")
    assert harness.cancel().state is {"error": State.PENDING, "accept": State.ACKNOWLEDGED}[switch]
    assert (harness.follow_up().state, simulator.actual_status("1042")) == (State.CANCELED, "Cancelled")


@pytest.mark.parametrize("status", ["Cancelled", "Unfulfillable", "Invalid"])
@pytest.mark.parametrize("switch", ["error", "accept"])
def test_what_never_ships_anyway_is_canceled_by_read_back(
    simulator: McfSimulator, harness: SimulatedHarness, status: str, switch: str
) -> None:
    simulator.set_option("too_late", switch)
    simulator.add_order("1042", lines=LINES, status=status)
    assert harness.cancel().state is State.ACKNOWLEDGED
    case = harness.follow_up()
    assert (case.state, case.service_status) == (State.CANCELED, status)
    assert case.evidence is not None
    assert case.evidence.kind is EvidenceKind.POLLED_STATUS


@pytest.mark.parametrize("switch", ["error", "accept"])
def test_what_has_shipped_is_refused_as_shipped(
    simulator: McfSimulator, harness: SimulatedHarness, switch: str
) -> None:
    simulator.set_option("too_late", switch)
    simulator.add_order("1042", lines=LINES, status="Complete")
    harness.cancel()
    case = harness.follow_up()
    assert (case.state, case.rejection) == (State.REJECTED, Rejection.SHIPPED)


def test_an_order_that_amazon_does_not_know_is_refused(harness: SimulatedHarness) -> None:
    case = harness.cancel()
    assert (case.state, case.rejection) == (State.REJECTED, Rejection.NOT_ALLOWED)
    assert (case.message, harness.calls[-2:]) == (UNKNOWN, [f"PUT {ORDERS}/1042/cancel 404", f"GET {ORDERS}/1042 404"])


ROUTING = ["<html>Not Found</html>", '{"message": "Not Found"}', "", '{"errors": []}']


@pytest.mark.parametrize("body", [*ROUTING, '{"errors": [{"code": "NotFound", "message": "?"}]}'])
def test_a_404_on_the_cancel_alone_is_read_back_and_refuses_nothing(
    simulator: McfSimulator, harness: SimulatedHarness, body: str
) -> None:
    simulator.add_order("1042", lines=LINES, status="Planning")
    harness.recorder.override = lambda seen: (404, body) if seen.path.endswith("/cancel") else None
    case = harness.cancel()
    assert (case.state, case.rejection) == (State.PENDING, None)
    assert ("base URL" in (case.hint or "")) == (body in ROUTING)
    simulator.put_status("1042", "Cancelled")
    assert harness.follow_up().state is State.CANCELED


@pytest.mark.parametrize("status", [404, 405])
@pytest.mark.parametrize("body", ROUTING)
def test_a_404_that_is_none_of_amazons_is_a_matter_of_the_configuration(
    simulator: McfSimulator, harness: SimulatedHarness, body: str, status: int
) -> None:
    simulator.add_order("1042", lines=LINES)
    harness.recorder.override = lambda seen: (status, body) if ORDERS in seen.path else None
    case = harness.cancel()
    assert (case.state, case.rejection) == (State.PENDING, None)
    assert "base URL" in (case.hint or "")


@pytest.mark.parametrize("status", ["CANCELLED", "cancelled", "Canceled"])
def test_a_status_is_known_however_it_is_spelled(
    harness: SimulatedHarness, simulator: McfSimulator, status: str
) -> None:
    told(harness, simulator, status)
    assert harness.follow_up().state is State.CANCELED


@pytest.mark.parametrize("word", ["PLANNING", "planning", "RECEIVED"])
def test_a_400_while_the_status_allows_it_is_asked_again_however_it_is_spelled(
    harness: SimulatedHarness, simulator: McfSimulator, word: str
) -> None:
    simulator.add_order("1042", lines=LINES)
    page = document("1042", word)
    harness.recorder.override = lambda seen: (400, "{}") if seen.path.endswith("/cancel") else (200, page)
    assert harness.cancel().state is State.PENDING


def document(number: str, status: str, **more: object) -> str:
    """What getFulfillmentOrder answers of this order."""
    order = {"sellerFulfillmentOrderId": number, "fulfillmentOrderStatus": status}
    items = [{"sellerSku": sku, "quantity": many, "cancelledQuantity": many} for sku, many in LINES]
    return json.dumps({"payload": {"fulfillmentOrder": order, "fulfillmentOrderItems": items, **more}})


def told(harness: SimulatedHarness, simulator: McfSimulator, status: str, number: str = "1042", **more: object) -> None:
    """Cancel, and let every read of the order be answered with this from then on."""
    simulator.add_order("1042", lines=LINES)
    page = document(number, status, **more)
    harness.recorder.override = lambda seen: (200, page) if seen.method == "GET" else None
    assert harness.cancel().state is State.ACKNOWLEDGED


@pytest.mark.slow
@pytest.mark.parametrize("number", ["9999", "1042-1", "01042", ""])
def test_a_reply_about_another_order_decides_nothing(
    harness: SimulatedHarness, simulator: McfSimulator, number: str
) -> None:
    told(harness, simulator, "Cancelled", number=number)
    case = harness.follow_up()
    assert (case.state, case.evidence) == (State.ACTION_REQUIRED, None)


@pytest.mark.slow
def test_a_canceled_order_of_which_a_shipment_has_left_is_not_called_canceled(
    harness: SimulatedHarness, simulator: McfSimulator
) -> None:
    told(harness, simulator, "Cancelled", fulfillmentShipments=[{"fulfillmentShipmentStatus": "SHIPPED"}])
    assert harness.follow_up().state is State.ACTION_REQUIRED


@pytest.mark.parametrize("items", [None, [], {}, [{"sellerSku": "MUG"}], [{"quantity": 2}], "none"])
def test_lines_that_cannot_be_read_do_not_keep_a_status_word_from_counting(
    harness: SimulatedHarness, simulator: McfSimulator, items: object
) -> None:
    told(harness, simulator, "Cancelled", fulfillmentOrderItems=items)
    case = harness.follow_up()
    assert (case.state, case.lines) == (State.CANCELED, ())


@pytest.mark.slow
def test_a_part_that_shipped_is_not_refused_while_its_lines_cannot_be_read(
    harness: SimulatedHarness, simulator: McfSimulator
) -> None:
    told(harness, simulator, "CompletePartialled", fulfillmentOrderItems=None)
    assert harness.follow_up().state is State.ACTION_REQUIRED


def test_an_order_that_amazon_leaves_undecided_goes_to_a_person_in_the_end(
    simulator: McfSimulator, harness: SimulatedHarness
) -> None:
    simulator.set_option("cancel_fate", "ignored")
    simulator.set_option("planning", "stuck")
    simulator.add_order("1042", lines=LINES, status="Planning")
    give_up = harness.cancel().deadline
    assert give_up == harness.clock.now() + hours(24)
    harness.wait_for(give_up - minutes(1))
    assert harness.run_due().state is State.ACKNOWLEDGED
    harness.wait_for(give_up)
    assert (harness.run_due().state, simulator.actual_status("1042")) == (State.ACTION_REQUIRED, "Planning")


@pytest.mark.parametrize("errors", ['[{"code": "InternalFailure", "message": "?"}]', '"odd"'])
def test_a_200_that_lists_errors_is_not_asked(simulator: McfSimulator, harness: SimulatedHarness, errors: str) -> None:
    simulator.add_order("1042", lines=LINES, status="Planning")
    harness.recorder.override = lambda seen: (200, f'{{"errors": {errors}}}') if seen.path.endswith("/cancel") else None
    assert harness.cancel().state is State.UNKNOWN
