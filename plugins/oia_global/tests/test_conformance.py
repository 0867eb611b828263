"""What every plugin must stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance import PluginConformance

pytestmark = pytest.mark.slow


class TestOiaGlobal(PluginConformance):
    integration = "oia-global"
    settings: ClassVar[Mapping[str, object]] = {
        "client_code": "SHOP7",
        "mode": "production",
        "cancel_email_to": "cancellations@oia.example",
    }
