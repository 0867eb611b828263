"""Progressive Solutions: a button over a wire format that its customer configures; the smallest such plugin.

Only that there is a cancel button is public (https://help.orderdesk.com/article/287-cancel-an-order). Which company it
is, its API, credentials, status words and what a resubmission takes are UNKNOWN, so none of them stands here. Settings
and calls are the core's, so the plugin has neither a `settings.py` nor an `api.py`.
"""

from __future__ import annotations

from orderdesk_sdk.plugin import (
    Button,
    ByPerson,
    Evidence,
    Integration,
    NoResubmit,
    UndocumentedSettings,
    hookimpl,
    orderdesk_cancel,  # noqa: F401 - hooks of this module too
    orderdesk_check,  # noqa: F401 - as above
)


@hookimpl
def orderdesk_integration() -> Integration:
    return Integration(
        slug="progressive-solutions",
        title="Progressive Solutions",
        settings=UndocumentedSettings,
        base_url="base_url",
        auth=UndocumentedSettings.auth,
        cancel=(Button(ByPerson()),),
        configured=UndocumentedSettings.ladder,
        unavailable=UndocumentedSettings.lacking,
        identified_by=UndocumentedSettings.identities,
        resubmit=NoResubmit(
            "how an order is created there is not public: duplicate it in Order Desk and submit the copy"
        ),
        evidence=Evidence.CONFIGURATION,
        help_url="https://help.orderdesk.com/article/287-cancel-an-order",
    )
