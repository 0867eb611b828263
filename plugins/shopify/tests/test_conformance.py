"""What every plugin must stand."""

from __future__ import annotations

from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance import PluginConformance
from orderdesk_sdk.clock import minutes

pytestmark = pytest.mark.slow

ONLY_WHERE_DEPRECATED = {"x-shopify-api-deprecated-reason": "the simulator knows no call that is deprecated"}


class TestShopify(PluginConformance):
    integration = "shopify"
    headers_not_tried: ClassVar = ONLY_WHERE_DEPRECATED
    other_settings: ClassVar = {"api_version": {"api_version": "2026-07"}}


class TestShopifyWhoseJobsHaveNoResults(PluginConformance):
    integration = "shopify"
    headers_not_tried: ClassVar = ONLY_WHERE_DEPRECATED
    settings: ClassVar = {"api_version": "2026-07"}
    other_settings: ClassVar = {"api_version": {"api_version": "2026-10"}}


class TestShopifyFulfillment(PluginConformance):
    integration = "shopify-fulfillment"
    headers_not_tried: ClassVar = ONLY_WHERE_DEPRECATED
    wait = minutes(11)  # The service accepts after ten, and is asked then.
    request_settings: ClassVar = {"acts_as": "service"}
    other_settings: ClassVar = {"api_version": {"api_version": "2026-07"}}
    request_options: ClassVar = {"service": "silent"}  # It answers by what we do.
