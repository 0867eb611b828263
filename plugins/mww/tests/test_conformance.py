"""What every plugin must stand."""

from __future__ import annotations

from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance import Ending, PluginConformance
from orderdesk_devkit.testing.conformance.endings import EndingTests
from orderdesk_mww.simulator import WEBHOOK_TOKEN
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import minutes, seconds
from orderdesk_sdk.plugin import NotificationKind, Rejection

pytestmark = pytest.mark.slow

READ = "GET orders"


class TestMww(PluginConformance):
    integration = "mww"
    webhook_settings: ClassVar = {"webhook_token": WEBHOOK_TOKEN}
    settings: ClassVar = {"cancel_window": "no limit"}
    line_metadata: ClassVar = {"print_url": "https://files.example.com/pillow.png"}
    wait = minutes(61)  # The simulator refuses while it takes the order in, up to an hour.
    webhook_kinds: ClassVar = {
        "cancelled": NotificationKind.CANCELED,
        "shipped": NotificationKind.SHIPPED,
        "packed": NotificationKind.CHANGED,
    }
    endings: ClassVar = (
        Ending("received", State.CANCELED, proof=READ),
        Ending("packed", State.ACTION_REQUIRED, asked=State.PENDING, route=1),
        Ending("shipped", State.REJECTED, rejection=Rejection.SHIPPED, proof=READ),
        Ending("cancelled", State.CANCELED, proof=READ),
        Ending(None, State.ACTION_REQUIRED, asked=State.PENDING, route=1),
    )


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
    endings: ClassVar = (Ending("received", State.ACTION_REQUIRED, route=1),)


class TestMwwAtTheEndOfTheWindow(EndingTests):
    """A service that takes cancels for two minutes."""

    integration = "mww"
    options: ClassVar = {"window": "early"}
    endings: ClassVar = (
        Ending("received", State.CANCELED, proof=READ, wait=seconds(119)),
        Ending("received", State.ACTION_REQUIRED, wait=seconds(120), route=1),
        Ending("received", State.ACTION_REQUIRED, wait=seconds(121), route=1),
    )
