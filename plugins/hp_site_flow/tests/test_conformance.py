"""What every plugin must stand."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

import pytest
from attrs import evolve

from orderdesk_devkit.testing.conformance import (
    Ending,
    ExpectedRequest,
    PluginConformance,
    Resubmission,
    WebhookSample,
)
from orderdesk_devkit.testing.harness import PERSON
from orderdesk_hp_site_flow.simulator.service import WEBHOOK_TOKEN
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin import NotificationKind, Rejection

pytestmark = pytest.mark.slow


READ = "GET order/bysourceid"


def open_order(status: str, **choices: str) -> Ending:
    """The end of a cancel before the order ships, with these choices of the simulator."""
    return Ending(status, State.CANCELED, proof=READ, options=choices)


def item(number: int, sku: str, quantity: int) -> dict[str, object]:
    """An item of a new order."""
    component = {"code": "Content", "path": "https://files.example.com/artwork.pdf", "fetch": True}
    return {
        "sku": sku,
        "sourceItemId": str(number),
        "quantity": quantity,
        "shipmentIndex": 0,
        "components": [component],
    }


SHIPMENT = {
    "shipTo": {
        "name": "Nora Lindqvist",
        "address1": "418 Alder Street",
        "address2": "Apt 6",
        "town": "Portland",
        "state": "OR",
        "postcode": "97205",
        "isoCountry": "US",
        "phone": "503-555-0142",
        "email": "nora.lindqvist@example.com",
    },
    "shipmentIndex": 0,
    "carrier": {"alias": "standard"},
}
LONG_ADDRESS = {"companyName": "Fjord & Sons", "address3": "Care of Sam"}
NEW_ORDER = {
    "destination": {"name": "simulated-printer"},
    "orderData": {
        "sourceOrderId": "1042-1",
        "items": [item(1, "MUG-11", 2), item(2, "CANVAS-12X16", 1)],
        "shipments": [SHIPMENT],
    },
}


def without_artwork(order: Order) -> Order:
    """The order, whose first line has no artwork."""
    first, *others = order.lines
    return evolve(order, lines=(evolve(first, metadata={}), *others))


def with_a_long_address(order: Order) -> Order:
    """The order, with all that an address can have."""
    return evolve(order, shipping=evolve(order.shipping, company="Fjord & Sons", address3="Care of Sam"))


def shipped_to(**parts: object) -> dict[str, object]:
    """A part of a new order: of its one shipment."""
    return {"orderData": {"shipments": [parts]}}


taken = partial(Resubmission, unsure=True)
"""A resubmission after a first try that may have worked."""


def trigger(event: str, reads: NotificationKind) -> WebhookSample:
    """A message of a trigger, by the template that the README recommends."""
    order = {"orderData": {"sourceOrderId": "1042", "status": "live"}}
    return WebhookSample({"token": WEBHOOK_TOKEN, "event": event, "order": order}, {"1042": reads})


class TestHpSiteFlow(PluginConformance):
    integration = "hp-site-flow"
    line_metadata: ClassVar = {"print_url": "https://files.example.com/artwork.pdf"}
    settings_not_tried: ClassVar = {"source_account": "the path of an order needs it whose read gives no id of its own"}
    repeatable: ClassVar = ("cancel",)
    allowed_calls: ClassVar = {"*": (2_790, minutes(1))}  # Of 3,000: the brand's other programs call, too.
    endings: ClassVar = (
        *map(open_order, ("dataready", "printready", "complete", "error", "cancelled")),
        open_order("dataready", found="list"),
        open_order("dataready", found="wrapped"),
        open_order("dataready", found="data"),
        *(open_order("dataready", own_id=told) for told in ("missing", "empty", "number")),
        Ending("dataready", State.CANCELED, asked=State.PENDING, proof=READ, refused=401),
        Ending("dataready", State.CANCELED, asked=State.UNKNOWN, proof=READ, refused=500),
        Ending("dataready", State.CANCELED, asked=State.PENDING, proof=READ, refused=409),
        Ending("dataready", State.ACTION_REQUIRED, asked=State.UNKNOWN, options={"cancel_body": "error"}),
        open_order("dataready", cancel_body="success"),
        Ending("dataready", State.CANCELED, asked=State.UNKNOWN, proof=READ, options={"cancel_body": "empty"}),
        Ending("shipped", State.REJECTED, rejection=Rejection.SHIPPED, proof=READ),
        Ending(
            "dataready",
            State.REJECTED,
            rejection=Rejection.SHIPPED,
            asked=State.ACKNOWLEDGED,
            proof=READ,
            options={"fate": "ignored"},
        ),
        Ending(None, State.ACTION_REQUIRED, asked=State.PENDING),
        Ending(None, State.ACTION_REQUIRED, asked=State.PENDING, options={"unknown": "empty list"}),
    )
    requests: ClassVar = (
        ExpectedRequest("PUT", "/api/order/2c9c4104d55bcb84ee547a9c/cancel"),
        ExpectedRequest("POST", "/api/order", NEW_ORDER),
    )
    resubmissions: ClassVar = (
        Resubmission(State.DONE, change=with_a_long_address, body=shipped_to(shipTo=LONG_ADDRESS)),
        Resubmission(State.DONE, settings={"carrier_alias": ""}, body=shipped_to(carrier={"alias": "Ground"})),
        Resubmission(State.PENDING, change=without_artwork, creates=0, message="no artwork for MUG-11"),
        Resubmission(State.PENDING, change=without_artwork, creates=0, message="print_url"),
        Resubmission(State.PENDING, settings={"component_code": ""}, creates=0, message="no component code"),
        Resubmission(State.REJECTED, settings={"destination": "nobody"}, message="destination.name: SIM: unknown"),
        Resubmission(State.REJECTED, there="dataready", message="already"),
        *(taken(State.DONE, there=status) for status in ("pending", "dataready", "printready", "complete")),
        *(taken(State.REJECTED, there=status) for status in ("error", "shipped", "cancelled")),
        taken(State.REJECTED, there="dataready", there_lines={"MUG-11": 2}),
        taken(State.REJECTED, there="dataready", there_lines={"MUG-11": 1, "CANVAS-12X16": 1}),
        taken(State.REJECTED, there="dataready", there_lines={"MUG-12": 2, "CANVAS-12X16": 1}),
    )
    webhook_samples: ClassVar = (
        trigger("Order Print Ready", NotificationKind.CHANGED),
        *(trigger(event, NotificationKind.CANCELED) for event in ("Order Cancelled", "canceled")),
        *(trigger(event, NotificationKind.SHIPPED) for event in ("Shipment Shipped", "shipped")),
    )
    good_numbers: ClassVar = ("1042", "SO 1042.a", "x" * 1000)
    bad_numbers: ClassVar = ("x" * 1001, ".1042", "10/42", "10+42", "10\\42", "")
    personal_documents: ClassVar = (
        {"shipTo": PERSON, "returnAddress": PERSON, "customerName": "Robin", "email": "robin@rehearsal.example"},
    )
