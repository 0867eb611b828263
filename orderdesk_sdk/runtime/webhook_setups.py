"""Our webhook at a service, which the plugin registers itself: listed, registered, removed."""

from __future__ import annotations

import enum

from attrs import frozen

from orderdesk_sdk.cases.answer_verification import AnswerVerifier, ExpectedOrder
from orderdesk_sdk.cases.exchange import Exchange, Intent, TransportLoss
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import OrderDeskError, PluginError
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.guard import PluginFailure, Watchdog, raise_for_failure
from orderdesk_sdk.plugin.registry import LoadedPlugin
from orderdesk_sdk.plugin.webhooks import RegisteredWebhook, WebhookList, WebhookSetup
from orderdesk_sdk.runtime.connections import Connection, Connections
from orderdesk_sdk.secret import Secret

__all__ = ["WebhookSetups", "WebhookState", "WebhookStatus", "registers_webhooks"]


class WebhookState(enum.Enum):
    """Where the service sends its messages."""

    REGISTERED = "registered"
    """To us."""
    INCOMPLETE = "incomplete"
    """To us, and not for every event that the plugin declares."""
    MISSING = "missing"
    """To nobody."""
    FOREIGN = "foreign address"
    """To others, and not to us: to an earlier address of ours, perhaps."""


@frozen
class WebhookStatus:
    """What is registered at a service.

    Args:
        others: how many webhooks lead to other addresses.
    """

    state: WebhookState
    others: int

    @property
    def leads_to_us(self) -> bool:
        """Whether any message comes to us."""
        return self.state in (WebhookState.REGISTERED, WebhookState.INCOMPLETE)


class _Journal:
    """The journal of a set-up, which is about no case; that it is to be done stands in the audit log before."""

    def __init__(self, *, may_write: bool) -> None:
        self._may_write = may_write

    def record_intent(self, intent: Intent) -> None:
        """Let a request leave. Raises PluginError for one that may change something where it is only listed."""
        if not (self._may_write or intent.read_only):
            raise PluginError(
                f"orderdesk_webhooks is to list, and would send {intent.method}",
                hint="change something only where request.wanted says so",
            )

    def record_exchange(self, exchange: Exchange, *, is_about_order: bool = True) -> None:
        """Nothing is kept."""

    def record_steps(self, exchange: Exchange) -> None:
        """Nothing is kept."""

    def save_late(self) -> None:
        """Nothing is kept."""


class WebhookSetups:
    """Asks services for the webhooks that are registered there. Safe from many threads."""

    def __init__(self, connections: Connections, clock: Clock) -> None:
        self._connections = connections
        self._clock = clock

    def run(self, connection: Connection, request: WebhookSetup) -> WebhookStatus:
        """Do what is requested; what is registered then. Raises OrderDeskError where that is not known."""
        name = connection.name
        found = self._connections.bulkhead(name).run_isolated(
            lambda: self._run(connection, request), connection.redactor.redact_text, (PluginError, OrderDeskError)
        )
        return raise_for_failure(found, "the webhooks cannot be listed", location=f"connection {name!r}")

    def _run(self, connection: Connection, request: WebhookSetup) -> WebhookStatus:
        from orderdesk_sdk.runtime.flow_options import FlowOptions  # What only plans needs neither.
        from orderdesk_sdk.runtime.flow_runner import run_flow

        connection.redactor.add_secret(Secret(request.address))  # Whoever knows it may send messages there.
        service, hook = connection.service(self._clock.now()), connection.plugin.manager.hook.orderdesk_webhooks
        result = run_flow(
            lambda: hook(request=request, service=service),
            WebhookList,
            connection.client,
            _Journal(may_write=request.wanted is not None),
            AnswerVerifier(connection.identified_by, (ExpectedOrder("", ""),)),
            FlowOptions(watchdog=Watchdog(), integration=connection.integration.slug),
        )
        match result.outcome:
            case WebhookList(webhooks):
                return _status(webhooks, request.address, connection.integration.webhook_events)
            case Answer(message=message) | TransportLoss(message=message) | PluginFailure(message):
                text = f"the webhooks cannot be listed: {message or 'the service does not say why'}"
                raise PluginError(connection.redactor.redact_text(text), location=f"connection {connection.name!r}")
            case _:
                raise AssertionError("a flow ends with what it is asked for")


def _status(webhooks: tuple[RegisteredWebhook, ...], address: str, events: tuple[str, ...]) -> WebhookStatus:
    """What these webhooks are for an address that is to hear of all these events; empty: of what one webhook tells."""
    ours = [webhook.event for webhook in webhooks if webhook.address == address]
    others = len(webhooks) - len(ours)
    if not ours:
        return WebhookStatus(WebhookState.FOREIGN if others else WebhookState.MISSING, others)
    is_complete = None in ours or set(events) <= set(ours)
    return WebhookStatus(WebhookState.REGISTERED if is_complete else WebhookState.INCOMPLETE, others)


def registers_webhooks(plugin: LoadedPlugin) -> bool:
    """Whether a plugin registers the webhooks of its connections itself."""
    return bool(plugin.manager.hook.orderdesk_webhooks.get_hookimpls())
