"""What every plugin must stand."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.conformance import PluginConformance

pytestmark = pytest.mark.slow


class TestAmazonMcf(PluginConformance):
    integration = "amazon-mcf"
