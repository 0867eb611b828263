"""What every plugin must stand."""

from __future__ import annotations

from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance import Ending, PluginConformance
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin import Rejection, hours

pytestmark = pytest.mark.slow

READ = "GET job"


class TestLulu(PluginConformance):
    integration = "lulu"
    endings: ClassVar = (
        *(
            Ending(status, State.CANCELED, proof=READ)
            for status in ("PRODUCTION_DELAYED", "CREATED", "UNPAID", "CANCELED")
        ),
        Ending("PAYMENT_IN_PROGRESS", State.CANCELED, asked=State.PENDING, proof=READ),
        Ending("PRODUCTION_READY", State.REJECTED, rejection=Rejection.TOO_LATE, asked=State.PENDING, proof=READ),
        Ending("IN_PRODUCTION", State.REJECTED, rejection=Rejection.TOO_LATE, proof=READ, wait=hours(1)),
        Ending("SHIPPED", State.REJECTED, rejection=Rejection.SHIPPED, proof=READ),
        Ending("REJECTED", State.REJECTED, rejection=Rejection.NOT_ALLOWED, proof=READ),
        Ending("ERROR", State.ACTION_REQUIRED, asked=State.UNKNOWN),
        Ending(None, State.REJECTED, rejection=Rejection.NOT_ALLOWED, proof=READ),
    )
