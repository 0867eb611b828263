"""The `[event_webhooks]` table: what the secrets of endpoints are sealed with."""

from __future__ import annotations

import os
from collections.abc import Mapping

from orderdesk_sdk.desk.stored_connection_config import require_long_keys
from orderdesk_sdk.plugin.connection_settings import secret, settings
from orderdesk_sdk.runtime.connection_config import make_from_table
from orderdesk_sdk.secret import Secret

__all__ = ["EventWebhookConfig", "read_event_webhook_config"]


@settings
class EventWebhookConfig:
    """The `[event_webhooks]` table. Without it no event is sent to anybody."""

    key: Secret = secret(help="what the secrets of endpoints are sealed with; kept outside the database, 32 characters")
    previous_key: Secret = secret(help="the key before it, while one is being changed", default=Secret(""))

    @property
    def keys(self) -> tuple[Secret, ...]:
        """Those that may have sealed what is stored, the present one first."""
        return (self.key, self.previous_key) if self.previous_key.reveal() else (self.key,)


def read_event_webhook_config(table: Mapping[str, object], location: str) -> EventWebhookConfig:
    """The table as it is written. Raises ConfigurationError, also for a key that could be guessed."""
    config = make_from_table(EventWebhookConfig, table, location, os.environ)
    require_long_keys({"key": config.key, "previous_key": config.previous_key}, location)
    return config
