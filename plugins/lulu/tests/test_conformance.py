"""What every plugin must stand."""

from __future__ import annotations

from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance import Ending, ExpectedRequest, PluginConformance
from orderdesk_devkit.testing.harness import PERSON
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin import Rejection

pytestmark = pytest.mark.slow

READ = "GET job"


def rejected(status: str, why: Rejection) -> Ending:
    """The end of a cancel that Lulu refuses."""
    return Ending(status, State.REJECTED, rejection=why, proof=READ)


class TestLulu(PluginConformance):
    integration = "lulu"
    repeatable: ClassVar = ("cancel",)
    endings: ClassVar = (
        *(Ending(status, State.CANCELED, proof=READ) for status in ("CREATED", "UNPAID", "PRODUCTION_DELAYED")),
        Ending("PAYMENT_IN_PROGRESS", State.CANCELED, asked=State.PENDING, proof=READ),
        Ending("PRODUCTION_READY", State.REJECTED, rejection=Rejection.TOO_LATE, asked=State.PENDING, proof=READ),
        Ending("CANCELED", State.CANCELED, proof=READ),
        rejected("IN_PRODUCTION", Rejection.TOO_LATE),
        rejected("SHIPPED", Rejection.SHIPPED),
        rejected("DELIVERED", Rejection.SHIPPED),
        rejected("REJECTED", Rejection.NOT_ALLOWED),
        Ending("ERROR", State.ACTION_REQUIRED, asked=State.UNKNOWN),
        Ending(
            "PRODUCTION_DELAYED",
            State.REJECTED,
            rejection=Rejection.NOT_ALLOWED,
            proof=READ,
            options={"paid": "never"},
        ),
        Ending(
            "PRODUCTION_DELAYED",
            State.ACTION_REQUIRED,
            asked=State.UNKNOWN,
            options={"fate": "ships anyway"},
        ),
        Ending(None, State.REJECTED, rejection=Rejection.NOT_ALLOWED, proof=READ),
    )
    requests: ClassVar = (ExpectedRequest("PUT", "/print-jobs/1042/status/", {"name": "CANCELED"}),)
    good_numbers: ClassVar = ("1", "1042", "9" * 19)
    bad_numbers: ClassVar = ("9" * 20, "01042", "EXT-1042", "1042x", "")
    closed_in: ClassVar = ("IN_PRODUCTION", "SHIPPED")
    personal_documents: ClassVar = (
        {"shipping_address": PERSON, "billing_address": PERSON, "contact_email": "robin@rehearsal.example"},
    )
