"""What every plugin must stand."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

import pytest
from attrs import evolve

from orderdesk_devkit.testing.conformance import (
    Ending,
    ExpectedEmail,
    ExpectedRequest,
    PluginConformance,
    Resubmission,
    WebhookSample,
)
from orderdesk_devkit.testing.conformance.endings import EndingTests
from orderdesk_mww.simulator import WEBHOOK_TOKEN
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import minutes, seconds
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin import NotificationKind, Rejection

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


OURS, THEIRS = "1042", "702541000000000001"
"""The order's number and MWW's own id of it."""


def without_designs(order: Order) -> Order:
    """The order, without what is printed."""
    return evolve(order, lines=tuple(evolve(line, metadata={}) for line in order.lines))


taken = partial(Resubmission, unsure=True)
"""A resubmission after a first try that may have worked."""


def webhook(
    *names: str, event: object = "received", reads: NotificationKind | None = NotificationKind.CHANGED, **of: object
) -> WebhookSample:
    """A webhook about an order. of: its related id, and what is included of it. names: read in it."""
    related = {"relationships": {"mwwondemand-order": {"data": {"id": of["related"]}}}} if "related" in of else {}
    included = {"included": {"mwwondemand-orders": [of["included"]]}} if "included" in of else {}
    document = {"data": {"attributes": {"event": event}, **related}, **included}
    return WebhookSample(document, None if reads is None else dict.fromkeys(names, reads))


class TestMww(PluginConformance):
    integration = "mww"
    webhook_settings: ClassVar = {"webhook_token": WEBHOOK_TOKEN}
    settings: ClassVar = {"cancel_window": "no limit"}
    operations_not_tried: ClassVar = {"lines": "it is read where an order there may be another one under its number"}
    repeatable: ClassVar = ("cancel",)
    line_metadata: ClassVar = {"print_url": "https://files.example.com/pillow.png"}
    wait = minutes(61)  # The simulator refuses while it takes the order in, up to an hour.

    webhook_kinds: ClassVar = {
        "cancelled": NotificationKind.CANCELED,
        "shipped": NotificationKind.SHIPPED,
        "packed": NotificationKind.CHANGED,
    }
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
        Ending("received", State.CANCELED, asked=State.PENDING, proof=READ, refused=401),
        Ending("received", State.CANCELED, asked=State.UNKNOWN, proof=READ, refused=500),
        Ending(None, State.ACTION_REQUIRED, asked=State.PENDING, route=MAIL, within=minutes(1)),
    )
    resubmissions: ClassVar = (
        Resubmission(
            State.DONE,
            settings={"shipping_method": ""},
            body={"data": {"attributes": {"shipping-method": "Ground"}}},
        ),
        Resubmission(State.REJECTED, change=without_designs, creates=0, message="no design for MUG-11"),
        Resubmission(State.REJECTED, there="received", message="already"),
        Resubmission(
            State.REJECTED,
            there="received",
            options={"before_ingestion": "unknown"},
            creates=1,
            message="DuplicateVendorPoError: Vendor Po must be unique",
        ),
        taken(State.DONE, there="received"),
        taken(State.DONE, there="received", options={"bare_item": "last"}),
        taken(State.DONE, there="packed"),
        taken(State.REJECTED, there="shipped"),
        taken(State.REJECTED, there="cancelled"),
        taken(State.REJECTED, there="received", there_lines={"MUG-11": 2}),
        taken(State.REJECTED, there="received", there_lines={"MUG-11": 1, "CANVAS-12X16": 1}),
        taken(State.REJECTED, there="received", there_lines={"MUG-12": 2, "CANVAS-12X16": 1}),
    )
    webhook_samples: ClassVar = (
        webhook(THEIRS, OURS, related=THEIRS, included={"id": THEIRS, "attributes": {"vendor-po": OURS}}),
        webhook(THEIRS, related=THEIRS),
        webhook("7", related=7),
        webhook(THEIRS, included={"id": THEIRS}),
        webhook(OURS, included={"attributes": {"vendor-po": OURS}}),
        webhook(THEIRS, related=THEIRS, event="Canceled", reads=NotificationKind.CANCELED),
        webhook(THEIRS, related=THEIRS, event="Shipped", reads=NotificationKind.SHIPPED),
        webhook(THEIRS, related=THEIRS, event=None),
        *(webhook(reads=None, related=nothing) for nothing in (" ", None, {"id": THEIRS})),
        webhook(reads=None),
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


class TestMwwAtTheEndOfTheWindow(EndingTests):
    """A service that takes cancels for two minutes."""

    integration = "mww"
    settings: ClassVar = {"cancel_window": "two minutes"}
    options: ClassVar = {"window": "early"}
    endings: ClassVar = (
        Ending("received", State.CANCELED, proof=READ, wait=seconds(119)),
        Ending("received", State.ACTION_REQUIRED, wait=seconds(120), route=MAIL, is_called=False),
        Ending("received", State.ACTION_REQUIRED, wait=seconds(121), route=MAIL, is_called=False),
    )


class TestMwwByItsOwnNumber(EndingTests):
    """An order that is known here by MWW's own id."""

    integration = "mww"
    remote_id = "702541000000000999"
    settings: ClassVar = {"cancel_window": "no limit"}
    wait = minutes(61)
    endings: ClassVar = (Ending("received", State.CANCELED, proof=READ),)


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
