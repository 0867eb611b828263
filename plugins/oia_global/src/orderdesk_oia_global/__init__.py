"""OIA Global: an e-mail asks, and a person says what came of it (https://help.orderdesk.com/article/287-cancel-an-order).

Orders go there as files over FTP (https://help.orderdesk.com/article/206-oia-global) whose format is not public, and
neither is the address for cancellations: it is asked for. A mail in mode test never goes to OIA Global.
The plugin makes no calls, so it has no `api.py`.
"""

from __future__ import annotations

from orderdesk_oia_global.settings import OiaSettings
from orderdesk_sdk.plugin import Email, Evidence, Integration, NoResubmit, Route, hookimpl

AGAIN = (
    "orders go to OIA Global as files whose format is not public: duplicate the order, so that it gets a new number, "
    "send the copy from Order Desk, and tell OIA Global which order it replaces"
)


def routes_for(settings: OiaSettings) -> tuple[Route, ...]:
    """The e-mail, with a note where it is only a test."""
    is_test = settings.mode == "test"
    return (_email("mode test: the mail goes to test_email_to, and OIA Global hears nothing" if is_test else None),)


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="oia-global",
        title="OIA Global",
        settings=OiaSettings,
        cancel=(_email(),),
        configured=routes_for,
        resubmit=NoResubmit(AGAIN),
        evidence=Evidence.CONFIGURATION,
        help_url="https://help.orderdesk.com/article/287-cancel-an-order",
    )


def _email(note: str | None = None) -> Email:
    return Email(to="recipient", subject="subject", body="body", note=note)
