"""Canceling by feed: the plugin through a desk, before the simulator on a real socket."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from orderdesk_amazon_marketplace.simulator import MarketplaceSimulator
from orderdesk_amazon_marketplace.simulator.service import SELLER
from orderdesk_devkit.testing.harness import LINES, SimulatedHarness
from orderdesk_devkit.testing.request_recorder import RecordedRequest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.plugin.answer import Rejection

integration = "amazon-marketplace"
order = ORDER = "902-1106328-1059050"
FEEDS, DOCUMENTS = "/feeds/2021-06-30/feeds", "/feeds/2021-06-30/documents"
ORDERS = "/orders/2026-01-01/orders"


def asked(harness: SimulatedHarness, reason: str = "out of stock") -> State:
    return harness.cancel(reason).state


def uploads(harness: SimulatedHarness) -> list[RecordedRequest]:
    return [seen for seen in harness.recorder.requests if seen.method == "PUT" and seen.path.startswith("/store/")]


def test_an_order_is_asked_by_feed_and_canceled_by_what_is_read_back(
    simulator: MarketplaceSimulator, harness: SimulatedHarness
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    assert asked(harness) is State.ACKNOWLEDGED
    case = harness.case
    assert (case.evidence, case.service_status, case.request_reference) == (None, "IN_QUEUE", "00050001/1")
    assert simulator.actual_status(ORDER) == "UNSHIPPED"
    case = harness.follow_up()
    assert (case.state, case.service_status, simulator.actual_status(ORDER)) == (
        State.CANCELED,
        "CANCELLED",
        "CANCELLED",
    )
    assert "canceled by MERCHANT" in str([step.message for step in harness.receipt.history])
    assert case.evidence is not None
    assert case.evidence.kind is EvidenceKind.POLLED_STATUS


def test_the_feed_names_seller_and_order_and_every_item_with_its_reason(
    simulator: MarketplaceSimulator, harness: SimulatedHarness
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    asked(harness, "BuyerCanceled")
    (upload,) = uploads(harness)
    assert upload.headers["content-type"] == "text/xml; charset=UTF-8"
    assert "x-amz-access-token" not in upload.headers
    root = ET.fromstring(upload.body)  # noqa: S314 - our own message
    assert [one.tag for one in root] == ["Header", "MessageType", "Message"]
    assert [(one.tag, one.text) for one in root[0]] == [("DocumentVersion", "1.01"), ("MerchantIdentifier", SELLER)]
    message = root[2]
    assert [one.tag for one in message] == ["MessageID", "OrderAcknowledgement"]
    order = message[1]
    assert [one.tag for one in order] == ["AmazonOrderID", "StatusCode", "Item", "Item"]
    assert (order[0].text, order[1].text) == (ORDER, "Failure")
    items = [[(field.tag, field.text) for field in item] for item in order.findall("Item")]
    ids = [item.item_id for item in simulator.order(ORDER).items]
    assert items == [[("AmazonOrderItemCode", one), ("CancelReason", "BuyerCanceled")] for one in ids]


def test_no_presigned_url_and_no_report_is_left_in_the_ledger(
    simulator: MarketplaceSimulator, harness: SimulatedHarness
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    asked(harness)
    harness.follow_up()
    kept = str(harness.receipt)
    assert "/store/" in kept, "the calls themselves are told"
    for hidden in ("X-Amz-Signature", "SIMULATEDKEY", "ProcessingReport", "Robin"):
        assert hidden not in kept


@pytest.mark.parametrize("report", ["plain", "gzip"])
def test_an_error_for_the_order_in_the_report_is_a_refusal_with_its_code(
    simulator: MarketplaceSimulator, harness: SimulatedHarness, report: str
) -> None:
    simulator.set_option("report", report)
    simulator.set_option("fate", "error")
    simulator.add_order(ORDER, lines=LINES)
    asked(harness)
    case = harness.follow_up()
    assert (case.state, case.rejection) == (State.REJECTED, Rejection.NOT_ALLOWED)
    assert "SIM_CHOSEN" in (case.message or "")
    assert "Seller Central" in (case.hint or "")
    assert simulator.actual_status(ORDER) == "UNSHIPPED"


@pytest.mark.slow
def test_a_clean_report_and_an_order_that_stays_unshipped_goes_to_a_person_in_the_end(
    simulator: MarketplaceSimulator, harness: SimulatedHarness
) -> None:
    simulator.set_option("fate", "ignored")
    simulator.add_order(ORDER, lines=LINES)
    asked(harness)
    case = harness.follow_up()
    assert (case.state, case.service_status, case.evidence) == (State.ACTION_REQUIRED, "UNSHIPPED", None)
    reads = [seen for seen in harness.recorder.requests if seen.path.startswith(DOCUMENTS) and seen.method == "GET"]
    assert len(reads) == 1, "the report is read once, then only the order"


def test_a_feed_that_amazon_canceled_did_nothing_and_says_so(
    simulator: MarketplaceSimulator, harness: SimulatedHarness
) -> None:
    simulator.set_option("feed", "CANCELLED")
    simulator.add_order(ORDER, lines=LINES)
    asked(harness)
    case = harness.follow_up()
    assert (case.state, case.rejection) == (State.REJECTED, Rejection.NOT_ALLOWED)
    assert "before it began" in (case.message or "")
    simulator.set_option("feed", "DONE")
    asked(harness)
    assert harness.follow_up().state is State.CANCELED, "and it can be asked again"


@pytest.mark.slow
@pytest.mark.parametrize(("fate", "state"), [("honored", State.CANCELED), ("ignored", State.ACTION_REQUIRED)])
def test_a_fatal_feed_may_have_worked_so_the_order_decides(
    simulator: MarketplaceSimulator, harness: SimulatedHarness, fate: str, state: State
) -> None:
    simulator.set_option("feed", "FATAL")
    simulator.set_option("fate", fate)
    simulator.add_order(ORDER, lines=LINES)
    asked(harness)
    assert harness.follow_up().state is state


@pytest.mark.parametrize("status", ["SHIPPED", "PARTIALLY_SHIPPED"])
def test_what_has_shipped_is_refused_before_a_feed_is_made(
    simulator: MarketplaceSimulator, harness: SimulatedHarness, status: str
) -> None:
    simulator.add_order(ORDER, lines=LINES, status=status)
    asked(harness)
    assert (harness.case.state, harness.case.rejection, harness.case.service_status) == (
        State.REJECTED,
        Rejection.SHIPPED,
        status,
    )
    assert uploads(harness) == []


def test_what_amazon_fulfills_is_refused_with_whom_to_ask(
    simulator: MarketplaceSimulator, harness: SimulatedHarness
) -> None:
    simulator.add_order(ORDER, lines=LINES, fulfilled_by="AMAZON")
    asked(harness)
    assert (harness.case.state, harness.case.rejection) == (State.REJECTED, Rejection.NOT_ALLOWED)
    assert "Seller Support" in (harness.case.hint or "")
    assert uploads(harness) == []


def test_a_buyer_who_asked_is_told_of(simulator: MarketplaceSimulator, harness: SimulatedHarness) -> None:
    simulator.set_option("fate", "ignored")
    simulator.add_order(ORDER, lines=LINES, buyer_asked="BOUGHT_BY_MISTAKE")
    asked(harness, "customer asked")
    for _ in range(6):
        assert harness.case.due_at is not None
        harness.wait_for(harness.case.due_at)
        harness.run_due()
    assert harness.case.message == "the buyer asked Amazon to cancel it: BOUGHT_BY_MISTAKE"


@pytest.mark.slow
def test_an_order_that_amazon_does_not_know_is_no_success(
    simulator: MarketplaceSimulator, harness: SimulatedHarness
) -> None:
    asked(harness)
    case = harness.follow_up()
    assert case.state is not State.CANCELED
    assert uploads(harness) == []
