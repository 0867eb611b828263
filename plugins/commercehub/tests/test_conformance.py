"""What every plugin must stand; and the trouble with a cancel that is only submitted, and followed in the log."""

from __future__ import annotations

from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance import PluginConformance
from orderdesk_devkit.testing.conformance.fallback_routes import FallbackRouteTests
from orderdesk_devkit.testing.conformance.faults import FaultTests
from orderdesk_devkit.testing.conformance.malformed_responses import MalformedResponseTests
from orderdesk_devkit.testing.conformance.manual_polls import ManualPollTests
from orderdesk_devkit.testing.conformance.other_orders import OtherOrderTests
from orderdesk_devkit.testing.conformance.refusals import RefusalTests
from orderdesk_sdk.plugin import StandardReason

pytestmark = pytest.mark.slow


REASONS = [{"code": "ANY", "title": "Any of them", "for": [reason.value for reason in StandardReason]}]


class TestCommerceHub(PluginConformance):
    integration = "commercehub"
    request_settings: ClassVar = {"answer_requests": True}
    other_settings: ClassVar = {
        "reasons": {"reasons": {"default": REASONS}},
        "retailer_field": {
            "reasons": {"Happy birthday, Ida!": REASONS},
            "retailer_field": "checkout_data.Gift message",
        },
    }
    operations_not_tried: ClassVar = {"log": "it follows a cancel that was submitted only, as another class does"}
    settings_not_tried: ClassVar = dict.fromkeys(
        ("vendor_id", "file_drop"), "it is of mode orderstream, whose files a person uploads"
    )


class TestCommerceHubByFile(FallbackRouteTests, ManualPollTests, FaultTests):
    """A person uploads the file; no call is made."""

    integration = "commercehub"
    settings: ClassVar = {"mode": "orderstream", "reasons": {"default": REASONS}}


class TestCommerceHubThatOnlySubmits(FaultTests, MalformedResponseTests, OtherOrderTests, RefusalTests):
    integration = "commercehub"
    options: ClassVar = {"cancel": "submitted"}
    why_unresolved = (
        "without its response there is no requestId to look up, and the simulator decides by looks at the log"
    )
