"""Progressive Solutions: a button over a API format that its customer configures; the smallest such plugin.

Only that there is a cancel button is public (https://help.orderdesk.com/article/287-cancel-an-order). Which company it
is, its API, credentials, status words and what a resubmission takes are UNKNOWN, so none of them stands here. Settings
and calls are the core's, so the plugin has neither a `settings.py` nor an `api.py`.
"""

from __future__ import annotations

from orderdesk_sdk.plugin import (
    Button,
    CustomApiSettings,
    Integration,
    ManualConfirmation,
    NoResubmission,
    Verification,
    hookimpl,
    orderdesk_cancel,  # noqa: F401 - hooks of this module too
    orderdesk_poll,  # noqa: F401 - as above
)


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="progressive-solutions",
        title="Progressive Solutions",
        settings=CustomApiSettings,
        base_url="base_url",
        auth=CustomApiSettings.auth,
        cancel=(Button(ManualConfirmation()),),
        routes_for=CustomApiSettings.routes,
        unavailable_reason=CustomApiSettings.missing,
        identified_by=CustomApiSettings.identities,
        resubmission=NoResubmission(
            "how an order is created there is not public: duplicate it in Order Desk and submit the copy"
        ),
        verified_by=Verification.CONFIGURATION,
        help_url="https://help.orderdesk.com/article/287-cancel-an-order",
    )
