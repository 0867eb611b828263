"""What every plugin must stand."""

from __future__ import annotations

from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance import Ending, ExpectedEmail, ExpectedRequest, PluginConformance
from orderdesk_devkit.testing.conformance.endings import EndingTests
from orderdesk_mww.simulator import WEBHOOK_TOKEN
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.plugin import Rejection

pytestmark = pytest.mark.slow
READ = "GET orders"
MAIL = 1
"""The index of the e-mail among the routes."""
ADDRESS = {
    "name": "Nora Lindqvist",
    "address1": "418 Alder Street",
    "address2": "Apt 6",
    "email": "nora.lindqvist@example.com",
    "city": "Portland",
    "state": "OR",
    "country": "US",
    "postal-code": "97205",
    "phone": "503-555-0142",
}


def item(number: int, code: str, name: str, quantity: int) -> dict[str, object]:
    """A line item of a new order."""
    attributes = {
        "line-number": number,
        "quantity": quantity,
        "description": name,
        "product-code": code,
        "designs": [{"image-remote-url": "https://files.example.com/pillow.png"}],
    }
    return {"type": "line-items", "attributes": attributes}


NEW_ORDER = {
    "data": {"type": "orders", "attributes": {"vendor-po": "1042-1", "shipping-method": "SAMPLE"}},
    "included": [
        {"type": "shipping-address", "attributes": ADDRESS},
        item(1, "MUG-11", "Photo mug, 11 oz", 2),
        item(2, "CANVAS-12X16", "Canvas print", 1),
    ],
}


class TestMww(PluginConformance):
    integration = "mww"
    webhook_settings: ClassVar = {"webhook_token": WEBHOOK_TOKEN}
    settings: ClassVar = {"cancel_window": "no limit"}
    operations_not_tried: ClassVar = {"lines": "it is read where an order there may be another one under its number"}
    line_metadata: ClassVar = {"print_url": "https://files.example.com/pillow.png"}
    wait = minutes(61)  # The simulator refuses while it takes the order in, up to an hour.

    endings: ClassVar = (
        Ending("received", State.CANCELED, proof=READ),
        Ending("cancelled", State.CANCELED, proof=READ),
        Ending("packed", State.ACTION_REQUIRED, asked=State.PENDING, route=MAIL),
        Ending("shipped", State.REJECTED, rejection=Rejection.SHIPPED, proof=READ),
        Ending(
            "received",
            State.ACTION_REQUIRED,
            asked=State.ACKNOWLEDGED,
            options={"fate": "ships anyway"},
            route=MAIL,
        ),
        Ending(None, State.ACTION_REQUIRED, asked=State.PENDING, route=MAIL),
    )
    requests: ClassVar = (
        ExpectedRequest(
            "PATCH",
            "/api/orders/1042",
            {"data": {"type": "orders", "id": "1042", "attributes": {"request": "cancel"}}},
        ),
        ExpectedRequest("POST", "/api/orders", NEW_ORDER),
    )
    personal_documents: ClassVar = ({name: text for name, text in ADDRESS.items() if name not in ("state", "country")},)


class TestMwwWhileItTakesTheOrderIn(EndingTests):
    integration = "mww"
    settings: ClassVar = {"cancel_window": "no limit"}
    endings: ClassVar = (
        Ending("received", State.ACTION_REQUIRED, asked=State.PENDING, route=MAIL),
        Ending("received", State.CANCELED, asked=State.PENDING, proof=READ, options={"before_ingestion": "unknown"}),
    )


class TestMwwEurope(TestMww):
    integration = "mww-europe"


class TestMwwByMail(PluginConformance):
    """After two minutes the button is closed, and a person gets the draft of a mail."""

    integration = "mww"
    webhook_settings: ClassVar = {"webhook_token": WEBHOOK_TOKEN}
    settings_not_tried: ClassVar = dict.fromkeys(
        ("base_url", "shipping_method", "design_key"), "it is for calls, which another class tries"
    )
    wait = minutes(10)
    emails: ClassVar = (
        ExpectedEmail(
            to="cancellations@mww.example",
            subject="Please cancel order 1042",
            body=("Please cancel our order 1042 (vendor-po), all of it",),
        ),
    )
