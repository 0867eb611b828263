"""Reading back: every status word that is documented, those that are not, and what becomes of each unit."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from orderdesk_amazon_mcf.simulator import McfSimulator
from orderdesk_devkit.testing.harness import LINES, SimulatedHarness
from orderdesk_devkit.testing.request_recorder import RecordedRequest
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.plugin.answer import LineAnswer, Rejection

integration = "amazon-mcf"
Edit = Callable[[RecordedRequest, bytes], bytes]


def read_as(change: Callable[[dict[str, object], dict[str, object]], object]) -> Edit:
    """An edit of what getFulfillmentOrder answers: of its payload, and of the fulfillmentOrder in it."""

    def edit(seen: RecordedRequest, body: bytes) -> bytes:
        if seen.method != "GET":
            return body
        document = json.loads(body)
        change(document["payload"], document["payload"]["fulfillmentOrder"])
        return json.dumps(document).encode()

    return edit


def status_word(word: object) -> Edit:
    return read_as(lambda _payload, order: order.__setitem__("fulfillmentOrderStatus", word))


def lines(*units: tuple[str, object, object], status: str = "CompletePartialled") -> Edit:
    """An edit that gives the order these (SKU, quantity, cancelledQuantity)."""

    def change(payload: dict[str, object], order: dict[str, object]) -> None:
        order["fulfillmentOrderStatus"] = status
        payload["fulfillmentOrderItems"] = [
            {"sellerSku": sku, "quantity": quantity, "cancelledQuantity": canceled} for sku, quantity, canceled in units
        ]

    return read_as(change)


def checked(simulator: McfSimulator, harness: SimulatedHarness, edit: Edit | None = None) -> CancelCase:
    """The case after a cancel in Planning and one poll, whose answer `edit` changed."""
    simulator.add_order("1042", lines=LINES, status="Planning")
    assert harness.cancel().state is State.ACKNOWLEDGED
    harness.recorder.edit_response = edit
    harness.desk.cases.poll(harness.case.id)
    return harness.case


CANCELED = ["Cancelled", "CANCELLED", "cancelled", "Canceled", "canceled", "CANCELED", "Unfulfillable", "Invalid"]
PENDING = ["New", "Received", "RECEIVED", "Planning", "PLANNING", "Processing", "processing"]
SHIPPED = ["Complete", "COMPLETE", "complete", "CompletePartialled", "COMPLETE_PARTIALLED"]
UNKNOWN = ["PROCESSED", "COMPLETE_PARTIAL", "Cancelling", "CancellationPending", "NotCancelled", "Shipped", "???"]


@pytest.mark.parametrize("word", CANCELED)
def test_words_of_orders_that_never_ship_are_canceled(
    simulator: McfSimulator, harness: SimulatedHarness, word: str
) -> None:
    case = checked(simulator, harness, status_word(word))
    assert (case.state, case.service_status) == (State.CANCELED, word)
    assert case.evidence is not None
    assert case.evidence.kind is EvidenceKind.POLLED_STATUS


@pytest.mark.parametrize("word", PENDING)
def test_words_of_orders_that_are_under_way_leave_it_open(
    simulator: McfSimulator, harness: SimulatedHarness, word: str
) -> None:
    case = checked(simulator, harness, status_word(word))
    assert (case.state, case.service_status, case.evidence) == (State.ACKNOWLEDGED, word, None)


@pytest.mark.parametrize("word", SHIPPED)
def test_words_of_orders_that_are_complete_are_refused_as_shipped(
    simulator: McfSimulator, harness: SimulatedHarness, word: str
) -> None:
    case = checked(simulator, harness, status_word(word))
    assert (case.state, case.rejection, case.service_status) == (State.REJECTED, Rejection.SHIPPED, word)


@pytest.mark.parametrize("word", UNKNOWN)
def test_words_that_nobody_documented_decide_nothing_and_are_shown(
    simulator: McfSimulator, harness: SimulatedHarness, word: str
) -> None:
    case = checked(simulator, harness, status_word(word))
    assert (case.state, case.evidence, case.consecutive_failures) == (State.ACKNOWLEDGED, None, 1)
    assert word in (case.message or "")
    harness.recorder.edit_response = None
    assert harness.follow_up().state is State.CANCELED


@pytest.mark.parametrize("word", [None, "", "  ", 7, True, ["Cancelled"], {"status": "Cancelled"}])
def test_a_status_that_is_no_word_decides_nothing(
    simulator: McfSimulator, harness: SimulatedHarness, word: object
) -> None:
    case = checked(simulator, harness, status_word(word))
    assert (case.state, case.evidence, case.consecutive_failures) == (State.ACKNOWLEDGED, None, 1)


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ((("MUG", 2, 1), ("CAP", 1, 0)), ((2, 1), (1, 0))),
        ((("MUG", "2", "1"), ("CAP", "1", "0")), ((2, 1), (1, 0))),
        ((("MUG", 2, 2), ("CAP", 1, 0)), ((2, 2), (1, 0))),
        ((("MUG", 2, 0), ("CAP", 1, "1")), ((2, 0), (1, 1))),
    ],
)
def test_a_part_is_counted_by_cancelled_quantity_as_number_or_text(
    simulator: McfSimulator,
    harness: SimulatedHarness,
    units: tuple[tuple[str, object, object], ...],
    expected: tuple[tuple[int, int], ...],
) -> None:
    case = checked(simulator, harness, lines(*units))
    assert case.state is State.PARTIALLY_CANCELED
    assert tuple((line.ordered, line.canceled) for line in case.lines) == expected


@pytest.mark.parametrize("count", ["one", -1, 1.5, True, None, [1], ""])
def test_a_count_that_is_none_makes_no_verdict(
    simulator: McfSimulator, harness: SimulatedHarness, count: object
) -> None:
    case = checked(simulator, harness, lines(("MUG", 2, count)))
    assert (case.state, case.evidence, case.consecutive_failures) == (State.ACKNOWLEDGED, None, 1)


def test_a_missing_count_of_canceled_units_is_none_canceled(simulator: McfSimulator, harness: SimulatedHarness) -> None:
    def change(payload: dict[str, object], order: dict[str, object]) -> None:
        order["fulfillmentOrderStatus"] = "CompletePartialled"
        payload["fulfillmentOrderItems"] = [{"sellerSku": "MUG", "quantity": "2"}]

    case = checked(simulator, harness, read_as(change))
    assert (case.state, case.rejection, case.lines) == (State.REJECTED, Rejection.SHIPPED, (LineAnswer("MUG", 2, 0),))


def test_fields_that_nobody_knows_are_let_pass(simulator: McfSimulator, harness: SimulatedHarness) -> None:
    def change(payload: dict[str, object], order: dict[str, object]) -> None:
        payload["primeUpgraded"], order["marketplaceId"] = True, "31060"

    assert checked(simulator, harness, read_as(change)).state is State.ACKNOWLEDGED


def test_a_shipment_that_a_center_gave_up_is_no_canceled_order(
    simulator: McfSimulator, harness: SimulatedHarness
) -> None:
    def change(payload: dict[str, object], order: dict[str, object]) -> None:
        order["fulfillmentOrderStatus"] = "Processing"
        payload["fulfillmentShipments"] = [{"fulfillmentShipmentStatus": "CANCELLED_BY_FULFILLER"}]

    case = checked(simulator, harness, read_as(change))
    assert (case.state, case.service_status) == (State.ACKNOWLEDGED, "Processing")


@pytest.mark.parametrize("status", [400, 404])
def test_an_order_that_cannot_be_read_back_is_not_taken_for_gone(
    simulator: McfSimulator, harness: SimulatedHarness, status: int
) -> None:
    simulator.add_order("1042", lines=LINES, status="Planning")
    harness.cancel()
    harness.recorder.override = lambda seen: (
        (status, '{"errors": [{"code": "InvalidInput"}]}') if seen.method == "GET" else None
    )
    harness.desk.cases.poll(harness.case.id)
    case = harness.case
    assert (case.state, case.evidence) == (State.ACKNOWLEDGED, None)


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_read_back_that_is_turned_away_is_tried_again_later(
    simulator: McfSimulator, harness: SimulatedHarness, status: int
) -> None:
    simulator.add_order("1042", lines=LINES, status="Planning")
    harness.cancel()
    harness.recorder.override = lambda seen: (status, "{}") if seen.method == "GET" else None
    harness.desk.cases.poll(harness.case.id)
    case = harness.case
    assert (case.state, case.evidence, case.consecutive_failures) == (State.ACKNOWLEDGED, None, 1)
    assert ("role Amazon Fulfillment" in (case.hint or "")) is (status != 429)
    harness.recorder.override = None
    assert harness.follow_up().state is State.CANCELED
