"""What every plugin must stand; and the trouble with a cancel that is only submitted, and followed in the log."""

from __future__ import annotations

from typing import ClassVar

import pytest

from orderdesk_sdk.testing.conformance import PluginConformance
from orderdesk_sdk.testing.conformance.junk import Junk
from orderdesk_sdk.testing.conformance.troubles import Troubles

pytestmark = pytest.mark.slow


class TestCommerceHub(PluginConformance):
    integration = "commercehub"


class TestCommerceHubThatOnlySubmits(Troubles, Junk):
    integration = "commercehub"
    switches: ClassVar = {"cancel": "submitted"}
    unresolved = "without its reply there is no requestId to look up, and the simulator decides by looks at the log"
