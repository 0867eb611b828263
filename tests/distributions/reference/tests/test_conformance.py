"""What every plugin must stand."""

from __future__ import annotations

from typing import ClassVar

from orderdesk_devkit.testing.conformance import PluginConformance


class TestReference(PluginConformance):
    integration = "reference"


class TestReferenceCart(PluginConformance):
    integration = "reference-cart"
    request_settings: ClassVar = {"answer_requests": True}
    operations_not_tried: ClassVar = {"request": "it is of answers to requests, which have tests of their own"}
