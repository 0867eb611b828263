"""What every plugin must stand."""

from __future__ import annotations

from typing import ClassVar

import pytest

from orderdesk_devkit.testing.conformance import Ending, PluginConformance
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin import Rejection

pytestmark = pytest.mark.slow

READ = "GET order/bysourceid"


class TestHpSiteFlow(PluginConformance):
    integration = "hp-site-flow"
    endings: ClassVar = (
        *(Ending(status, State.CANCELED, proof=READ) for status in ("dataready", "printready", "cancelled")),
        Ending("complete", State.CANCELED, proof=READ),
        Ending("error", State.CANCELED, proof=READ),
        Ending("shipped", State.REJECTED, rejection=Rejection.SHIPPED, proof=READ),
        *(
            Ending("shipped", State.REJECTED, rejection=Rejection.SHIPPED, proof=READ, options={"shipped_cancel": one})
            for one in ("409", "200")
        ),
        *(Ending("dataready", State.CANCELED, proof=READ, options={"found": one}) for one in ("list", "wrapped")),
        Ending(None, State.ACTION_REQUIRED, asked=State.PENDING),
        Ending(None, State.ACTION_REQUIRED, asked=State.PENDING, options={"unknown": "empty list"}),
    )
    line_metadata: ClassVar = {"print_url": "https://files.example.com/artwork.pdf"}
    settings_not_tried: ClassVar = {"source_account": "the path of an order needs it whose read gives no id of its own"}
