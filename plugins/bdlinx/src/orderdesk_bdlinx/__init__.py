"""BDLinx: a button and a rule action, over a wire format that its customer configures.

BDLinx publishes no API document, so there is no address, path or status word of theirs in this plugin. What is known:
the button and the rule action (https://help.orderdesk.com/article/287-cancel-an-order), and that an account has an API
user and an API secret (https://help.orderdesk.com/article/447-bdlinx-integration). How these are sent is unknown too.
"""

from __future__ import annotations

from orderdesk_bdlinx.settings import BdlinxSettings
from orderdesk_sdk.plugin import (
    Button,
    ByPerson,
    Evidence,
    Integration,
    NoResubmit,
    RuleAction,
    hookimpl,
    orderdesk_cancel,  # noqa: F401 - hooks of this module too
    orderdesk_check,  # noqa: F401 - as above
)


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="bdlinx",
        title="BDLinx",
        settings=BdlinxSettings,
        base_url="base_url",
        auth=BdlinxSettings.auth,
        cancel=(Button(ByPerson()),),
        configured=BdlinxSettings.ladder,
        unavailable=BdlinxSettings.lacking,
        identified_by=BdlinxSettings.identities,
        resubmit=NoResubmit("duplicate the order in Order Desk and submit the copy to BDLinx from there"),
        actions=(RuleAction("Cancel Order at BDLinx"),),
        evidence=Evidence.CONFIGURATION,
        help_url="https://help.orderdesk.com/article/287-cancel-an-order",
    )
