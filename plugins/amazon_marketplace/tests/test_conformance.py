"""What every plugin must stand."""

from __future__ import annotations

from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance import Ending, PluginConformance
from orderdesk_devkit.testing.harness import PERSON
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin import Rejection

pytestmark = pytest.mark.slow

READ = "getOrder"
DIRECT = {"transport": "json"}


def shipped(status: str) -> Ending:
    """The end of a cancel of what has left."""
    return Ending(status, State.REJECTED, rejection=Rejection.SHIPPED, proof=READ)


class TestAmazonMarketplace(PluginConformance):
    integration = "amazon-marketplace"
    remote_id = "902-1106328-1059050"
    good_numbers: ClassVar = ("902-1106328-1059050",)
    bad_numbers: ClassVar = ("902-1106328-10590500", "9021106328-1059050", "1042", "")
    personal_documents: ClassVar = ({"buyer": PERSON, "recipient": PERSON},)
    endings: ClassVar = (
        *(Ending(status, State.CANCELED, proof=READ) for status in ("UNSHIPPED", "PENDING", "PENDING_AVAILABILITY")),
        shipped("SHIPPED"),
        shipped("PARTIALLY_SHIPPED"),
        Ending("UNFULFILLABLE", State.ACTION_REQUIRED, asked=State.UNKNOWN),
        Ending("CANCELLED", State.CANCELED, proof=READ),
        Ending(
            "UNSHIPPED",
            State.REJECTED,
            rejection=Rejection.NOT_ALLOWED,
            asked=State.ACKNOWLEDGED,
            proof="store",
            options={"fate": "error"},
        ),
        Ending("UNSHIPPED", State.ACTION_REQUIRED, asked=State.ACKNOWLEDGED, options={"fate": "ignored"}),
        *(
            Ending(
                "UNSHIPPED",
                State.REJECTED,
                rejection=Rejection.NOT_ALLOWED,
                asked=State.ACKNOWLEDGED,
                proof="store",
                options={"fate": "error", "report": one},
            )
            for one in ("gzip", "cp1252", "namespace")
        ),
        Ending(
            "UNSHIPPED", State.ACTION_REQUIRED, asked=State.ACKNOWLEDGED, options={"fate": "error", "report": "absent"}
        ),
        Ending(
            "UNSHIPPED",
            State.REJECTED,
            rejection=Rejection.NOT_ALLOWED,
            asked=State.ACKNOWLEDGED,
            proof="getFeed",
            options={"feed": "CANCELLED"},
        ),
        Ending(
            "UNSHIPPED",
            State.ACTION_REQUIRED,
            asked=State.ACKNOWLEDGED,
            options={"feed": "FATAL", "fate": "ignored"},
        ),
        Ending("UNSHIPPED", State.CANCELED, proof=READ, options={"cancel_order": "works"}, settings=DIRECT),
        Ending("UNSHIPPED", State.CANCELED, proof=READ, settings=DIRECT),
        Ending(
            "SHIPPED",
            State.REJECTED,
            rejection=Rejection.SHIPPED,
            proof=READ,
            options={"cancel_order": "works"},
            settings=DIRECT,
        ),
        Ending(
            "UNSHIPPED",
            State.CANCELED,
            proof=READ,
            settings=DIRECT,
            reason="GeneralAdjustment",
            options={"cancel_order": "works"},
        ),
        Ending(None, State.ACTION_REQUIRED, asked=State.PENDING),
    )
    other_settings: ClassVar = {"extra_reasons": {"extra_reasons": ["NewReason"]}}
    doubtful_reasons: ClassVar = {"PricingError": "it is newer, and nobody knows whether a feed takes it"}
    operations_not_tried: ClassVar = {
        "document": "it reads the report of a feed that was refused",
        "cancellation": "it is of transport json, which is not released",
    }
    settings_not_tried: ClassVar = {
        "store": "the core lets calls to its hosts out; which one it is, each response says",
        "edge": "the core lets calls to its hosts out; the simulator has its documents at the store",
    }
