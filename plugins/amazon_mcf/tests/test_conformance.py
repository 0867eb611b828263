"""What every plugin must stand."""

from __future__ import annotations

from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance import Ending, PluginConformance
from orderdesk_devkit.testing.harness import PERSON
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin import NotificationKind, Rejection, minutes

pytestmark = pytest.mark.slow

READ = "getFulfillmentOrder"


def shipped(status: str) -> Ending:
    """The end of a cancel of what has left."""
    return Ending(status, State.REJECTED, rejection=Rejection.SHIPPED, proof=READ)


class TestAmazonMcf(PluginConformance):
    integration = "amazon-mcf"
    good_numbers: ClassVar = ("1042", "SO-1042.a_#1", "x" * 40)
    bad_numbers: ClassVar = ("x" * 41, "10+42", "10 42", "10/42", "")
    personal_documents: ClassVar = ({"destinationAddress": PERSON, "notificationEmails": ["robin@rehearsal.example"]},)
    webhook_kinds: ClassVar = {
        "Cancelled": NotificationKind.CANCELED,
        "Complete": NotificationKind.SHIPPED,
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
    )
