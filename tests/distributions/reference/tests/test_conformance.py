"""What every plugin must stand."""

from __future__ import annotations

from orderdesk_devkit.testing.conformance import PluginConformance


class TestReference(PluginConformance):
    integration = "reference"


class TestReferenceCart(PluginConformance):
    integration = "reference-cart"
