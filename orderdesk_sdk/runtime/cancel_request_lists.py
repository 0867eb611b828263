"""The cancellations that others request of us now, as a service lists them: read, and nothing is sent."""

from __future__ import annotations

from typing import Protocol

from orderdesk_sdk.cases.answer_verification import AnswerVerifier, ExpectedOrder
from orderdesk_sdk.cases.exchange import Exchange, Intent, TransportLoss
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import OrderDeskError, PluginError
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.cancel_requests import CancelRequestList, RequestedCancellation
from orderdesk_sdk.plugin.guard import PluginFailure, Watchdog, raise_for_failure
from orderdesk_sdk.plugin.requests import OpenRequestQuery
from orderdesk_sdk.runtime.connections import Connection, Connections

__all__ = ["CancelRequestLists", "RequestPoller", "can_list"]

_HOOK = "orderdesk_list_cancel_requests"


class RequestPoller(Protocol):
    """Finds requests to cancel that others have made."""

    def poll_due(self) -> tuple[str, ...]:
        """Look where it is time to look; what kept that from being done, a line each."""


class _ReadJournal:
    """The journal of a list, of which nothing is kept: only what it leads to is."""

    def record_intent(self, intent: Intent) -> None:
        """Let a read leave. Raises PluginError for a request that may change something."""
        if not intent.read_only:
            raise PluginError(
                f"{_HOOK} only reads, and would send {intent.method}",
                hint="declare a query that is sent by POST with read_only=True",
            )

    def record_exchange(self, exchange: Exchange, *, is_about_order: bool = True) -> None:
        """Nothing is kept."""

    def record_steps(self, exchange: Exchange) -> None:
        """Nothing is kept."""

    def save_late(self) -> None:
        """Nothing is kept."""


class CancelRequestLists:
    """Lists open requests. Safe from many threads."""

    def __init__(self, connections: Connections, clock: Clock) -> None:
        self._connections = connections
        self._clock = clock

    def read(self, connection: Connection, remote_id: str | None = None) -> tuple[RequestedCancellation, ...]:
        """Every request that is open at a connection, or of one order there.

        Raises OrderDeskError where they cannot be listed: then nothing is known of any.
        """
        name = connection.name
        found = self._connections.bulkhead(name).run_isolated(
            lambda: self._run(connection, remote_id), connection.redactor.redact_text, (PluginError, OrderDeskError)
        )
        return raise_for_failure(found, "the requests to cancel cannot be listed", location=f"connection {name!r}")

    def _run(self, connection: Connection, remote_id: str | None) -> tuple[RequestedCancellation, ...]:
        from orderdesk_sdk.runtime.flow_options import FlowOptions  # What only plans needs neither.
        from orderdesk_sdk.runtime.flow_runner import run_flow

        service = connection.service(self._clock.now())
        hook = connection.plugin.manager.hook.orderdesk_list_cancel_requests
        nothing = (ExpectedOrder(remote_id or "", ""),)
        result = run_flow(
            lambda: hook(request=OpenRequestQuery(remote_id), service=service),
            CancelRequestList,
            connection.client,
            _ReadJournal(),
            AnswerVerifier(connection.identified_by, nothing),
            FlowOptions(watchdog=Watchdog(), integration=connection.integration.slug),
        )
        match result.outcome:
            case CancelRequestList(requests):
                return tuple(one for one in requests if remote_id in (None, one.remote_id))
            case Answer(message=message) | TransportLoss(message=message) | PluginFailure(message):
                text = f"the requests to cancel cannot be listed: {message or 'the service does not say why'}"
                raise PluginError(connection.redactor.redact_text(text), location=f"connection {connection.name!r}")
            case _:
                raise AssertionError("a flow ends with what it is asked for")


def can_list(connection: Connection) -> bool:
    """Whether the open requests of a connection can be listed."""
    return bool(connection.plugin.manager.hook.orderdesk_list_cancel_requests.get_hookimpls())
