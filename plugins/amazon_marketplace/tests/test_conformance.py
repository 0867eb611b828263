"""What every plugin must stand."""

from __future__ import annotations

from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance import PluginConformance

pytestmark = pytest.mark.slow


class TestAmazonMarketplace(PluginConformance):
    integration = "amazon-marketplace"
    remote_id = "902-1106328-1059050"
    other_settings: ClassVar = {"extra_reasons": {"extra_reasons": ["NewReason"]}}
    settings_not_tried: ClassVar = {
        "store": "the core lets calls to its hosts out; which one it is, each response says",
        "edge": "the core lets calls to its hosts out; the simulator has its documents at the store",
    }
