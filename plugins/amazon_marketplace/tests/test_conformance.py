"""What every plugin must stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from orderdesk_devkit.testing.conformance import Ending, ExpectedBatch, ExpectedRequest, PluginConformance
from orderdesk_devkit.testing.harness import PERSON
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin import Batch, Rejection, minutes, seconds

pytestmark = pytest.mark.slow

NOT_COUNTED: Mapping[str, int] = {}
READ = "getOrder"
DIRECT = {"transport": "json"}
XML = "text/xml; charset=UTF-8"
CANCELLATION = "/orders/2026-01-01/orders/902-1106328-1059050/cancellation"
ERROR = {"errors": [{"code": "InvalidInput", "message": "it cannot be done"}]}
FEED_EVERY = minutes(20)
"""Amazon's best practice for feeds of one type, which also wants few of them, under 10 MiB."""
ITEMS_KNOWN = {"item_field": "amazon_item"}
SIGNED = {"x-amz-date": r"\d{8}T\d{6}Z"}
FEED = """\
<?xml version='1.0' encoding='utf-8'?>
<AmazonEnvelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:noNamespaceSchemaLocation="amzn-envelope.xsd">\
<Header><DocumentVersion>1.01</DocumentVersion><MerchantIdentifier>A1REHEARSEDSELLER</MerchantIdentifier></Header>\
<MessageType>OrderAcknowledgement</MessageType><Message><MessageID>1</MessageID><OrderAcknowledgement>\
<AmazonOrderID>902-1106328-1059050</AmazonOrderID><StatusCode>Failure</StatusCode>\
<Item><AmazonOrderItemCode>68828574380001</AmazonOrderItemCode><CancelReason>NoInventory</CancelReason></Item>\
<Item><AmazonOrderItemCode>68828574380002</AmazonOrderItemCode><CancelReason>NoInventory</CancelReason></Item>\
</OrderAcknowledgement></Message></AmazonEnvelope>"""


def shipped(status: str) -> Ending:
    """The end of a cancel of what has left."""
    return Ending(status, State.REJECTED, rejection=Rejection.SHIPPED, proof=READ)


def refused(report: str = "plain", says: str = "SIM_CHOSEN: simulator", **more: Any) -> Ending:
    """The end of a cancel whose feed is worked off with an error, by how its report is written."""
    options = {"fate": "error", "report": report}
    return Ending(
        "UNSHIPPED",
        State.REJECTED,
        rejection=Rejection.NOT_ALLOWED,
        asked=State.ACKNOWLEDGED,
        proof="store",
        options=options,
        says=says,
        **more,
    )


def left_to_a_person(says: str, *, calls: Mapping[str, int] = NOT_COUNTED, **options: str) -> Ending:
    """The end of a cancel after which the order stands as it was, and nobody knows why."""
    return Ending("UNSHIPPED", State.ACTION_REQUIRED, asked=State.ACKNOWLEDGED, says=says, options=options, calls=calls)


def reported(processed: int, succeeded: int, failed: int, result: str = "") -> dict[str, tuple[int, object]]:
    """The feed's report is another one: how many messages it counts, and an error."""
    counts = {"MessagesProcessed": processed, "MessagesSuccessful": succeeded, "MessagesWithError": failed}
    summary = "".join(f"<{name}>{count}</{name}>" for name, count in counts.items())
    inside = f"<StatusCode>Complete</StatusCode><ProcessingSummary>{summary}</ProcessingSummary>{result}"
    return {"store": (200, f"<AmazonEnvelope><ProcessingReport>{inside}</ProcessingReport></AmazonEnvelope>")}


def cancel_ordered(reason: str, code: str) -> Ending:
    """The end of a cancel by cancelOrder, which has a word of its own for each reason that it knows."""
    return Ending(
        "UNSHIPPED",
        State.CANCELED,
        proof=READ,
        says="canceled by MERCHANT",
        settings=DIRECT,
        reason=reason,
        options={"cancel_order": "works"},
        requests=(ExpectedRequest("PUT", CANCELLATION, {"cancelReasonCode": code}),),
        calls={"createFeed": 0},
    )


class TestAmazonMarketplace(PluginConformance):
    integration = "amazon-marketplace"
    remote_id = "902-1106328-1059050"
    line_metadata: ClassVar = {"amazon_item": "68828574380001"}
    good_numbers: ClassVar = ("902-1106328-1059050",)
    bad_numbers: ClassVar = ("902-1106328-10590500", "9021106328-1059050", "1042", "")
    personal_documents: ClassVar = (
        {"buyer": PERSON, "recipient": PERSON},
        dict.fromkeys(("X-Amz-Credential", "X-Amz-Security-Token", "X-Amz-Signature"), "a key to a document"),
    )
    allowed_calls: ClassVar = {
        "documents": (45, minutes(1)),
        "document": (12, minutes(1)),
        "feeds": (16, minutes(2)),
        "feed": (17, seconds(1)),
        "order": (60, minutes(1)),
        "cancellation": (6, seconds(1)),
    }
    repeatable: ClassVar = ("documents", "store", "feeds", "cancellation")
    requests: ClassVar = (
        ExpectedRequest("POST", "/feeds/2021-06-30/documents", {"contentType": XML}, SIGNED),
        ExpectedRequest(
            "PUT", "/store/amzn1.tortuga.simulated.000001?*", FEED, {"content-type": "text/xml; charset=UTF-8"}
        ),
        ExpectedRequest(
            "POST",
            "/feeds/2021-06-30/feeds",
            {
                "feedType": "POST_ORDER_ACKNOWLEDGEMENT_DATA",
                "marketplaceIds": ["ATVPDKIKX0DER"],
                "inputFeedDocumentId": "amzn1.tortuga.simulated.000001",
            },
        ),
    )
    endings: ClassVar = (
        Ending(
            "UNSHIPPED",
            State.CANCELED,
            proof=READ,
            says="canceled by MERCHANT",
            calls={"getOrder": 3, "createFeed": 1, "getFeed": 1, "getFeedDocument": 1},
        ),
        Ending("UNSHIPPED", State.CANCELED, proof=READ, says="nobody named", options={"canceled_by": "unnamed"}),
        *(Ending(status, State.CANCELED, proof=READ) for status in ("PENDING", "PENDING_AVAILABILITY")),
        Ending(
            "UNSHIPPED",
            State.REJECTED,
            rejection=Rejection.NOT_ALLOWED,
            proof=READ,
            options={"fulfilled_by": "AMAZON", "buyer": "asks"},
            says="the buyer asked Amazon to cancel it: BOUGHT_BY_MISTAKE",
        ),
        Ending(
            "PENDING",
            State.REJECTED,
            rejection=Rejection.NOT_ALLOWED,
            proof=READ,
            options={"fulfilled_by": "AMAZON", "buyer": "asks for no reason"},
            says="the buyer asked Amazon to cancel it: no reason",
        ),
        shipped("SHIPPED"),
        shipped("PARTIALLY_SHIPPED"),
        Ending("UNFULFILLABLE", State.ACTION_REQUIRED, asked=State.UNKNOWN),
        Ending("CANCELLED", State.CANCELED, proof=READ),
        *(refused(how) for how in ("plain", "gzip", "cp1252", "namespace", "by number", "unnamed")),
        refused("counts only", says="there is an error, and not of which order"),
        left_to_a_person("", fate="ignored", calls={"getFeed": 1}),
        left_to_a_person("", fate="error", report="absent"),
        left_to_a_person("", fate="error", report="incomplete"),
        left_to_a_person("the feed is FATAL", fate="ignored", feed="FATAL"),
        Ending(
            "UNSHIPPED",
            State.REJECTED,
            rejection=Rejection.NOT_ALLOWED,
            asked=State.ACKNOWLEDGED,
            proof="getFeed",
            options={"feed": "CANCELLED"},
        ),
        Ending("UNSHIPPED", State.CANCELED, proof=READ, settings=DIRECT, calls={"createFeed": 1}),
        cancel_ordered("NoInventory", "NO_INVENTORY"),
        cancel_ordered("BuyerCanceled", "BUYER_CANCELLED"),
        cancel_ordered("CustomerExchange", "CUSTOMER_EXCHANGE"),
        cancel_ordered("ShippingAddressUndeliverable", "SHIPPING_ADDRESS_UNDELIVERABLE"),
        cancel_ordered("PricingError", "PRICING_ERROR"),
        Ending(
            "UNSHIPPED",
            State.CANCELED,
            proof=READ,
            settings=DIRECT,
            reason="GeneralAdjustment",
            options={"cancel_order": "works"},
            calls={"cancelOrder": 0, "createFeed": 1},
        ),
        Ending(
            "SHIPPED",
            State.REJECTED,
            rejection=Rejection.SHIPPED,
            proof=READ,
            options={"cancel_order": "works"},
            settings=DIRECT,
        ),
        Ending(
            "UNSHIPPED",
            State.ACTION_REQUIRED,
            asked=State.UNKNOWN,
            settings=DIRECT,
            options={"cancel_order": "works"},
            replies={"cancelOrder": (500, {})},
        ),
        Ending(
            "UNSHIPPED",
            State.ACTION_REQUIRED,
            asked=State.ACKNOWLEDGED,
            settings=DIRECT,
            options={"cancel_order": "works", "fate": "ignored"},
            calls={"getFeed": 0, "/feeds/2021-06-30/feeds/": 0},
        ),
        Ending("SHIPPED", State.REJECTED, rejection=Rejection.SHIPPED, proof=READ, options={"fulfilled_by": "AMAZON"}),
        Ending("UNSHIPPED", State.CANCELED, proof=READ, settings=ITEMS_KNOWN, calls={"getOrder": 2}),
        Ending("CANCELLED", State.CANCELED, proof=READ, settings=ITEMS_KNOWN, calls={"getFeedDocument": 0}),
        Ending(
            "UNSHIPPED",
            State.CANCELED,
            proof=READ,
            replies={"getFeed": (500, "it is down")},
            within=minutes(40),
        ),
        Ending(
            "UNSHIPPED",
            State.CANCELED,
            proof=READ,
            replies={"getFeed": (200, {"processingStatus": "IN_QUEUE"})},
            calls={"getOrder": 2},
            within=minutes(90),
        ),
        Ending(
            "UNSHIPPED",
            State.ACTION_REQUIRED,
            asked=State.ACKNOWLEDGED,
            says="the feed is IN_PROGRESS",
            options={"fate": "ignored"},
            replies={"getFeed": (200, {"processingStatus": "IN_PROGRESS", "resultFeedDocumentId": "none"})},
            calls={"getFeedDocument": 0},
        ),
        *(
            Ending(
                "UNSHIPPED",
                State.ACTION_REQUIRED,
                asked=State.ACKNOWLEDGED,
                says="the service answered 404",
                options={"fate": "ignored"},
                replies={name: (404, ERROR)},
            )
            for name in ("getFeed", "getFeedDocument")
        ),
        Ending(
            "UNSHIPPED",
            State.ACTION_REQUIRED,
            asked=State.PENDING,
            replies={"store": (500, "it is down")},
            calls={"createFeed": 0},
        ),
        Ending("UNSHIPPED", State.ACTION_REQUIRED, asked=State.UNKNOWN, replies={"createFeed": (500, {})}),
        Ending(
            "UNSHIPPED",
            State.CANCELED,
            asked=State.PENDING,
            asked_says="it cannot be done",
            proof=READ,
            replies={"createFeed": (400, ERROR)},
        ),
        Ending(
            "UNSHIPPED",
            State.REJECTED,
            rejection=Rejection.NOT_ALLOWED,
            asked=State.ACKNOWLEDGED,
            proof="store",
            says="nothing was processed",
            replies=reported(0, 0, 0),
            options={"fate": "ignored"},
        ),
        Ending(
            "UNSHIPPED",
            State.ACTION_REQUIRED,
            asked=State.ACKNOWLEDGED,
            says="which order is meant, it does not say",
            replies=reported(1, 1, 1, "<Result><ResultCode>Error</ResultCode></Result>"),
            options={"fate": "ignored"},
        ),
        Ending(
            "UNSHIPPED",
            State.ACTION_REQUIRED,
            asked=State.PENDING,
            asked_says="it cannot be done",
            replies={"createFeedDocument": (404, ERROR)},
        ),
        Ending(
            "UNSHIPPED",
            State.ACTION_REQUIRED,
            asked=State.ACKNOWLEDGED,
            settings=ITEMS_KNOWN,
            says="the service answered 404",
            replies={"getOrder": (404, ERROR)},
        ),
        Ending(None, State.ACTION_REQUIRED, asked=State.PENDING, asked_says="no such order"),
    )
    batches: ClassVar = (
        ExpectedBatch(Batch(FEED_EVERY, 20, True)),
        ExpectedBatch(Batch(FEED_EVERY, 1000, True), ITEMS_KNOWN),
        ExpectedBatch(Batch(FEED_EVERY, 20, True), {**ITEMS_KNOWN, **DIRECT}),
    )
    batch_endings: ClassVar = (
        refused(),
        refused("by number"),
        left_to_a_person("which order is meant, it does not say", fate="error", report="unnamed"),
    )
    other_settings: ClassVar = {"extra_reasons": {"extra_reasons": ["NewReason"]}}
    doubtful_reasons: ClassVar = {"PricingError": "it is newer, and nobody knows whether a feed takes it"}
    settings_not_tried: ClassVar = {
        "store": "the core lets calls to its hosts out; which one it is, each response says",
        "edge": "the core lets calls to its hosts out; the simulator has its documents at the store",
    }
