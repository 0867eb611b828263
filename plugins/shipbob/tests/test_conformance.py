"""What every plugin must stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance import Ending, ExpectedRequest, PluginConformance
from orderdesk_devkit.testing.harness import PERSON
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin import Rejection, hours, minutes

pytestmark = pytest.mark.slow

PICKED = minutes(45)
UNHEARD_OF = {"result": "unheard of"}
CANCELED = {"id": 1042, "status": "Cancelled", "shipments": None}


def shown(status: str, *shipments: str) -> tuple[int, object]:
    """What a read is answered: the order in a status, with shipments in theirs."""
    rows = [{"id": number, "order_id": 1042, "status": one} for number, one in enumerate(shipments, 5001)]
    return 200, {"id": 1042, "status": status, "shipments": rows}


def too_late(status: str) -> Ending:
    """The end of a cancel of what was picked."""
    return Ending(
        status,
        State.REJECTED,
        rejection=Rejection.TOO_LATE,
        proof="GET order",
        wait=PICKED,
        says="Shipment was picked",
    )


def told(status: str = "Success", *, order_id: int = 1042, inner_id: int = 1042, stopped: bool = True) -> object:
    """What a cancel is answered: of one shipment that is stopped, and of one that is or is not, without a reason."""
    rows = [{"shipment_id": 5001, "is_success": True}, {"shipment_id": 5002, "is_success": stopped}]
    return {"order_id": order_id, "status": status, "canceled_shipment_results": rows, "order": {"id": inner_id}}


def unclear(options: Mapping[str, str] = UNHEARD_OF, says: str = "", **replies: tuple[int, object]) -> Ending:
    """The end of a cancel of what was picked, whose response leaves open what became of it."""
    return Ending(
        "Processing",
        State.ACTION_REQUIRED,
        asked=State.UNKNOWN,
        options=options,
        says=says,
        replies={name.replace("_", " "): reply for name, reply in replies.items()},
        wait=PICKED,
    )


class TestShipBob(PluginConformance):
    integration = "shipbob"
    requests: ClassVar = (ExpectedRequest("POST", "/2026-01/order/1042:cancel", headers={"shipbob_channel_id": "101"}),)
    allowed_calls: ClassVar = {"calls": (150, minutes(1))}
    repeatable: ClassVar = ()
    good_numbers: ClassVar = ("1", "1042", "9" * 10)
    bad_numbers: ClassVar = ("9" * 11, "01042", "SB-1042", "1042x", "")
    personal_documents: ClassVar = (
        {"recipient": PERSON, "retailer_program_data": PERSON, "gift_message": "From Robin with love"},
    )
    endings: ClassVar = (
        Ending("Processing", State.CANCELED, proof="POST cancel"),
        Ending("Processing", State.PARTIALLY_CANCELED, proof="GET order", options={"split": "two"}),
        too_late("Processing"),
        too_late("Processing: Processing"),
        *(too_late(f"{one}: Processing") for one in ("Exception", "PartiallyFulfilled", "ImportReview")),
        *(too_late(f"Processing: {one}") for one in ("Exception", "OnHold", "LabeledCreated", "ImportReview")),
        too_late("PartiallyFulfilled: Processing, Completed"),
        Ending("Fulfilled", State.REJECTED, rejection=Rejection.SHIPPED, proof="GET order", wait=hours(4)),
        Ending("Fulfilled: Completed", State.REJECTED, rejection=Rejection.SHIPPED, proof="GET order", wait=PICKED),
        Ending("Fulfilled: Completed, Cancelled", State.PARTIALLY_CANCELED, proof="GET order", wait=PICKED),
        Ending("Cancelled", State.CANCELED, proof="GET order", wait=PICKED),
        Ending("Cancelled: Cancelled, Completed", State.ACTION_REQUIRED, asked=State.UNKNOWN, wait=PICKED),
        Ending("Lost: Processing", State.ACTION_REQUIRED, asked=State.UNKNOWN, wait=PICKED),
        Ending("Processing: Lost", State.ACTION_REQUIRED, asked=State.UNKNOWN, wait=PICKED),
        Ending(
            "Processing",
            State.REJECTED,
            rejection=Rejection.SHIPPED,
            asked=State.PENDING,
            proof="GET order",
            options={"too_late": "422"},
            wait=PICKED,
        ),
        Ending("Processing", State.ACTION_REQUIRED, asked=State.UNKNOWN, options={"result": "success"}, wait=PICKED),
        Ending("Processing", State.CANCELED, asked=State.UNKNOWN, proof="GET order", options={"result": "no rows"}),
        Ending("Processing", State.CANCELED, asked=State.UNKNOWN, proof="GET order", options={"result": "unheard of"}),
        Ending(None, State.ACTION_REQUIRED, asked=State.PENDING, says="ShipBob would not cancel the order"),
        unclear({"split": "two"}, GET_order=(404, {})),
        unclear(POST_cancel=(500, {})),
        unclear(POST_cancel=(200, told(order_id=4711))),
        unclear(POST_cancel=(200, told(inner_id=4711))),
        unclear(POST_cancel=(200, told("PartialSuccess", stopped=False))),
        unclear(GET_order=(200, {**CANCELED, "id": 4711})),
        unclear(GET_order=(200, {**CANCELED, "shipments": [{"id": 1, "order_id": 4711, "status": "Cancelled"}]})),
        unclear(GET_order=(200, {**CANCELED, "status": "Fulfilled", "shipments": [{"id": 1, "status": "Cancelled"}]})),
        Ending(
            "Processing",
            State.CANCELED,
            asked=State.UNKNOWN,
            proof="GET order",
            options=UNHEARD_OF,
            replies={"GET order": (200, CANCELED)},
        ),
        Ending(
            "Processing",
            State.PARTIALLY_CANCELED,
            asked=State.UNKNOWN,
            proof="GET order",
            options=UNHEARD_OF,
            replies={"GET order": shown("Fulfilled", "Cancelled", "Completed")},
        ),
        unclear(GET_order=shown("PartiallyFulfilled", "Cancelled", "Completed", "Processing")),
        Ending("Processing", State.ACTION_REQUIRED, asked=State.PENDING, replies={"POST cancel": (401, {})}),
    )
