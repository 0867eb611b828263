"""Asks services whether they would cancel an order, and with which reasons: read, kept in the ledger, nothing sent."""

from __future__ import annotations

from datetime import datetime

from attrs import evolve

from orderdesk_sdk.cases.answer_verification import AnswerVerifier, ExpectedOrder
from orderdesk_sdk.cases.eligibility import (
    EligibilityReading,
    EligibilityReadings,
    UnreadEligibility,
    eligibility_rule,
    eligibility_state,
    reads_reasons,
)
from orderdesk_sdk.cases.exchange import Exchange, Intent, TransportLoss
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import OrderDeskError, PluginError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.eligibility import Eligibility
from orderdesk_sdk.plugin.guard import MAX_MESSAGE_LENGTH, PluginFailure, Watchdog, raise_for_failure
from orderdesk_sdk.plugin.reasons import ReasonList
from orderdesk_sdk.plugin.requests import EligibilityRequest
from orderdesk_sdk.plugin.routes import Route
from orderdesk_sdk.plugin.validation import redact_reasons
from orderdesk_sdk.runtime.connections import Connection, Connections
from orderdesk_sdk.transport.redaction import Redactor

__all__ = ["EligibilityJournal", "EligibilityReader", "UnreadEligibilityError", "can_read_eligibility"]

_HOOK = "orderdesk_read_eligibility"


class UnreadEligibilityError(OrderDeskError):
    """Ask again later: the service did not say whether it would cancel the order; `unread` is what it said instead."""

    def __init__(self, unread: UnreadEligibility, location: str) -> None:
        super().__init__(unread.message, location=location, hint=unread.hint or "ask again later")
        self.unread = unread


class EligibilityJournal:
    """The journal of a reading: what was said is kept with it."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.is_about_order = False

    def record_intent(self, intent: Intent) -> None:
        """Let a read leave. Raises PluginError for a request that may change something."""
        if not intent.read_only:
            raise PluginError(
                f"{_HOOK} only reads, and would send {intent.method}",
                hint="declare a query that is sent by POST with read_only=True",
            )

    def record_exchange(self, exchange: Exchange, *, is_about_order: bool = True) -> None:
        """Keep what was said."""
        self.exchanges.append(exchange)
        self.is_about_order = self.is_about_order or (is_about_order and exchange.failure is None)

    def record_steps(self, exchange: Exchange) -> None:
        """A reading has no steps."""

    def save_late(self) -> None:
        """Nothing is kept."""


class EligibilityReader:
    """Reads what services say of orders. Safe from many threads."""

    def __init__(self, records: EligibilityReadings, connections: Connections, clock: Clock) -> None:
        self._records = records
        self._connections = connections
        self._clock = clock

    def read(self, connection: Connection, order: Order, remote_order: RemoteOrder, *, by: str) -> EligibilityReading:
        """Ask the service now; the reading, which is in the ledger then.

        Raises UnreadEligibilityError where the service does not say it, PluginError for a plugin that fails.
        """
        name = connection.name
        found = self._connections.bulkhead(name).run_isolated(
            lambda: self._run(connection, order, remote_order, by), connection.redactor.redact_text
        )
        reading = raise_for_failure(found, "the service cannot be asked", location=f"connection {name!r}")
        self._records.record_eligibility(reading)
        return reading

    def needs_reading(self, route: Route, reason: str | None, order: Order, remote_order: RemoteOrder) -> bool:
        """Whether the service must be asked which reasons it takes before a route is taken with this reason."""
        rule, reasons = eligibility_rule(route), route.reasons
        if rule is None or not reads_reasons(route) or not isinstance(reasons, ReasonList):
            return False
        if not (reasons.required or (reason and reason.strip())):
            return False
        reading = self._records.eligibility_readings(order.id).get(remote_order.connection)
        return eligibility_state(rule, reading, remote_order, self._clock.now()).reasons is None

    def reading_at(self, order: Order, remote_order: RemoteOrder, at: datetime) -> EligibilityReading | None:
        """The newest reading that there was at a moment, however old; None: there was none."""
        return self._records.eligibility_readings(order.id, until=at).get(remote_order.connection)

    def _run(
        self, connection: Connection, order: Order, remote_order: RemoteOrder, by: str
    ) -> EligibilityReading | OrderDeskError:
        """The reading, or why there is none: an error that is raised here would lose its kind at the guard."""
        from orderdesk_sdk.runtime.flow_options import FlowOptions  # What only plans needs neither.
        from orderdesk_sdk.runtime.flow_runner import run_flow

        now = self._clock.now()
        service, hook = connection.service(now), connection.plugin.manager.hook.orderdesk_read_eligibility
        journal = EligibilityJournal()
        expected = ExpectedOrder(remote_order.remote_id, order.number)
        result = run_flow(
            lambda: hook(request=EligibilityRequest(order, remote_order), service=service),
            Eligibility,
            connection.client,
            journal,
            AnswerVerifier(connection.identified_by, (expected,)),
            FlowOptions(watchdog=Watchdog(), integration=connection.integration.slug),
        )
        location = f"connection {connection.name!r}"
        match result.outcome:
            case Eligibility() as eligibility if journal.is_about_order:
                said = _redacted(eligibility, connection.redactor)
                exchanges = tuple(journal.exchanges)
                return EligibilityReading(order.id, connection.name, remote_order.remote_id, now, by, said, exchanges)
            case Eligibility():
                return PluginError(f"{_HOOK} read no response that is about order {order.number}", location=location)
            case (Answer() | TransportLoss()) as said:
                return UnreadEligibilityError(_unread(said, connection.redactor), location)
            case PluginFailure(message):
                return PluginError(connection.redactor.redact_text(f"{_HOOK}: {message}"), location=location)
            case _:
                raise AssertionError("a flow ends with what it is asked for")


def can_read_eligibility(connection: Connection) -> bool:
    """Whether the service of a connection is asked about each order."""
    return any(eligibility_rule(route) is not None for route in connection.integration.cancel)


def _unread(said: Answer | TransportLoss, redactor: Redactor) -> UnreadEligibility:
    text = f"the service did not say whether it would cancel: {said.message or 'it does not say why'}"
    hint = said.hint if isinstance(said, Answer) else None
    return UnreadEligibility(
        redactor.redact_text(text),
        hint=None if hint is None else redactor.redact_text(hint),
        retry_after=said.retry_after,
        not_today=isinstance(said, TransportLoss) and said.not_today,
    )


def _redacted(eligibility: Eligibility, redactor: Redactor) -> Eligibility:
    """A reading without secrets and of bounded length: its words are the service's own."""

    def words(text: str) -> str:
        return redactor.redact_text(text)[:MAX_MESSAGE_LENGTH]

    message = None if eligibility.message is None else words(eligibility.message)
    return evolve(eligibility, reasons=redact_reasons(eligibility.reasons, words), message=message)
