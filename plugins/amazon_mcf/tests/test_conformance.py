"""What every plugin must stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from attrs import evolve

from orderdesk_devkit.testing.conformance import Ending, ExpectedRequest, PluginConformance, Resubmission
from orderdesk_devkit.testing.harness import PERSON
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin import NotificationKind, Order, Rejection, minutes

pytestmark = pytest.mark.slow

READ = "getFulfillmentOrder"


def shipped(status: str) -> Ending:
    """The end of a cancel of what has left."""
    return Ending(status, State.REJECTED, rejection=Rejection.SHIPPED, proof=READ)


ORDERS = "/fba/outbound/2020-07-01/fulfillmentOrders"
CANCEL = "cancelFulfillmentOrder"
CREATED = {
    "marketplaceId": "ATVPDKIKX0DER",
    "shippingSpeedCategory": "Standard",
    "fulfillmentAction": "Ship",
    "fulfillmentPolicy": "FillOrKill",
    "sellerFulfillmentOrderId": "1042-1",
    "displayableOrderId": "1042-1",
    "displayableOrderDate": "2026-01-05T09:04:00Z",
    "displayableOrderComment": "Thank you for your order.",
    "destinationAddress": {
        "name": "Nora Lindqvist",
        "addressLine1": "418 Alder Street",
        "addressLine2": "Apt 6",
        "city": "Portland",
        "stateOrRegion": "OR",
        "postalCode": "97205",
        "countryCode": "US",
        "phone": "503-555-0142",
    },
    "items": [
        {"sellerSku": "MUG-11", "sellerFulfillmentOrderItemId": "1", "quantity": 2},
        {"sellerSku": "CANVAS-12X16", "sellerFulfillmentOrderItemId": "2", "quantity": 1},
    ],
}
ERROR = {"errors": [{"code": "InvalidInput", "message": "it cannot be done"}]}


IN_USE = "Amazon has an order under this number"


def of_lines(*lines: tuple[str, int]) -> Callable[[Order], Order]:
    """The order with other lines, each a code and how many."""
    return lambda order: evolve(
        order, lines=tuple(evolve(order.lines[0], id=code, code=code, quantity=count) for code, count in lines)
    )


def many_lines(count: int) -> Callable[[Order], Order]:
    """The order with so many lines."""
    return of_lines(*((f"SKU-{number}", 1) for number in range(count)))


def to(**parts: Any) -> Callable[[Order], Order]:
    """The order to another address."""
    return lambda order: evolve(order, shipping=evolve(order.shipping, **parts))


in_japan = to(city="", country="JP")


def shown(status: str, *shipments: str, lines: int = 1, canceled: int = 0) -> tuple[int, object]:
    """What a read is answered: the order in a status, with shipments in theirs."""
    line = {"sellerSku": "MUG-11", "quantity": 2, "cancelledQuantity": canceled}
    payload = {
        "fulfillmentOrder": {"sellerFulfillmentOrderId": "1042", "fulfillmentOrderStatus": status},
        "fulfillmentOrderItems": [line] * lines,
        "fulfillmentShipments": [{"fulfillmentShipmentStatus": one} for one in shipments],
    }
    return 200, {"payload": payload}


class TestAmazonMcf(PluginConformance):
    integration = "amazon-mcf"
    good_numbers: ClassVar = ("1042", "SO-1042.a_#1", "x" * 40)
    bad_numbers: ClassVar = ("x" * 41, "10+42", "10 42", "10/42", "")
    personal_documents: ClassVar = ({"destinationAddress": PERSON, "notificationEmails": ["robin@rehearsal.example"]},)
    requests: ClassVar = (
        ExpectedRequest("PUT", f"{ORDERS}/1042/cancel", headers={"x-amz-date": r"\d{8}T\d{6}Z"}),
        ExpectedRequest("POST", ORDERS, CREATED),
    )
    resubmissions: ClassVar = (
        *(Resubmission(State.DONE, change=one) for one in (of_lines(("x" * 50, 250)), many_lines(100), in_japan)),
        *(
            Resubmission(State.REJECTED, change=one, creates=0)
            for one in (
                of_lines(("x" * 51, 1)),
                of_lines(("MUG-11", 251)),
                many_lines(101),
                to(first_name="", last_name="", company=""),
                *(to(**{name: ""}) for name in ("address1", "postal_code", "city")),
            )
        ),
        Resubmission(State.DONE, settings={"marketplace_id": ""}, body={"marketplaceId": None}),
        Resubmission(State.DONE, options={"unknown": "400"}),
        Resubmission(State.REJECTED, refused=400),
        Resubmission(State.REJECTED, there="Received", message=IN_USE),
        Resubmission(State.DONE, there="Received", unsure=True),
        Resubmission(State.REJECTED, there="Received", there_lines={"MUG-11": 3}, unsure=True, message=IN_USE),
        Resubmission(State.REJECTED, there="Cancelled", unsure=True, message=IN_USE),
    )
    allowed_calls: ClassVar = {name: (150, minutes(1)) for name in ("get", "cancel", "create")}
    repeatable: ClassVar = ("cancel",)
    webhooks_have_ids: ClassVar = True
    webhook_kinds: ClassVar = {
        "Cancelled": NotificationKind.CANCELED,
        "Complete": NotificationKind.SHIPPED,
        "CompletePartialled": NotificationKind.SHIPPED,
        "Processing": NotificationKind.CHANGED,
    }
    endings: ClassVar = (
        Ending("Received", State.CANCELED, proof=READ),
        Ending(
            "Received",
            State.PARTIALLY_CANCELED,
            asked=State.ACKNOWLEDGED,
            proof=READ,
            options={"cancel_fate": "partly"},
        ),
        Ending("Planning", State.CANCELED, proof=READ, wait=minutes(10)),
        Ending("New", State.CANCELED, proof=READ, options={"in_new": "accept"}),
        Ending("New", State.CANCELED, asked=State.PENDING, proof=READ),
        Ending(
            "Processing", State.REJECTED, rejection=Rejection.TOO_LATE, proof="cancelFulfillmentOrder", wait=minutes(40)
        ),
        Ending(
            "Processing",
            State.REJECTED,
            rejection=Rejection.SHIPPED,
            asked=State.ACKNOWLEDGED,
            proof=READ,
            options={"too_late": "accept"},
            wait=minutes(40),
        ),
        shipped("Complete"),
        Ending("CompletePartialled", State.PARTIALLY_CANCELED, asked=State.ACKNOWLEDGED, proof=READ),
        *(Ending(status, State.CANCELED, proof=READ) for status in ("Cancelled", "Unfulfillable", "Invalid")),
        Ending(None, State.REJECTED, rejection=Rejection.NOT_ALLOWED, proof=READ),
        Ending(None, State.ACTION_REQUIRED, asked=State.UNKNOWN, replies={CANCEL: (400, ERROR)}),
        *(
            Ending(
                "New",
                State.CANCELED,
                asked=State.PENDING,
                proof=READ,
                replies={CANCEL: (404, said)},
                asked_says=says,
            )
            for said, says in (({}, "the base URL has no such path"), (ERROR, "it cannot be done"))
        ),
        Ending(None, State.ACTION_REQUIRED, asked=State.PENDING, replies={CANCEL: (404, {}), READ: (404, {})}),
        Ending("Received", State.ACTION_REQUIRED, asked=State.UNKNOWN, replies={CANCEL: (200, ERROR)}),
        Ending("Received", State.ACTION_REQUIRED, asked=State.UNKNOWN, replies={CANCEL: (500, {}), READ: (500, {})}),
        Ending(
            "Received",
            State.ACTION_REQUIRED,
            asked=State.UNKNOWN,
            replies={CANCEL: (400, ERROR), READ: shown("Elsewhere")},
        ),
        *(
            Ending("Received", State.ACTION_REQUIRED, asked=State.ACKNOWLEDGED, replies={READ: reply})
            for reply in (shown("Cancelled", "SHIPPED"), shown("Complete", lines=0), shown("Elsewhere"))
        ),
        Ending(
            "Received",
            State.REJECTED,
            rejection=Rejection.SHIPPED,
            asked=State.ACKNOWLEDGED,
            proof=READ,
            replies={READ: shown("CompletePartialled", "SHIPPED")},
        ),
    )
