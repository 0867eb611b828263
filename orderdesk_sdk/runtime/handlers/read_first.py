"""Handling cases whose flow polls first: it is result anew each time, and the case stands where it ended."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Generic, TypeVar

from attrs import frozen

from orderdesk_sdk.cases.answer_verification import AnswerVerifier, ExpectedOrder
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.evidence import Evidence, EvidenceKind
from orderdesk_sdk.cases.exchange import Exchange, Intent, TransportLoss
from orderdesk_sdk.cases.policy import read_first
from orderdesk_sdk.cases.policy.deadlines import RETRY_POLICY
from orderdesk_sdk.cases.policy.read_first import NoResult
from orderdesk_sdk.cases.state_machine import Event, EventKind, transition
from orderdesk_sdk.errors import InvalidStateError, OrderDeskError, StorageError
from orderdesk_sdk.orders.store_by_id import OrderStoreById
from orderdesk_sdk.plugin.answer import Answer, Outcome
from orderdesk_sdk.plugin.guard import Watchdog
from orderdesk_sdk.plugin.requests import RespondRequest, ResubmitRequest, StatusChangeRequest
from orderdesk_sdk.plugin.routes import Batch
from orderdesk_sdk.runtime.connections import Connection, Connections
from orderdesk_sdk.runtime.context import LEASE, ContextLoader
from orderdesk_sdk.runtime.flow_options import FlowOptions
from orderdesk_sdk.runtime.flow_runner import FlowResult, PluginFailure, run_flow
from orderdesk_sdk.runtime.guarded_journal import GuardedJournal, SendRules, proves_not_processed
from orderdesk_sdk.runtime.journal import SendCondition

__all__ = ["ReadFirstHandler"]

C = TypeVar("C", bound=Case)
R = TypeVar("R", ResubmitRequest, StatusChangeRequest, RespondRequest)
T = TypeVar("T")
K = TypeVar("K")


@frozen
class _Run(Generic[C, K]):
    """One run of a case's flow.

    Args:
        case: as it was read.
        sending: as it is once the run has it.
        opening: its event.
        context: what the request is built from.
        polls: nothing is sent.
        person: who decided that it is sent again.
        unknown: the attempts that sent a request which may have had an effect; empty where each provably did nothing.
    """

    case: C
    sending: C
    opening: Event
    context: K
    polls: bool
    person: str | None
    unknown: AbstractSet[int]


class ReadFirstHandler(ABC, Generic[C, R, T, K]):
    """Handles cases of one kind: C by requests R, with a context K, whose flows end with T.

    A case of unknown fate is driven again, and its flow must look before it sends. What comes to nothing is tried
    again as `RETRY_POLICY` says, like a cancel; then a named person has it.
    """

    kind: type[C]
    result_type: type[T]
    find_out_hint: str
    """What a person does where the outcome of a request is unknown, and the flow cannot poll it."""

    def __init__(self, loader: ContextLoader, order_store: OrderStoreById, connections: Connections) -> None:
        self._loader = loader
        self._ledger = loader.ledger
        self._order_store = order_store
        self._connections = connections
        self._clock = loader.clock

    @abstractmethod
    def start_flow(self, request: R, connection: Connection, now: datetime) -> object:
        """The plugin's flow for a request."""

    @abstractmethod
    def read(self, case: C) -> K:
        """What a request is run of. Read once and passed on; raises what keeps it from being read."""

    @abstractmethod
    def build_request(self, case: C, context: K, *, may_exist: bool) -> R:
        """What is asked for.

        Raises ValidationError where it never can be asked for, another OrderDeskError where it cannot be now.

        Args:
            may_exist: an earlier request may have worked, so the flow must look before it sends.
        """

    @abstractmethod
    def why_blocked(self, context: K) -> str | None:
        """Why nothing more may be sent, although what was sent must be found; None where sending is allowed."""

    def send_condition(self, case: C) -> SendCondition | None:  # noqa: ARG002 - for those that have something to ask
        """What is asked again before each write; None: nothing."""
        return None

    @abstractmethod
    def description(self, case: C) -> str:
        """What is about to be done, for the history."""

    @abstractmethod
    def settle_by_result(
        self, sending_case: C, outcome: T | Answer, evidence: Evidence | None, now: datetime, *, may_have_sent: bool
    ) -> Event | None:
        """The event of an outcome that settles it; None for any other.

        Args:
            may_have_sent: one of our requests may have.
        """

    @abstractmethod
    def save_confirmed(self, case: C, by: str) -> None:
        """Keep in the host what a person says has been done. Raises what keeps the host from it."""

    def due_in_time(self, case: C, event: Event) -> Event:  # noqa: ARG002 - for those that have a deadline
        """An event by which the case is due again, no later than what it is about allows."""
        return event

    def handle(self, case: C, watchdog: Watchdog, context: K | None = None) -> C:
        """Do what is due; the case as it is then.

        Args:
            context: what was read just now; None reads it.
        """
        unknown = self._attempts_of_unknown_outcome(case)
        polls = case.state is State.ACTION_REQUIRED
        if polls and not unknown:  # It is a person's to do, so there is nothing to find.
            return self._loader.apply(case, self.due_in_time(case, read_first.after_poll(case, self._clock.now())))
        return self._run(case, watchdog, unknown, context, polls=polls)

    def handle_batch(self, cases: Sequence[C], watchdog: Watchdog) -> None:
        for case in cases:
            self.handle(case, watchdog)

    def poll(self, case: C, watchdog: Watchdog) -> C:
        self._require_idle(case)
        return self._run(case, watchdog, self._attempts_of_unknown_outcome(case), polls=True, raises=True)

    def retry(self, case: C, watchdog: Watchdog, by: str) -> C:
        self._require_idle(case)
        return self._run(case, watchdog, self._attempts_of_unknown_outcome(case), person=by, raises=True)

    def abandon(self, case_id: str, reason: str) -> C:
        case = self._ledger.case(case_id, self.kind)
        if not case.is_open:  # Another process has settled it meanwhile.
            return case
        unsure = bool(self._attempts_of_unknown_outcome(case))
        event = read_first.after_plugin_error(
            case, reason, self._clock.now(), may_exist=unsure, find_out_hint=self.find_out_hint
        )
        return self._loader.apply(case, self.due_in_time(case, event))

    def before_verdict(self, case: C, event: Event) -> None:
        if event.kind is EventKind.DONE and case.is_open:
            self.save_confirmed(case, event.person or "")
        if event.kind is EventKind.WITHDRAWN and (
            case.state is State.SENDING or self._attempts_of_unknown_outcome(case)
        ):
            raise InvalidStateError(
                "the case cannot be withdrawn: a request was sent already",
                location=case.id,
                hint="find out at the service, then confirm or reject the case",
            )

    def batch_key(self, case: C) -> Batch | None:  # noqa: ARG002 - each of them is asked for by itself
        return None

    def batches(self, connection: str, batch: Batch) -> Sequence[Sequence[C]]:  # noqa: ARG002 - there are none
        return ()

    def _run(
        self,
        case: C,
        watchdog: Watchdog,
        unknown: AbstractSet[int],
        context: K | None = None,
        *,
        polls: bool = False,
        person: str | None = None,
        raises: bool = False,
    ) -> C:
        """Drive the flow and write down what came of it.

        Args:
            raises: what keeps it from being result is raised.
        """
        now = self._clock.now()
        must_poll = bool(unknown) and person is None
        try:
            connection = self._connections.get(case.connection)
            context = self.read(case) if context is None else context
            request = self.build_request(case, context, may_exist=must_poll)
        except OrderDeskError as error:
            if raises:
                raise
            event = (
                read_first.after_poll(case, now) if polls else self._after_connection_error(case, error, now, unknown)
            )
            return self._loader.apply(case, self.due_in_time(case, event))
        begins = EventKind.RESUMED if case.state is State.SENDING else EventKind.SEND_STARTED
        kind = EventKind.POLL_STARTED if polls else begins
        due = now + LEASE
        give_up = now + RETRY_POLICY.give_up_after if person is not None else None
        opening = Event(kind, now, due_at=due, deadline=give_up, person=person)
        drive = _Run(case, transition(case, opening).case, opening, context, polls, person, unknown)
        return self._finish(drive, connection, request, watchdog)

    def _finish(self, run: _Run[C, K], connection: Connection, request: R, watchdog: Watchdog) -> C:
        case, unknown = run.case, run.unknown
        entry = "Polling for the outcome" if run.polls else self.description(case)
        entry += "" if run.person is None else f" again, as {run.person} decided"
        against = self._why_not_sent(run)
        sent, began = self._sent_intents(case, unknown)
        second = SendRules(against, must_poll_first=bool(unknown) and run.person is None, repeatable_intents=sent)
        journal = GuardedJournal(
            self._ledger, case, run.sending, (entry, run.opening), self.send_condition(case), second
        )
        result = run_flow(
            lambda: self.start_flow(request, connection, began or run.opening.at),
            self.result_type,
            connection.client,
            journal,
            AnswerVerifier(connection.identified_by, (ExpectedOrder.from_request(request),)),
            FlowOptions(watchdog=watchdog, started_at=case.updated_at, integration=case.integration),
        )
        outcome = result.outcome
        is_held = (
            isinstance(outcome, TransportLoss) and outcome.withheld and (against is not None or journal.request_changed)
        )
        is_blind = (
            isinstance(outcome, Answer)
            and outcome.outcome in (Outcome.UNKNOWN, Outcome.REJECTED)
            and not journal.has_sent
        )
        event = self._event(run, result, connection, journal)
        now = self._clock.now()
        if run.polls and event.due_at is not None:
            event = read_first.after_poll(case, now)
        elif is_held or (is_blind and event.due_at is not None):
            # Nothing more is sent, or the flow cannot find out: asking it every few minutes would tell no more.
            event = read_first.escalate(NoResult(event.message, event.hint), now, find_out_hint=self.find_out_hint)
        event = self.due_in_time(case, event)
        after = journal.finish(transition(run.sending, event), event)
        self._loader.notify_listeners(after, event)
        return after

    def _why_not_sent(self, run: _Run[C, K]) -> str | None:
        if run.polls:
            return "Polling only; nothing is sent"
        if not run.unknown or run.person is not None:
            return None
        if len(run.unknown) > RETRY_POLICY.max_retries:
            return f"The request was sent {len(run.unknown)} times with unknown outcome; the service does not show it"
        return self.why_blocked(run.context)

    def _event(self, run: _Run[C, K], result: FlowResult[T], connection: Connection, journal: GuardedJournal) -> Event:
        now, hint = self._clock.now(), self.find_out_hint
        sent = journal.may_have_acted or bool(run.unknown)
        match result.outcome:
            case TransportLoss(message=text, retry_after=pause, not_today=not_today):
                why = NoResult(text, retry_after=pause, not_today=not_today)
                return read_first.after_no_result(run.sending, why, now, may_exist=sent, find_out_hint=hint)
            case PluginFailure(text):
                fault = connection.redactor.redact_text(text)
                return read_first.after_plugin_error(run.sending, fault, now, may_exist=sent, find_out_hint=hint)
            case outcome:
                return self._event_of_result(run, outcome, journal, has_written=result.may_have_written)

    def _event_of_result(
        self, run: _Run[C, K], outcome: T | Answer, journal: GuardedJournal, *, has_written: bool
    ) -> Event:
        now, hint = self._clock.now(), self.find_out_hint
        sent = journal.may_have_acted or bool(run.unknown)
        evidence = _evidence(run.sending, outcome, journal)
        try:
            settled = self.settle_by_result(run.sending, outcome, evidence, now, may_have_sent=sent)
        except StorageError:
            raise
        except OrderDeskError as error:
            # It is done there, and cannot be kept here: not a second time, but by a person.
            text = f"The service has done it, and the result could not be recorded: {error}"
            return read_first.escalate(NoResult(text, error.hint), now, find_out_hint=hint)
        if settled is not None:
            return settled
        if not isinstance(outcome, Answer):
            fault = f"the flow ended with {type(outcome).__name__}"
            return read_first.after_plugin_error(run.sending, fault, now, may_exist=sent, find_out_hint=hint)
        return read_first.after_answer(
            run.sending,
            outcome,
            evidence,
            now,
            may_exist=bool(run.unknown),
            has_written=has_written,
            find_out_hint=hint,
        )

    def _after_connection_error(
        self, case: C, error: OrderDeskError, now: datetime, unknown: AbstractSet[int]
    ) -> Event:
        return read_first.after_connection_error(
            case, error, now, may_exist=bool(unknown), find_out_hint=self.find_out_hint
        )

    def _require_idle(self, case: C) -> None:
        if not case.is_open:
            raise InvalidStateError(f"the case is settled: {case.state.value}", location=case.id)
        if case.state is State.SENDING:
            raise InvalidStateError(
                "a request may be on its way", location=case.id, hint="wait until the attempt has ended"
            )

    def _attempts_of_unknown_outcome(self, case: C) -> AbstractSet[int]:
        """The attempts that sent a request which may have had an effect; empty where each provably did nothing."""
        if case.attempt == 0:
            return frozenset()
        sent: set[tuple[int, int]] = set()
        for entry in self._ledger.history(case.id):
            match entry.content:
                case Intent(read_only=False, number=number):
                    sent.add((entry.attempt, number))
                case Exchange(intent=Intent(number=number)) as exchange if proves_not_processed(exchange):
                    sent.discard((entry.attempt, number))
        return frozenset(attempt for attempt, _ in sent)

    def _sent_intents(self, case: C, unknown: AbstractSet[int]) -> tuple[tuple[Intent, ...], datetime | None]:
        """The requests of these attempts that may have had an effect, and when the first of the attempts began.

        A flow that makes them again is told the same time, so that it makes the same ones.
        """
        mine = [entry for entry in self._ledger.history(case.id) if entry.attempt in unknown] if unknown else []
        writes = [one.content for one in mine if isinstance(one.content, Intent) and not one.content.read_only]
        return tuple(writes), mine[0].at if mine else None


def _evidence(sending: Case, outcome: object, journal: GuardedJournal) -> Evidence | None:
    """What an outcome rests on: the response that an answer names, else the last one; None where there is none."""
    named = outcome.exchange if isinstance(outcome, Answer) else max(journal.answered, default=None)
    exchange = journal.answered.get(named) if named is not None else None
    if exchange is None:
        return None
    kind = EvidenceKind.POLLED_STATUS if exchange.intent.read_only else EvidenceKind.RESPONSE
    unidentified = outcome.unidentified_reason if isinstance(outcome, Answer) else None
    return Evidence(kind, attempt=sending.attempt, exchange=named, no_order_number_reason=unidentified)
