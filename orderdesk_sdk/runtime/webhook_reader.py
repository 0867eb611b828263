"""Reads webhooks by the plugin of their connection, under guard: it verifies them, and says what they are about."""

from __future__ import annotations

from datetime import datetime

from orderdesk_sdk.errors import (
    ConfigurationError,
    InvalidStateError,
    OrderDeskError,
    SignatureVerificationError,
    ValidationError,
)
from orderdesk_sdk.plugin.guard import raise_for_failure
from orderdesk_sdk.plugin.plain_values import class_name, plain_instance
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.plugin.webhooks import OrderNotification, WebhookRequest
from orderdesk_sdk.runtime.connections import Connections

__all__ = ["read_notifications"]

_PLUGIN_ERRORS = (SignatureVerificationError, ValidationError, ConfigurationError, MalformedResponseError)
"""What a plugin may say of a message; everything else is its fault."""
MAX_NOTIFICATIONS = 1000
"""How many orders one message may be about."""


def read_notifications(
    connections: Connections, name: str, request: WebhookRequest, now: datetime, *, timeout: float | None = None
) -> tuple[OrderNotification, ...]:
    """What the plugin of a connection reads in a message, each once; makes no call.

    Raises what the plugin says of the message, PluginError where it fails, and InvalidStateError for an integration
    that takes no messages.

    Args:
        timeout: seconds that the plugin may take; None: as long as for anything.
    """
    connection = connections.get(name)
    location = f"connection {name!r}"
    hook = connection.plugin.manager.hook.orderdesk_parse_webhook
    if not hook.get_hookimpls():
        raise InvalidStateError("the integration accepts no webhooks", location=location)
    service = connection.service(now)

    def read() -> tuple[OrderNotification, ...]:
        notifications = hook(request=request, service=service)
        if not isinstance(notifications, list | tuple):
            raise TypeError(
                f"orderdesk_parse_webhook must give a list of OrderNotification, not {class_name(notifications)}"
            )
        if len(notifications) > MAX_NOTIFICATIONS:
            raise ValueError(
                f"the plugin gave {len(notifications)} notifications; at most {MAX_NOTIFICATIONS} per webhook are"
                " allowed"
            )
        return tuple(dict.fromkeys(plain_instance(OrderNotification, one) for one in notifications))

    # The plugin's words may quote the message, and with it what it was signed with: the guard cleans them.
    outcome = connections.bulkhead(name).run_isolated(
        read, connection.redactor.redact_text, _PLUGIN_ERRORS, timeout=timeout
    )
    if isinstance(outcome, OrderDeskError):
        outcome.location = outcome.location or location
    return raise_for_failure(outcome, "the plugin failed on a webhook", location=location)
