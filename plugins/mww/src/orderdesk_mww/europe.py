"""MWW Europe: the same code with a host of its own. That its API equals MWW On Demand's is assumed, not documented."""

from __future__ import annotations

from attrs import evolve

import orderdesk_mww
from orderdesk_mww import (
    orderdesk_cancel,  # noqa: F401 - hooks of this module too
    orderdesk_parse_webhook,  # noqa: F401 - as above
    orderdesk_poll,  # noqa: F401 - as above
    orderdesk_resubmit,  # noqa: F401 - as above
)
from orderdesk_mww.settings import MwwSettings
from orderdesk_sdk.plugin import Integration, Verification, hookimpl, settings, url


@settings
class EuropeSettings(MwwSettings):
    base_url: str = url(help="MWW Europe's API, taken to equal MWW On Demand's: API equality assumed, not documented")


@hookimpl
def orderdesk_integration() -> Integration:
    return evolve(
        orderdesk_mww.orderdesk_integration(),
        slug="mww-europe",
        title="MWW Europe",
        settings=EuropeSettings,
        verified_by=Verification.CONFIGURATION,
    )
