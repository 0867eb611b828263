"""What every plugin must stand; and the trouble with a cancel that is only submitted, and followed in the log."""

from __future__ import annotations

from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance import PluginConformance
from orderdesk_devkit.testing.conformance.faults import FaultTests
from orderdesk_devkit.testing.conformance.malformed_responses import MalformedResponseTests

pytestmark = pytest.mark.slow


class TestCommerceHub(PluginConformance):
    integration = "commercehub"
    request_settings: ClassVar = {"answer_requests": True}


class TestCommerceHubThatOnlySubmits(FaultTests, MalformedResponseTests):
    integration = "commercehub"
    options: ClassVar = {"cancel": "submitted"}
    why_unresolved = (
        "without its response there is no requestId to look up, and the simulator decides by looks at the log"
    )
