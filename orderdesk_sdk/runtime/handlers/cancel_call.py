"""Asking: a case's present route is taken, once, by itself or with others that its service takes in one call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from attrs import evolve, frozen

from orderdesk_sdk.cases.answer_verification import AnswerVerifier, ExpectedOrder
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Certainty, Exchange, Intent, TransportLoss
from orderdesk_sdk.cases.policy import failures, requesting
from orderdesk_sdk.cases.policy.events import escalate
from orderdesk_sdk.cases.policy.withdrawal import rejection_with_steps
from orderdesk_sdk.cases.prior_steps import results_of_attempt, unsettled_writes
from orderdesk_sdk.cases.side_effects import requested_steps
from orderdesk_sdk.cases.state_machine import Event, EventKind, transition
from orderdesk_sdk.cases.validation import validate_lines
from orderdesk_sdk.cases.windows import window_state
from orderdesk_sdk.cases.wording import NO_SUBMISSION
from orderdesk_sdk.errors import ConfigurationError, ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.plugin.answer import Answer, Answers
from orderdesk_sdk.plugin.guard import Watchdog
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.routes import Button, Email
from orderdesk_sdk.plugin.url_paths import number_error
from orderdesk_sdk.runtime.batch_answers import with_answer_count
from orderdesk_sdk.runtime.cancellation_opening import CancellationOpening, OpeningJournal
from orderdesk_sdk.runtime.connections import Connection
from orderdesk_sdk.runtime.context import LEASE, CaseContext, ContextLoader
from orderdesk_sdk.runtime.flow_options import FlowOptions
from orderdesk_sdk.runtime.flow_record import RecordedExchanges, RequestWithheldError
from orderdesk_sdk.runtime.flow_runner import FlowResult, PluginFailure, run_flow
from orderdesk_sdk.runtime.handlers.email import CancellationEmail, message_id_of
from orderdesk_sdk.runtime.journal import BatchJournal, CaseJournal, JournalEntry, JournalResult, SendCondition
from orderdesk_sdk.runtime.step_log import RouteSteps, route_steps
from orderdesk_sdk.runtime.unresolved_request import unresolved_request
from orderdesk_sdk.transport.redaction import redact_answer

__all__ = ["CancelCall"]


@frozen
class PreparedCall:
    """A case that is about to be asked for: before and with the claim, and what is asked."""

    case: CancelCase
    sending: CancelCase
    request: CancelRequest
    context: CaseContext
    started_at: datetime
    opening_entries: tuple[Event | str, ...]
    send_condition: SendCondition
    recorded: RecordedExchanges


class CancelCall:
    """Sends what cases ask for, and settles what a dead process left half sent."""

    def __init__(self, loader: ContextLoader, email: CancellationEmail) -> None:
        self._loader = loader
        self._email = email

    def send(
        self,
        case: CancelCase,
        connection: Connection,
        context: CaseContext,
        watchdog: Watchdog,
        *,
        person: str | None = None,
        opening: CancellationOpening | None = None,
    ) -> CancelCase:
        """Take the case's present route.

        Args:
            person: who decided that the request is to be sent again.
            opening: of the case's cancellation, where that is yet to be recorded.
        """
        route = connection.route(case.route)
        if isinstance(route, Button) and route.batch is not None:
            return self.send_batch([(case, context)], connection, watchdog, person=person)[0]
        asked = self._prepare(case, connection, context, person, opening)
        if isinstance(asked, CancelCase):
            return asked
        journal = self._journal(asked, opening)
        if isinstance(route, Email):
            return self._send_email(asked, connection, route, journal)
        hook = connection.plugin.manager.hook.orderdesk_cancel
        driven = run_flow(
            lambda: hook(request=asked.request, service=connection.service(asked.started_at)),
            Answer,
            connection.client,
            journal,
            _verifier(connection, asked.request),
            FlowOptions(
                asked.recorded,
                watchdog,
                case.updated_at,
                case.integration,
                route.label,
                self._route_steps(connection, asked.request, asked.sending),
            ),
        )
        return self._finish(asked.sending, connection, context.remote_order, journal, driven)

    def _journal(self, asked: PreparedCall, opening: CancellationOpening | None) -> CaseJournal:
        if opening is not None:
            return OpeningJournal(opening, asked.sending, asked.opening_entries, asked.send_condition)
        return CaseJournal(self._loader.ledger, asked.case, asked.sending, asked.opening_entries, asked.send_condition)

    def send_batch(
        self,
        cases_with_context: Sequence[tuple[CancelCase, CaseContext]],
        connection: Connection,
        watchdog: Watchdog,
        *,
        person: str | None = None,
    ) -> tuple[CancelCase, ...]:
        """Ask for several cases by one flow; each settles by its own answer. In the order given.

        One whose earlier request may have worked is asked by itself: what is sent again is the same request.
        """
        before = [case.id for case, _ in cases_with_context if case.last_sent_at is not None]
        if not before or len(cases_with_context) == 1:
            return self._send_group(cases_with_context, connection, watchdog, person)
        after: dict[str, CancelCase] = {}
        for case, context in cases_with_context:
            if case.id in before:
                (after[case.id],) = self._send_group([(case, context)], connection, watchdog, None)
        rest = [(case, context) for case, context in cases_with_context if case.id not in before]
        if rest:
            asked = self._send_group(rest, connection, watchdog, None)
            after |= {case.id: asked_case for (case, _), asked_case in zip(rest, asked, strict=True)}
        return tuple(after[case.id] for case, _ in cases_with_context)

    def _send_group(
        self,
        cases_with_context: Sequence[tuple[CancelCase, CaseContext]],
        connection: Connection,
        watchdog: Watchdog,
        person: str | None,
    ) -> tuple[CancelCase, ...]:
        prepared = [self._prepare(case, connection, known, person) for case, known in cases_with_context]
        group = [asked for asked in prepared if isinstance(asked, PreparedCall)]
        after = {asked.id: asked for asked in prepared if isinstance(asked, CancelCase)}
        if not group:
            return tuple(after[case.id] for case, _ in cases_with_context)
        parts = [
            JournalEntry(asked.case, asked.sending, asked.opening_entries, asked.send_condition) for asked in group
        ]
        journal = BatchJournal(self._loader.ledger, parts)
        requests = tuple(asked.request for asked in group)
        service = connection.service(group[0].started_at)
        hook = connection.plugin.manager.hook.orderdesk_cancel_many
        # Of several none was asked before; a single one is asked again by itself only.
        latest = max(asked.case.updated_at for asked in group)
        first = group[0].case
        label = connection.route(first.route).label
        options = FlowOptions(group[0].recorded, watchdog, latest, first.integration, label)
        driven = run_flow(
            lambda: with_answer_count(hook(requests=requests, service=service), len(requests)),
            Answers,
            connection.client,
            journal,
            _verifier(connection, *requests),
            options,
        )
        results = self._results(group, connection, driven)
        for result, case in zip(results, journal.finish_all(results), strict=True):
            assert isinstance(case, CancelCase)
            after[case.id] = case
            for event in result.entries:
                assert isinstance(event, Event)
                self._loader.notify_listeners(case, event)
        return tuple(after[case.id] for case, _ in cases_with_context)

    def resume(
        self, case: CancelCase, connection: Connection, remote_order: RemoteOrder, watchdog: Watchdog
    ) -> CancelCase:
        """The sending process is gone: go on from the record, never past a write of unknown fate."""
        now = self._loader.clock.now()
        entries = self._loader.attempt_entries(case)
        route = connection.route(case.route)
        if isinstance(route, Email):
            identity = next(message_id_of(entry) for entry in entries if isinstance(entry, Intent))
            text = "The process ended while the e-mail was being sent"
            return self._loader.apply(case, failures.after_email_loss(case, text, identity, now))
        if (isinstance(route, Button) and route.batch is not None) or self._loader.cart_blocked_by(case) is not None:
            return self._settle_without_replay(case, connection, entries)
        began = next(
            (entry.at for entry in entries if isinstance(entry, Event) and entry.kind is EventKind.SEND_STARTED), now
        )
        event = Event(EventKind.RESUMED, now, due_at=now + LEASE)
        resumed = transition(case, event).case
        context = self._loader.load(case, remote_order)
        hold = self._send_condition(case, connection, context)
        journal = CaseJournal(self._loader.ledger, case, resumed, (event,), hold)
        request, label = self._loader.cancel_request(case, connection, context, began), route.label
        hook = connection.plugin.manager.hook.orderdesk_cancel
        driven = run_flow(
            lambda: hook(request=request, service=connection.service(began)),
            Answer,
            connection.client,
            journal,
            _verifier(connection, request),
            FlowOptions(
                _recorded(entries),
                watchdog,
                case.updated_at,
                case.integration,
                label,
                self._route_steps(connection, request, resumed),
            ),
        )
        return self._finish(resumed, connection, remote_order, journal, driven)

    def _settle_without_replay(self, case: CancelCase, connection: Connection, entries: Sequence[object]) -> CancelCase:
        """Settle a half-sent case whose flow is not driven again, by what its attempt has recorded."""
        # The others of the group may be elsewhere by now, so its flow cannot be driven again: it is polled. And
        # a cart is told no more once the order goes on somewhere.
        writes = unsettled_writes(entries)
        certainty = Certainty.UNKNOWN if writes else Certainty.NOT_SENT
        repeatable = all(intent.idempotent for intent in writes)
        loss = TransportLoss(certainty, "The process ended while the request was being sent", repeatable)
        event = failures.after_loss(case, connection.integration, loss, self._loader.clock.now())
        return self._loader.apply(case, evolve(event, steps=results_of_attempt(case.attempt, entries)))

    def _prepare(
        self,
        case: CancelCase,
        connection: Connection,
        context: CaseContext,
        person: str | None,
        opening: CancellationOpening | None = None,
    ) -> PreparedCall | CancelCase:
        """What is needed to ask; or the case as it is where something keeps it from being asked."""
        now = self._loader.clock.now()
        integration = connection.integration
        vetoed, notes = self._loader.apply_veto(case, context)
        if vetoed is not None:
            return vetoed
        # What is sent again is the same request, and a flow that is driven again is told the same time.
        before = self._loader.ledger.history(case.id) if case.last_sent_at is not None else ()
        sent = unresolved_request(before, is_whole_order=not context.cancellation.lines)
        at, recorded = (sent.started_at, sent.recorded) if sent is not None else (now, RecordedExchanges())
        try:
            fault = number_error(case.remote_id, integration.remote_id_format)
            if fault is not None:
                hint = "cancel the order in the service's own portal, then confirm or reject this case"
                raise ValidationError(fault, hint=hint)
            validate_lines(context.order, context.cancellation.lines)
            request = self._loader.cancel_request(case, connection, context, at)
        except ValidationError as error:
            if opening is not None:
                opening.require_recorded()
            return self._loader.apply(case, escalate(case, now, error.message, error.hint), *notes)
        route = connection.route(case.route)
        if isinstance(route, Button) and route.needs_submission and request.submitted_order is None:
            notes = (*notes, NO_SUBMISSION)
        if sent is None:
            notes = (*notes, *self._loader.eligibility_notes(case, connection, context))
        event = Event(EventKind.SEND_STARTED, now, due_at=now + LEASE, person=person, idempotent=True)
        hold = self._send_condition(case, connection, context, person)
        return PreparedCall(case, transition(case, event).case, request, context, at, (*notes, event), hold, recorded)

    def _send_condition(
        self, case: CancelCase, connection: Connection, context: CaseContext, person: str | None = None
    ) -> SendCondition:
        """What is asked again before each write: a flow may read, or wait for the rate limit, for minutes."""
        window = connection.route(case.route).window
        last_sent_at = case.previously_sent_at if case.state is State.SENDING else case.last_sent_at

        def why() -> str | None:
            first = self._loader.cart_blocked_by(case)
            if first is not None:
                return first.message
            against = self._loader.other_veto(case, context) if last_sent_at is None else None
            if against is not None:
                return against
            closed = (
                None
                if person is not None
                else window_state(window, context.remote_order, self._loader.clock.now()).closed_reason
            )
            return f"The request was held back: {closed}" if closed else None

        return SendCondition(why, case.order_id if case.role is ConnectionRole.CART else None)

    def _route_steps(self, connection: Connection, request: CancelRequest, sending_case: CancelCase) -> RouteSteps:
        """What is known of a route's prior steps, by what the case has done before."""
        history = self._loader.ledger.history(sending_case.id) if sending_case.steps else ()
        route = connection.route(sending_case.route)
        requested = requested_steps(connection.integration, route, request.side_effects)
        return route_steps(route, requested, sending_case, history)

    def _finish(
        self,
        sending_case: CancelCase,
        connection: Connection,
        remote_order: RemoteOrder,
        journal: CaseJournal,
        result: FlowResult[Answer],
    ) -> CancelCase:
        event = self._event(sending_case, connection, remote_order, result, result.outcome)
        if result.steps:
            event = evolve(event, steps=result.steps, only_steps=not result.may_have_written)
        event = rejection_with_steps(sending_case, event, connection.integration)
        after = journal.finish(transition(sending_case, event), event)
        self._loader.notify_listeners(after, event)
        return after

    def _results(
        self, group: Sequence[PreparedCall], connection: Connection, result: FlowResult[Answers]
    ) -> tuple[JournalResult, ...]:
        outcomes: Sequence[Answer | TransportLoss | PluginFailure]
        match result.outcome:
            case Answers(answers):
                outcomes = [redact_answer(answer, connection.redactor) for answer in answers]
            case Answer() | TransportLoss() | PluginFailure():
                outcomes = [result.outcome] * len(group)
            case _:
                assert_never(result.outcome)
        results = []
        for asked, outcome in zip(group, outcomes, strict=True):
            event = self._event(asked.sending, connection, asked.context.remote_order, result, outcome)
            event = rejection_with_steps(asked.sending, event, connection.integration)
            change = transition(asked.sending, event)
            results.append(JournalResult(change.case, (event,), change.order_events))
        return tuple(results)

    def _event(
        self,
        sending_case: CancelCase,
        connection: Connection,
        remote_order: RemoteOrder,
        result: FlowResult[Answer] | FlowResult[Answers],
        outcome: Answer | TransportLoss | PluginFailure,
    ) -> Event:
        now = self._loader.clock.now()
        integration = connection.integration
        idempotent = result.idempotent and result.may_have_written
        sent = sending_case if sending_case.idempotent is idempotent else evolve(sending_case, idempotent=idempotent)
        match outcome:
            case Answer() as answer:
                self._loader.save_service_status(sending_case, answer)
                return requesting.after_cancel(sent, integration, remote_order, answer, now)
            case TransportLoss() as loss:
                event = self._after_loss(sent, integration, loss, now)
                return requesting.due_before_window_closes(event, sent, integration, remote_order, now)
            case PluginFailure(text):
                return failures.after_plugin_error(sent, integration, text, now, may_have_sent=result.may_have_written)
            case _:
                assert_never(outcome)

    def _after_loss(self, sent_case: CancelCase, integration: Integration, loss: TransportLoss, now: datetime) -> Event:
        if loss.withheld and sent_case.retries > 0:
            # It was to be asked once more: what the first request did is as unknown as it was.
            loss = TransportLoss(Certainty.UNKNOWN, loss.message, idempotent=sent_case.idempotent)
        return failures.after_loss(sent_case, integration, loss, now)

    def _send_email(
        self, prepared: PreparedCall, connection: Connection, route: Email, journal: CaseJournal
    ) -> CancelCase:
        sending, context = prepared.sending, prepared.context
        try:
            mail = self._email.message_for(
                sending, route, connection.email_texts, context.cancellation, context.order, context.remote_order
            )
            event = self._email.send(sending, route, mail, journal, connection.redactor)
        except RequestWithheldError as held:
            loss = TransportLoss(Certainty.NOT_SENT, held.message, withheld=True)
            event = self._after_loss(sending, connection.integration, loss, self._loader.clock.now())
        except ConfigurationError as error:
            # Before a byte of the mail left: it is tried again until the configuration is repaired.
            event = failures.retry_later(sending, error.message, self._loader.clock.now(), error.hint)
        after = journal.finish(transition(sending, event), event)
        self._loader.notify_listeners(after, event)
        return after


def _verifier(connection: Connection, *requests: CancelRequest) -> AnswerVerifier:
    return AnswerVerifier(connection.identified_by, tuple(ExpectedOrder.from_request(request) for request in requests))


def _recorded(entries: Sequence[object]) -> RecordedExchanges:
    """What the entries of an attempt hold of its requests and responses."""
    exchanges = {entry.intent.number: entry for entry in entries if isinstance(entry, Exchange)}
    intents = {entry.number: entry for entry in entries if isinstance(entry, Intent)}
    return RecordedExchanges(intents | {number: one.intent for number, one in exchanges.items()}, exchanges)
