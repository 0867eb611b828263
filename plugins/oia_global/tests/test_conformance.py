"""What every plugin must stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance import PluginConformance

pytestmark = pytest.mark.slow


IN_TEST = {"mode": "test", "test_email_to": "tests@shop.example"}


class TestOiaGlobal(PluginConformance):
    integration = "oia-global"
    settings: ClassVar[Mapping[str, object]] = {
        "client_code": "SHOP7",
        "mode": "production",
        "cancel_email_to": "cancellations@oia.example",
    }
    other_settings: ClassVar = {"mode": IN_TEST, "test_email_to": IN_TEST}
