"""What every plugin must stand; and the trouble with a cancel that is only submitted, and followed in the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from orderdesk_commercehub.orderstream import write_confirm
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.conformance import (
    AnswerEnding,
    Ending,
    ExpectedFile,
    ExpectedRequest,
    PluginConformance,
)
from orderdesk_devkit.testing.conformance.fallback_routes import FallbackRouteTests
from orderdesk_devkit.testing.conformance.faults import FaultTests
from orderdesk_devkit.testing.conformance.files import FileTests
from orderdesk_devkit.testing.conformance.malformed_responses import MalformedResponseTests
from orderdesk_devkit.testing.conformance.manual_polls import ManualPollTests
from orderdesk_devkit.testing.conformance.other_orders import OtherOrderTests
from orderdesk_devkit.testing.conformance.refusals import RefusalTests
from orderdesk_devkit.testing.harness import PERSON
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.plugin import Rejection, ResponseAnswer, StandardReason

pytestmark = pytest.mark.slow


REASONS = [{"code": "ANY", "title": "Any of them", "for": [reason.value for reason in StandardReason]}]
OF_A_RETAILER = {"Happy birthday, Ida!": REASONS}
OPEN, READ, LOG = "shipment_pending", "getOrderById", "getOrderChangeLog"


def canceled(status: str, **more: Any) -> Ending:
    return Ending(status, State.CANCELED, **{"proof": READ, **more})


def refused(proof: str, why: Rejection = Rejection.NOT_ALLOWED, **more: Any) -> Ending:
    return Ending(OPEN, State.REJECTED, rejection=why, proof=proof, **more)


def accepted(state: State, proof: str | None = READ, **more: Any) -> AnswerEnding:
    return AnswerEnding(ResponseAnswer.ACCEPT, state, proof=proof, **more)


def canceling(*lines: Mapping[str, object]) -> ExpectedRequest:
    return ExpectedRequest("POST", "/order/item/cancel", {"id": "1042", "type": "PO_NUMBER", "lineItems": list(lines)})


def line(number: int, code: str, count: int, reason: str = "CXSS", text: str = "CXSS") -> Mapping[str, object]:
    return {
        "dscoItemId": f"SIM-{number}-{code}",
        "lineNumber": number,
        "cancelledQuantity": count,
        "cancelCode": reason,
        "cancelledReason": text,
    }


ASKED = ("CXSC", "Cancelled at Retailer Request")
ORDER = ExpectedRequest("GET", "/order/?orderKey=poNumber&value=1042&returnMultiple=true")
LISTED = ExpectedRequest(
    "GET",
    "/order/page?ordersUpdatedSince=2025-12-06T09%3A00%3A00.000Z&until=2026-01-05T09%3A00%3A00.000Z"
    "&includeTestOrders=true",
)
BOTH = ((1, "MUG-11", 2), (2, "CANVAS-12X16", 1))


class TestCommerceHub(PluginConformance):
    integration = "commercehub"
    request_settings: ClassVar = {"answer_requests": True}
    other_settings: ClassVar = {
        "reasons": {"reasons": {"default": REASONS}},
        "retailer_field": {"reasons": OF_A_RETAILER, "retailer_field": "checkout_data.Gift message"},
    }
    settings_not_tried: ClassVar = dict.fromkeys(
        ("vendor_id", "file_drop"), "it is of mode orderstream, whose files a person uploads"
    )
    allowed_calls: ClassVar = {"order": (490, minutes(1))}  # 500 are, by all programs of the supplier together.
    repeatable: ClassVar = ()
    personal_documents: ClassVar = (
        dict.fromkeys(("shipping", "shipTo", "billing", "billTo", "customer"), PERSON),
        {"firstName": "Robin of Rehearsal", "lastName": "Understudy-Example"},
        {"email": "robin@rehearsal.example", "phone": "217-555-0175"},
    )
    requests: ClassVar = (canceling(line(1, "MUG-11", 2), line(2, "CANVAS-12X16", 1)),)
    answer_endings: ClassVar = (
        accepted(State.DONE, requests=(LISTED, ORDER, canceling(*(line(*one, *ASKED) for one in BOTH)), ORDER)),
        accepted(State.DONE, settings={"order_key": "poNumber"}, lines=(2, 1)),
        accepted(State.DONE, requests=(canceling(line(*BOTH[0], *ASKED)),), lines=(1,)),
        accepted(State.DONE, meanwhile="cancelled", requests=()),
        accepted(State.DONE, answered=State.UNKNOWN, options={"read_lag": "3"}),
        accepted(State.DONE, answered=State.PENDING, options={"trouble": "404"}),
        accepted(State.DONE, answered=State.UNKNOWN, fault=Fault.LOST_RESPONSE),
        accepted(State.ACTION_REQUIRED, None, answered=State.UNKNOWN, fault=Fault.RESET_BEFORE),
        *(
            accepted(State.ACTION_REQUIRED, None, answered=State.UNKNOWN, options={name: choice})
            for name, choice in (("cancel", "submitted"), ("fate", "partly"), ("trouble", "408"))
        ),
        accepted(State.REJECTED, meanwhile="withdraw_request", says="no longer requests it"),
        accepted(State.REJECTED, meanwhile="shipped"),
        accepted(State.REJECTED, "cancelOrderItem", options={"cancel": "failure"}, says="SIM_FAILURE"),
    )
    endings: ClassVar = (
        canceled(OPEN),
        canceled("cancelled"),
        *(
            canceled("cancelled", options={"told_by": how})
            for how in ("rejectedQuantity", "cancelled", "rejected", "acceptedQuantity")
        ),
        *(
            canceled(OPEN, options={"named_by": name}, lines={"MUG-11": 1}, proof=LOG)
            for name in ("sku", "partnerSku", "upc", "ean", "dscoItemId")
        ),
        canceled(OPEN, options={"told_by": "acceptedQuantity"}, lines={"MUG-11": 1}, proof=LOG),
        canceled(OPEN, lines={"MUG-11": 2}),
        canceled(OPEN, options={"cancel": "submitted"}),
        canceled(OPEN, options={"cancel": "submitted"}, lines={"MUG-11": 1}, proof=LOG),
        canceled(OPEN, options={"trouble": "404"}, asked=State.PENDING),
        *(canceled(OPEN, options={name: choice}) for name, choice in (("read_lag", "3"), ("trouble", "429"))),
        refused(LOG, options={"cancel": "submitted to fail"}, asked=State.ACKNOWLEDGED),
        refused("cancelOrderItem", options={"cancel": "failure"}, says="SIM_FAILURE: it was chosen to fail"),
        canceled(OPEN, options={"parts": "one a line"}),
        *(
            canceled(OPEN, settings={"order_key": key}, options={"known_by": key})
            for key in ("dscoOrderId", "supplierOrderNumber")
        ),
        refused("cancelOrderItem", options={"trouble": "400"}),
        refused(READ, Rejection.SHIPPED, options={"fate": "ships anyway"}, asked=State.ACKNOWLEDGED),
        Ending("shipped", State.REJECTED, rejection=Rejection.SHIPPED, proof=READ),
        Ending(OPEN, State.PARTIALLY_CANCELED, proof=READ, options={"fate": "partly"}, asked=State.ACKNOWLEDGED),
        *(
            Ending(OPEN, State.ACTION_REQUIRED, asked=State.UNKNOWN, options={"trouble": status})
            for status in ("408", "503")
        ),
        Ending(OPEN, State.ACTION_REQUIRED, asked=State.PENDING, options={"other_retailer": "same number"}),
        *(
            Ending(
                None,
                State.REJECTED,
                rejection=Rejection.NOT_ALLOWED,
                proof="GET /order/",
                options={"unknown_order": how},
                asked=asked,
                wait=wait,
            )
            for how in ("404", "empty list")
            for wait, asked in ((hours(0), State.PENDING), (hours(1.05), State.REJECTED))
        ),
    )


LINE_NUMBER: Mapping[str, object] = {"merchantLineNumber": 7}
VENDOR: Mapping[str, object] = {"vendor_id": "lanternworks"}
FILE = (
    "<?xml version='1.0' encoding='utf-8'?>\n"
    '<ConfirmMessageBatch><partnerID roleType="vendor" name="lanternworks">lanternworks</partnerID>'
    '<hubConfirm><participatingParty roleType="merchant" name="Happy birthday, Ida!" participationCode="To:">'
    "Happy birthday, Ida!</participatingParty><partnerTrxID>{case}</partnerTrxID><partnerTrxDate>{day}"
    "</partnerTrxDate><poNumber>1042</poNumber><hubAction><action>v_cancel</action><actionCode>ANY</actionCode>"
    "<merchantLineNumber>7</merchantLineNumber><trxVendorSKU>MUG-11</trxVendorSKU><trxQty>1</trxQty></hubAction>"
    "</hubConfirm><messageCount>1</messageCount></ConfirmMessageBatch>"
)


class TestCommerceHubByFile(FallbackRouteTests, ManualPollTests, FaultTests, FileTests):
    """A person uploads the file; no call is made."""

    integration = "commercehub"
    settings: ClassVar = {
        "mode": "orderstream",
        "reasons": OF_A_RETAILER,
        "retailer_field": "checkout_data.Gift message",
    }
    line_metadata: ClassVar = LINE_NUMBER
    folder_setting = "file_drop"
    write_file: ClassVar = (lambda desk, case_id, drop: write_confirm(desk, case_id, by="Ann", transport=drop),)
    files: ClassVar = (
        ExpectedFile(content=FILE, settings=VENDOR, lines={"MUG-11": 1}),
        ExpectedFile(refused="partnerID"),
        ExpectedFile(refused="merchantLineNumber", settings=VENDOR, line_metadata={}),
        ExpectedFile(
            refused="mode orderstream", settings={"mode": "dsco", "reasons": {}, "retailer_field": ""}, reason="CXSS"
        ),
    )


class TestCommerceHubThatOnlySubmits(FaultTests, MalformedResponseTests, OtherOrderTests, RefusalTests):
    integration = "commercehub"
    options: ClassVar = {"cancel": "submitted"}
    why_unresolved = (
        "without its response there is no requestId to look up, and the simulator decides by looks at the log"
    )
