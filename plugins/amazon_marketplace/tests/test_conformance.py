"""What every plugin must stand."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import PluginConformance

pytestmark = pytest.mark.slow


class TestAmazonMarketplace(PluginConformance):
    integration = "amazon-marketplace"
    remote_id = "902-1106328-1059050"
