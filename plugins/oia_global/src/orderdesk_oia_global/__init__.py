"""OIA Global: an e-mail asks, and a person says what came of it (https://help.orderdesk.com/article/287-cancel-an-order).

Orders go there as files over FTP (https://help.orderdesk.com/article/206-oia-global) whose format is not public, and
neither is the address for cancellations: it is asked for. A mail in mode test never goes to OIA Global.
"""

from __future__ import annotations

from orderdesk_oia_global.account import OiaSettings, ladder
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Evidence, Integration, NoResubmit

AGAIN = (
    "orders go to OIA Global as files whose format is not public: duplicate the order, so that it gets a new number, "
    "send the copy from Order Desk, and tell OIA Global which order it replaces"
)


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="oia-global",
        title="OIA Global",
        settings=OiaSettings,
        cancel=ladder(None),
        configured=ladder,
        resubmit=NoResubmit(AGAIN),
        evidence=Evidence.CONFIGURATION,
        help_url="https://help.orderdesk.com/article/287-cancel-an-order",
    )
