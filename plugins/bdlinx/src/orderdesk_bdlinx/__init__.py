"""BDLinx: a button and a rule action, over a API format that its customer configures.

BDLinx publishes no API document, so there is no address, path or status word of theirs in this plugin. What is known:
the button and the rule action (https://help.orderdesk.com/article/287-cancel-an-order), and that an account has an API
user and an API secret (https://help.orderdesk.com/article/447-bdlinx-integration). How these are sent is unknown too.
"""

from __future__ import annotations

from orderdesk_bdlinx.settings import BdlinxSettings
from orderdesk_sdk.plugin import (
    Button,
    Integration,
    ManualConfirmation,
    NoResubmission,
    NotificationKind,
    OrderNotification,
    RuleAction,
    Service,
    Verification,
    WebhookRequest,
    hookimpl,
    notifications_by_profile,
    orderdesk_cancel,  # noqa: F401 - hooks of this module too
    orderdesk_poll,  # noqa: F401 - as above
)


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="bdlinx",
        title="BDLinx",
        settings=BdlinxSettings,
        base_url="base_url",
        auth=BdlinxSettings.auth,
        cancel=(Button(ManualConfirmation()),),
        routes_for=BdlinxSettings.routes,
        unavailable_reason=BdlinxSettings.missing,
        identified_by=BdlinxSettings.identities,
        resubmission=NoResubmission("duplicate the order in Order Desk and submit the copy to BDLinx from there"),
        actions=(RuleAction("Cancel Order at BDLinx"),),
        verified_by=Verification.CONFIGURATION,
        help_url="https://help.orderdesk.com/article/287-cancel-an-order",
    )


WEBHOOK_EVENTS = {"shipped": NotificationKind.SHIPPED, "canceled": NotificationKind.CANCELED}
"""What words mean. Only that shipments are notified is known; any other word says that something changed."""


@hookimpl
def orderdesk_parse_webhook(request: WebhookRequest, service: Service[BdlinxSettings]) -> tuple[OrderNotification, ...]:
    its = service.settings
    return notifications_by_profile(its.webhook, request, its.webhook_token, WEBHOOK_EVENTS)
