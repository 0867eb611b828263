"""MWW Europe: the same code with a host of its own. That its API equals MWW On Demand's is assumed, not documented."""

from __future__ import annotations

from attrs import evolve

import orderdesk_mww
from orderdesk_mww import orderdesk_cancel, orderdesk_check, orderdesk_resubmit  # noqa: F401 - hooks of this module too
from orderdesk_mww.settings import MwwSettings
from orderdesk_sdk.plugin import Evidence, Integration, hookimpl, host, settings


@settings
class EuropeSettings(MwwSettings):
    base_url: str = host(help="MWW Europe's API, taken to equal MWW On Demand's: API equality assumed, not documented")


@hookimpl
def orderdesk_integration() -> Integration:
    return evolve(
        orderdesk_mww.orderdesk_integration(),
        slug="mww-europe",
        title="MWW Europe",
        settings=EuropeSettings,
        evidence=Evidence.CONFIGURATION,
    )
