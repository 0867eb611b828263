"""Canceling by feed: the plugin through a desk, before the simulator on a real socket."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from orderdesk_amazon_marketplace.simulator import MarketplaceSimulator
from orderdesk_amazon_marketplace.simulator.service import SELLER
from orderdesk_devkit.testing.harness import LINES, SimulatedStage
from orderdesk_devkit.testing.request_recorder import SeenRequest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import ProofKind
from orderdesk_sdk.plugin.answer import Refusal

integration = "amazon-marketplace"
order = ORDER = "902-1106328-1059050"
FEEDS, DOCUMENTS = "/feeds/2021-06-30/feeds", "/feeds/2021-06-30/documents"
ORDERS = "/orders/2026-01-01/orders"


def asked(stage: SimulatedStage, reason: str = "out of stock") -> State:
    return stage.cancel(reason).state


def uploads(stage: SimulatedStage) -> list[SeenRequest]:
    return [seen for seen in stage.tap.requests if seen.method == "PUT" and seen.path.startswith("/store/")]


def test_an_order_is_asked_by_feed_and_canceled_by_what_is_read_back(
    simulator: MarketplaceSimulator, stage: SimulatedStage
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    assert asked(stage) is State.ASKED
    case = stage.case
    assert (case.proof, case.status, case.reference) == (None, "IN_QUEUE", "00050001/1")
    assert simulator.truth(ORDER) == "UNSHIPPED"
    case = stage.follow()
    assert (case.state, case.status, simulator.truth(ORDER)) == (State.CANCELED, "CANCELLED", "CANCELLED")
    assert "canceled by MERCHANT" in str([step.text for step in stage.receipt.steps])
    assert case.proof is not None
    assert case.proof.kind is ProofKind.READ_BACK


def test_the_feed_names_seller_and_order_and_every_item_with_its_reason(
    simulator: MarketplaceSimulator, stage: SimulatedStage
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    asked(stage, "BuyerCanceled")
    (upload,) = uploads(stage)
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
    simulator: MarketplaceSimulator, stage: SimulatedStage
) -> None:
    simulator.add_order(ORDER, lines=LINES)
    asked(stage)
    stage.follow()
    kept = str(stage.receipt)
    assert "/store/" in kept, "the calls themselves are told"
    for hidden in ("X-Amz-Signature", "SIMULATEDKEY", "ProcessingReport", "Robin"):
        assert hidden not in kept


@pytest.mark.parametrize("report", ["plain", "gzip"])
def test_an_error_for_the_order_in_the_report_is_a_refusal_with_its_code(
    simulator: MarketplaceSimulator, stage: SimulatedStage, report: str
) -> None:
    simulator.set_switch("report", report)
    simulator.set_switch("fate", "error")
    simulator.add_order(ORDER, lines=LINES)
    asked(stage)
    case = stage.follow()
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert "SIM_CHOSEN" in (case.text or "")
    assert "Seller Central" in (case.remedy or "")
    assert simulator.truth(ORDER) == "UNSHIPPED"


@pytest.mark.slow
def test_a_clean_report_and_an_order_that_stays_unshipped_goes_to_a_person_in_the_end(
    simulator: MarketplaceSimulator, stage: SimulatedStage
) -> None:
    simulator.set_switch("fate", "ignored")
    simulator.add_order(ORDER, lines=LINES)
    asked(stage)
    case = stage.follow()
    assert (case.state, case.status, case.proof) == (State.AWAITING_PERSON, "UNSHIPPED", None)
    reads = [seen for seen in stage.tap.requests if seen.path.startswith(DOCUMENTS) and seen.method == "GET"]
    assert len(reads) == 1, "the report is read once, then only the order"


def test_a_feed_that_amazon_canceled_did_nothing_and_says_so(
    simulator: MarketplaceSimulator, stage: SimulatedStage
) -> None:
    simulator.set_switch("feed", "CANCELLED")
    simulator.add_order(ORDER, lines=LINES)
    asked(stage)
    case = stage.follow()
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert "before it began" in (case.text or "")
    simulator.set_switch("feed", "DONE")
    asked(stage)
    assert stage.follow().state is State.CANCELED, "and it can be asked again"


@pytest.mark.slow
@pytest.mark.parametrize(("fate", "state"), [("honored", State.CANCELED), ("ignored", State.AWAITING_PERSON)])
def test_a_fatal_feed_may_have_worked_so_the_order_decides(
    simulator: MarketplaceSimulator, stage: SimulatedStage, fate: str, state: State
) -> None:
    simulator.set_switch("feed", "FATAL")
    simulator.set_switch("fate", fate)
    simulator.add_order(ORDER, lines=LINES)
    asked(stage)
    assert stage.follow().state is state


@pytest.mark.parametrize("status", ["SHIPPED", "PARTIALLY_SHIPPED"])
def test_what_has_shipped_is_refused_before_a_feed_is_made(
    simulator: MarketplaceSimulator, stage: SimulatedStage, status: str
) -> None:
    simulator.add_order(ORDER, lines=LINES, status=status)
    asked(stage)
    assert (stage.case.state, stage.case.refusal, stage.case.status) == (State.REFUSED, Refusal.SHIPPED, status)
    assert uploads(stage) == []


def test_what_amazon_fulfills_is_refused_with_whom_to_ask(
    simulator: MarketplaceSimulator, stage: SimulatedStage
) -> None:
    simulator.add_order(ORDER, lines=LINES, fulfilled_by="AMAZON")
    asked(stage)
    assert (stage.case.state, stage.case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert "Seller Support" in (stage.case.remedy or "")
    assert uploads(stage) == []


def test_a_buyer_who_asked_is_told_of(simulator: MarketplaceSimulator, stage: SimulatedStage) -> None:
    simulator.set_switch("fate", "ignored")
    simulator.add_order(ORDER, lines=LINES, buyer_asked="BOUGHT_BY_MISTAKE")
    asked(stage, "customer asked")
    for _ in range(6):
        assert stage.case.due_at is not None
        stage.wait_for(stage.case.due_at)
        stage.run_due()
    assert stage.case.text == "the buyer asked Amazon to cancel it: BOUGHT_BY_MISTAKE"


@pytest.mark.slow
def test_an_order_that_amazon_does_not_know_is_no_success(
    simulator: MarketplaceSimulator, stage: SimulatedStage
) -> None:
    asked(stage)
    case = stage.follow()
    assert case.state is not State.CANCELED
    assert uploads(stage) == []
