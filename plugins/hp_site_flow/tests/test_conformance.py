"""What every plugin must stand."""

from __future__ import annotations

from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance import Ending, ExpectedRequest, PluginConformance
from orderdesk_devkit.testing.harness import PERSON
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin import Rejection

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
NEW_ORDER = {
    "destination": {"name": "simulated-printer"},
    "orderData": {
        "sourceOrderId": "1042-1",
        "items": [item(1, "MUG-11", 2), item(2, "CANVAS-12X16", 1)],
        "shipments": [SHIPMENT],
    },
}


class TestHpSiteFlow(PluginConformance):
    integration = "hp-site-flow"
    line_metadata: ClassVar = {"print_url": "https://files.example.com/artwork.pdf"}
    settings_not_tried: ClassVar = {"source_account": "the path of an order needs it whose read gives no id of its own"}
    endings: ClassVar = (
        *map(open_order, ("dataready", "printready", "complete", "error", "cancelled")),
        open_order("dataready", found="list"),
        open_order("dataready", found="wrapped"),
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
    good_numbers: ClassVar = ("1042", "SO 1042.a", "x" * 1000)
    bad_numbers: ClassVar = ("x" * 1001, ".1042", "10/42", "10+42", "10\\42", "")
    personal_documents: ClassVar = (
        {"shipTo": PERSON, "returnAddress": PERSON, "customerName": "Robin", "email": "robin@rehearsal.example"},
    )
