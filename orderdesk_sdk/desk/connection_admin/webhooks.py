"""The webhooks that plugins register themselves: our address, whether it is registered, and putting that right."""

from __future__ import annotations

from collections.abc import Iterator

from orderdesk_sdk.cases.messages import MessageSource
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.desk.health import HealthCheck, HealthCode, error_check
from orderdesk_sdk.desk.message_paths import message_paths
from orderdesk_sdk.desk.web_config import WebConfig
from orderdesk_sdk.errors import ConfigurationError, InvalidStateError, OrderDeskError
from orderdesk_sdk.plugin.webhooks import WebhookSetup
from orderdesk_sdk.runtime.connections import Connection, Connections
from orderdesk_sdk.runtime.webhook_setups import WebhookSetups, WebhookState, WebhookStatus, registers_webhooks

__all__ = ["ConnectionWebhooks"]


class ConnectionWebhooks:
    """The webhooks of a desk's connections."""

    def __init__(self, web: WebConfig, connections: Connections, clock: Clock) -> None:
        self._web = web
        self._connections = connections
        self._clock = clock
        self._setups = WebhookSetups(connections, clock)

    def at(self, connections: Connections) -> ConnectionWebhooks:
        """The same of other connections."""
        return ConnectionWebhooks(self._web, connections, self._clock)

    def status(self, name: str) -> WebhookStatus:
        """What is registered at a connection's service. Changes nothing. Raises as `set`."""
        return self._run(name, wanted=None)

    def set(self, name: str, *, registered: bool) -> WebhookStatus:
        """Register our address, or remove it; what is registered then. Done again it changes nothing.

        Raises InvalidStateError where the plugin registers no webhook itself, ConfigurationError where this desk has no
        address for messages, and OrderDeskError where the service does not say what is registered.
        """
        return self._run(name, wanted=registered)

    def check(self, name: str) -> Iterator[HealthCheck]:
        """Whether our address is registered; nothing for a plugin that registers none."""
        try:
            if not registers_webhooks(self._connections.get(name).plugin):
                return
            status = self.status(name)
        except OrderDeskError as error:
            yield error_check(HealthCode.CONNECTION, error, name)
            return
        if status.state is WebhookState.REGISTERED:
            others = f", beside {status.others} of others" if status.others else ""
            yield HealthCheck.ok(HealthCode.CONNECTION, name, f"the webhook is registered{others}")
            return
        text = {
            WebhookState.MISSING: "no webhook is registered at the service",
            WebhookState.INCOMPLETE: "the webhook is registered for a part of the events only",
        }.get(status.state, f"the webhooks that are registered lead to {status.others} foreign addresses")
        hint = f"run `orderdesk connections webhook {name} --register`"
        yield HealthCheck.degraded(HealthCode.CONNECTION, name, text, hint)

    def _run(self, name: str, *, wanted: bool | None) -> WebhookStatus:
        connection = self._connections.get(name)
        if not registers_webhooks(connection.plugin):
            raise InvalidStateError(
                f"the plugin {connection.integration.slug} registers no webhook itself",
                location=f"connection {name!r}",
                hint="enter the address in the service's own portal; `orderdesk messages paths` shows its path",
            )
        return self._setups.run(connection, WebhookSetup(self._address(connection), wanted))

    def _address(self, connection: Connection) -> str:
        source = MessageSource.webhook(connection.name)
        paths = message_paths(self._web.message_secret, [connection.name])
        path = next((path for path, found in paths.items() if found == source), None)
        if path is None or not self._web.url:
            raise ConfigurationError(
                "this desk has no address that messages could be sent to",
                location="[web]",
                hint="set url and message_secret in [web] of orderdesk.toml",
            )
        return self._web.url + path
