"""What every plugin must stand."""

from __future__ import annotations

from typing import ClassVar

from orderdesk_devkit.testing.conformance import Ending, ExpectedRequest, PluginConformance, Resubmission
from orderdesk_sdk import State
from orderdesk_sdk.plugin import NotificationKind, Rejection, hours

READ, CANCEL = "GET order", "POST cancel"
NEW_ORDER = {
    "number": "1042-1",
    "reference": "58101-1",
    "lines": [{"code": "MUG-11", "quantity": 2}, {"code": "CANVAS-12X16", "quantity": 1}],
    "recipient": "Nora Lindqvist",
}


class TestReference(PluginConformance):
    integration = "reference"
    webhook_kinds: ClassVar = {
        "canceled": NotificationKind.CANCELED,
        "shipped": NotificationKind.SHIPPED,
        "packing": NotificationKind.CHANGED,
    }
    repeatable: ClassVar = ()
    requests: ClassVar = (
        ExpectedRequest("POST", "/orders/1042/cancel", {"reason": "ASKED"}),
        ExpectedRequest("POST", "/orders", NEW_ORDER),
    )
    resubmissions: ClassVar = (
        Resubmission(State.DONE),
        Resubmission(State.REJECTED, there="received", message="it has another order"),
    )
    endings: ClassVar = (
        Ending("received", State.CANCELED, proof=READ),
        Ending(
            "received",
            State.REJECTED,
            rejection=Rejection.SHIPPED,
            asked=State.ACKNOWLEDGED,
            proof=READ,
            options={"fate": "ships anyway"},
        ),
        Ending("packing", State.ACTION_REQUIRED, asked=State.PENDING, route=1),
        *(
            Ending(status, State.ACTION_REQUIRED, route=1, wait=hours(2), is_called=False)  # The button is closed.
            for status in ("packing", "shipped")
        ),
        Ending("shipped", State.REJECTED, rejection=Rejection.SHIPPED, proof=READ),
        Ending("canceled", State.CANCELED, proof=READ),
        Ending(None, State.REJECTED, rejection=Rejection.NOT_ALLOWED, proof=CANCEL),
    )


class TestReferenceCart(PluginConformance):
    integration = "reference-cart"
    request_settings: ClassVar = {"answer_requests": True}
    operations_not_tried: ClassVar = {"request": "it is of answers to requests, which have tests of their own"}
