"""What every plugin must stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance import ExpectedEmail, PluginConformance

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
    emails: ClassVar = (
        ExpectedEmail(
            to="cancellations@oia.example",
            subject="Please cancel order 1042",
            body=("Client code: SHOP7", "Please cancel our order 1042"),
        ),
        ExpectedEmail(
            settings={**IN_TEST, "client_code": "{SHOP} 7"},
            to="tests@shop.example",
            subject="TEST, cancels nothing: Please cancel order 1042",
            body=("Client code: {SHOP} 7", "Please cancel our order 1042"),
            is_warned_of=True,
        ),
    )
    refused_settings: ClassVar = (
        {"mode": "test"},
        {"mode": "test", "test_email_to": "Cancellations@OIA.example"},
        {"mode": "rehearsal"},
    )
