"""What every plugin must stand."""

from __future__ import annotations

from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance import PluginConformance
from orderdesk_mww.simulator import WEBHOOK_TOKEN
from orderdesk_sdk.clock import minutes

pytestmark = pytest.mark.slow


class TestMww(PluginConformance):
    integration = "mww"
    webhook_settings: ClassVar = {"webhook_token": WEBHOOK_TOKEN}
    settings: ClassVar = {"cancel_window": "no limit"}
    line_metadata: ClassVar = {"print_url": "https://files.example.com/pillow.png"}
    wait = minutes(61)  # The simulator refuses while it takes the order in, up to an hour.


class TestMwwEurope(TestMww):
    integration = "mww-europe"


class TestMwwByMail(PluginConformance):
    """After two minutes the button is closed, and a person gets the draft of a mail."""

    integration = "mww"
    webhook_settings: ClassVar = {"webhook_token": WEBHOOK_TOKEN}
    settings_not_tried: ClassVar = dict.fromkeys(
        ("base_url", "shipping_method", "design_key"), "it is for calls, which another class tries"
    )
    wait = minutes(10)
