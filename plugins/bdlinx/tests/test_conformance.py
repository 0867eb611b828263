"""What every plugin must stand."""

from __future__ import annotations

from typing import ClassVar

import pytest

from orderdesk_bdlinx.simulator import WEBHOOK_SETTINGS
from orderdesk_devkit.testing.conformance import Ending, PluginConformance
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin import NotificationKind, Rejection, minutes

pytestmark = pytest.mark.slow


class TestBdlinx(PluginConformance):
    integration = "bdlinx"
    webhook_settings: ClassVar = WEBHOOK_SETTINGS
    webhook_kinds: ClassVar = {
        "shipped": NotificationKind.SHIPPED,
        "canceled": NotificationKind.CANCELED,
        "printing": NotificationKind.CHANGED,
    }
    endings: ClassVar = (
        Ending("queued", State.CANCELED, proof="GET order"),
        Ending("printing", State.REJECTED, rejection=Rejection.TOO_LATE, proof="POST stop", wait=minutes(30)),
        Ending("gone", State.REJECTED, rejection=Rejection.TOO_LATE, proof="POST stop"),
        Ending(
            "queued",
            State.REJECTED,
            rejection=Rejection.SHIPPED,
            asked=State.ACKNOWLEDGED,
            proof="GET order",
            options={"fate": "ships anyway"},
        ),
        Ending(None, State.REJECTED, rejection=Rejection.NOT_ALLOWED, proof="POST stop"),
    )
    other_settings: ClassVar = {
        "user_header": {"auth_mode": "headers", "user_header": "x-user", "secret_header": "x-secret"},
        "secret_header": {"auth_mode": "header", "secret_header": "x-secret"},
    }
