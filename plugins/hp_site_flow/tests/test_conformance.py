"""What every plugin must stand."""

from __future__ import annotations

from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance import PluginConformance

pytestmark = pytest.mark.slow


class TestHpSiteFlow(PluginConformance):
    integration = "hp-site-flow"
    line_metadata: ClassVar = {"print_url": "https://files.example.com/artwork.pdf"}
    settings_not_tried: ClassVar = {"source_account": "the path of an order needs it whose read gives no id of its own"}
