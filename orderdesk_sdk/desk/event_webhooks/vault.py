"""The secrets of an endpoint: sealed with a key outside the database, each with the time until which it counts.

Sealed with them is for which endpoint and URL they are: who can write to the database, and has not the key, cannot have
events signed for another place.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from attrs import evolve, frozen

from orderdesk_sdk.cases.event_webhooks import EventEndpoint
from orderdesk_sdk.desk.event_webhooks.config import EventWebhookConfig
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.sealed_secret import seal, unseal

__all__ = ["EndpointSecret", "EndpointVault", "endpoint_location"]


def endpoint_location(endpoint_id: str) -> str:
    """Where an endpoint is, for errors."""
    return f"endpoint {endpoint_id}"


@frozen
class EndpointSecret:
    """A secret. until: it signs until then; None: until it is replaced."""

    secret: Secret
    until: datetime | None = None

    def signs(self, now: datetime) -> bool:
        """Whether it signs what is sent now."""
        return self.until is None or now < self.until


class EndpointVault:
    """Seals and opens. Without a configuration it has no key, and says so."""

    def __init__(self, config: EventWebhookConfig | None) -> None:
        self._config = config

    def seal(self, endpoint: EventEndpoint, secrets: Sequence[EndpointSecret]) -> EventEndpoint:
        """The endpoint with these secrets. Raises ConfigurationError without a key."""
        content = {
            "about": _about(endpoint),
            "secrets": [
                [one.secret.reveal(), one.until.isoformat() if one.until is not None else None] for one in secrets
            ],
        }
        return evolve(endpoint, sealed=seal(Secret(json.dumps(content)), self._require(endpoint.id).key))

    def open(self, endpoint: EventEndpoint) -> tuple[EndpointSecret, ...]:
        """The secrets of an endpoint, the newest first.

        Raises ConfigurationError without a key, with another one, and where somebody changed the endpoint.
        """
        opened = (unseal(endpoint.sealed, key) for key in self._require(endpoint.id).keys)
        found = next((text for text in opened if text is not None), None)
        content = json.loads(found.reveal()) if found is not None else {}
        if content.get("about") != _about(endpoint):
            raise ConfigurationError(
                "its secret cannot be opened: it was sealed with another key, or for another URL",
                location=endpoint_location(endpoint.id),
                hint="set the key that it was sealed with, or add the endpoint again",
            )
        return tuple(
            EndpointSecret(Secret(text), datetime.fromisoformat(until) if until is not None else None)
            for text, until in content["secrets"]
        )

    def _require(self, endpoint_id: str) -> EventWebhookConfig:
        if self._config is None:
            raise ConfigurationError(
                "there is no key for the secrets of endpoints",
                location=endpoint_location(endpoint_id),
                hint='add [event_webhooks] with key = { env = "ORDERDESK_SECRETS_KEY" } to orderdesk.toml',
            )
        return self._config


def _about(endpoint: EventEndpoint) -> list[str]:
    return [endpoint.id, endpoint.url]
