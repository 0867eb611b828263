"""What every plugin must stand."""

from __future__ import annotations

from typing import ClassVar

import pytest

from orderdesk_bdlinx.simulator import WEBHOOK_SETTINGS
from orderdesk_devkit.testing.conformance import PluginConformance
from orderdesk_devkit.testing.conformance.profile_endings import PROFILE_ENDINGS
from orderdesk_sdk.plugin import NotificationKind

pytestmark = pytest.mark.slow


class TestBdlinx(PluginConformance):
    integration = "bdlinx"
    webhook_settings: ClassVar = WEBHOOK_SETTINGS
    webhook_kinds: ClassVar = {
        "shipped": NotificationKind.SHIPPED,
        "canceled": NotificationKind.CANCELED,
        "printing": NotificationKind.CHANGED,
    }
    endings: ClassVar = PROFILE_ENDINGS
    other_settings: ClassVar = {
        "user_header": {"auth_mode": "headers", "user_header": "x-user", "secret_header": "x-secret"},
        "secret_header": {"auth_mode": "header", "secret_header": "x-secret"},
    }
