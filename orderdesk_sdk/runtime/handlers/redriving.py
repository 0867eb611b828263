"""Handling cases whose flow looks first: it is driven anew each time, and the case stands where it ended."""

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
from orderdesk_sdk.cases.policy import redriving
from orderdesk_sdk.cases.policy.deadlines import RETRY_POLICY
from orderdesk_sdk.cases.state_machine import Event, EventKind, transition
from orderdesk_sdk.errors import ConflictError, InvalidStateError, OrderDeskError, StorageError
from orderdesk_sdk.orders.store_by_id import OrderStoreById
from orderdesk_sdk.plugin.answer import Answer, Outcome
from orderdesk_sdk.plugin.guard import Watchdog
from orderdesk_sdk.plugin.requests import ResubmitRequest, StatusChangeRequest
from orderdesk_sdk.plugin.routes import Batch
from orderdesk_sdk.runtime.connections import Connection, Connections
from orderdesk_sdk.runtime.context import LEASE, ContextLoader
from orderdesk_sdk.runtime.flow_runner import FlowResult, PluginFailure, run_flow
from orderdesk_sdk.runtime.guarded_journal import GuardedJournal, SendRules, proves_not_processed
from orderdesk_sdk.runtime.journal import SendCondition

__all__ = ["RedrivingHandler"]

C = TypeVar("C", bound=Case)
R = TypeVar("R", ResubmitRequest, StatusChangeRequest)
T = TypeVar("T")
K = TypeVar("K")


@frozen
class _Drive(Generic[C, K]):
    """One drive of a case's flow. case: as it was read. sending: as it is once the drive has it. opening: its event.

    known: what its request is made of.

    looks: nothing is sent. person: who decided that it is sent again. unknown: the attempts that sent a request which
    may have had an effect; empty where each provably did nothing.
    """

    case: C
    sending: C
    opening: Event
    known: K
    looks: bool
    person: str | None
    unknown: AbstractSet[int]


class RedrivingHandler(ABC, Generic[C, R, T, K]):
    """Handles cases of one kind: C by requests R, made of what is known as K, whose flows end with T.

    A case of unknown fate is driven again, and its flow must look before it sends. What comes to nothing is tried
    again as `RETRY_POLICY` says, like a cancel; then a named person has it.
    """

    kind: type[C]
    result_type: type[T]
    find_out_hint: str
    """What a person does where nobody knows what a request did, and the flow cannot read it."""

    def __init__(self, book: ContextLoader, order_store: OrderStoreById, connections: Connections) -> None:
        self._book = book
        self._ledger = book.ledger
        self._order_store = order_store
        self._connections = connections
        self._clock = book.clock

    @abstractmethod
    def start_flow(self, request: R, connection: Connection, now: datetime) -> object:
        """The plugin's flow for a request."""

    @abstractmethod
    def read(self, case: C) -> K:
        """What a request is made of. Read once and passed on; raises what keeps it from being read."""

    @abstractmethod
    def build_request(self, case: C, known: K, *, may_exist: bool) -> R:
        """What is asked for. may_exist: an earlier request may have worked, so the flow must look before it sends.

        Raises ValidationError where it never can be asked for, another OrderDeskError where it cannot be now.
        """

    @abstractmethod
    def why_blocked(self, known: K) -> str | None:
        """Why nothing more may be sent, although what was sent must be found; None where nothing speaks against it."""

    def send_condition(self, case: C) -> SendCondition | None:  # noqa: ARG002 - for those that have something to ask
        """What is asked again before each write; None: nothing."""
        return None

    @abstractmethod
    def description(self, case: C) -> str:
        """What is about to be done, for the history."""

    @abstractmethod
    def settle_by_result(
        self, sending_case: C, outcome: T | Answer, proof: Evidence | None, now: datetime, *, may_have_sent: bool
    ) -> Event | None:
        """The event of an outcome that settles it; None for any other. may_have_sent: one of our requests may have."""

    @abstractmethod
    def save_confirmed(self, case: C, by: str) -> None:
        """Keep in the host what a person says has been done. Raises what keeps the host from it."""

    def handle(self, case: C, watch: Watchdog, known: K | None = None) -> C:
        """Do what is due; the case as it is then. known: what was read just now; None reads it."""
        unknown = self._attempts_of_unknown_outcome(case)
        looks = case.state is State.ACTION_REQUIRED
        if looks and not unknown:  # It is a person's to do, so there is nothing to find.
            return self._book.apply(case, redriving.after_look(case, self._clock.now()))
        return self._driven(case, watch, unknown, known, looks=looks)

    def handle_batch(self, cases: Sequence[C], watch: Watchdog) -> None:
        for case in cases:
            self.handle(case, watch)

    def poll(self, case: C, watch: Watchdog) -> C:
        self._require_idle(case)
        return self._driven(case, watch, self._attempts_of_unknown_outcome(case), looks=True, is_asked_for=True)

    def retry(self, case: C, watch: Watchdog, by: str) -> C:
        self._require_idle(case)
        return self._driven(case, watch, self._attempts_of_unknown_outcome(case), person=by, is_asked_for=True)

    def abandon(self, case_id: str, reason: str) -> C:
        case = self._ledger.case(case_id, self.kind)
        unsure = bool(self._attempts_of_unknown_outcome(case))
        event = redriving.after_failure(case, self._clock.now(), reason, unsure=unsure, find_out=self.find_out_hint)
        return self._book.apply(case, event)

    def before_verdict(self, case: C, event: Event) -> None:
        if event.kind is EventKind.DONE and case.is_open:
            self.save_confirmed(case, event.person or "")
        if event.kind is EventKind.WITHDRAWN and (
            case.state is State.SENDING or self._attempts_of_unknown_outcome(case)
        ):
            raise ConflictError(
                "it cannot be taken back: a request has already left us",
                location=case.id,
                hint="find out at the service, then confirm or refuse it",
            )

    def batch_key(self, case: C) -> Batch | None:  # noqa: ARG002 - each of them is asked for by itself
        return None

    def batches(self, connection: str, batch: Batch) -> Sequence[Sequence[C]]:  # noqa: ARG002 - there are none
        return ()

    def _driven(
        self,
        case: C,
        watch: Watchdog,
        unknown: AbstractSet[int],
        known: K | None = None,
        *,
        looks: bool = False,
        person: str | None = None,
        is_asked_for: bool = False,
    ) -> C:
        """Drive the flow and write down what came of it. is_asked_for: what keeps it from being driven is raised."""
        now = self._clock.now()
        must_look = bool(unknown) and person is None
        try:
            connection = self._connections.get(case.connection)
            known = self.read(case) if known is None else known
            request = self.build_request(case, known, may_exist=must_look)
        except OrderDeskError as error:
            if is_asked_for:
                raise
            event = redriving.after_look(case, now) if looks else self._not_begun(case, error, now, unknown)
            return self._book.apply(case, event)
        kind = (
            EventKind.POLL_STARTED
            if looks
            else EventKind.RESUMED
            if case.state is State.SENDING
            else EventKind.SEND_STARTED
        )
        due = now + LEASE
        give_up = now + RETRY_POLICY.give_up_after if person is not None else None
        opening = Event(kind, now, due_at=due, deadline=give_up, person=person)
        drive = _Drive(case, transition(case, opening).case, opening, known, looks, person, unknown)
        return self._finish(drive, connection, request, watch)

    def _finish(self, made: _Drive[C, K], connection: Connection, request: R, watch: Watchdog) -> C:
        case, unknown = made.case, made.unknown
        said = "looking what became of it" if made.looks else self.description(case)
        said += "" if made.person is None else f" again, as {made.person} decided"
        against = self._why_not_sent(made)
        sent, began = self._sent_intents(case, unknown)
        second = SendRules(against, must_poll_first=bool(unknown) and made.person is None, repeatable_intents=sent)
        journal = GuardedJournal(
            self._ledger, case, made.sending, (said, made.opening), self.send_condition(case), second
        )
        driven = run_flow(
            lambda: self.start_flow(request, connection, began or made.opening.at),
            self.result_type,
            connection.client,
            journal,
            AnswerVerifier(connection.identified_by, (ExpectedOrder.from_request(request),)),
            watchdog=watch,
            started_at=case.updated_at,
        )
        outcome = driven.outcome
        is_held = (
            isinstance(outcome, TransportLoss) and outcome.withheld and (against is not None or journal.request_changed)
        )
        is_blind = (
            isinstance(outcome, Answer)
            and outcome.outcome in (Outcome.UNKNOWN, Outcome.REJECTED)
            and not journal.has_sent
        )
        event = self._event(made, driven, connection, journal)
        now = self._clock.now()
        if made.looks and event.due_at is not None:
            event = redriving.after_look(case, now)
        elif is_held or (is_blind and event.due_at is not None):
            # Nothing more is sent, or the flow cannot find out: asking it every few minutes would tell no more.
            event = redriving.to_person(now, event.message, event.hint, find_out=self.find_out_hint)
        after = journal.finish(transition(made.sending, event), event)
        self._book.notify_listeners(after, event)
        return after

    def _why_not_sent(self, made: _Drive[C, K]) -> str | None:
        if made.looks:
            return "it is only read back"
        if not made.unknown or made.person is not None:
            return None
        if len(made.unknown) > RETRY_POLICY.max_retries:
            return f"it was sent {len(made.unknown)} times, nobody knows what became of it, and it is not found there"
        return self.why_blocked(made.known)

    def _event(
        self, made: _Drive[C, K], driven: FlowResult[T], connection: Connection, journal: GuardedJournal
    ) -> Event:
        now = self._clock.now()
        sending, unsure = made.sending, bool(made.unknown)
        sent = journal.may_have_acted or unsure
        find_out = self.find_out_hint
        match driven.outcome:
            case TransportLoss(message=text, retry_after=pause):
                return redriving.after_nothing(sending, now, text, unsure=sent, find_out=find_out, retry_after=pause)
            case PluginFailure(text):
                fault = connection.client.redactor.redact_text(text)
                return redriving.after_failure(sending, now, fault, unsure=sent, find_out=find_out)
            case outcome:
                pass
        proof = _proof(sending, outcome, journal)
        try:
            settled = self.settle_by_result(sending, outcome, proof, now, may_have_sent=sent)
        except StorageError:
            raise
        except OrderDeskError as error:
            # It is done there, and cannot be kept here: not a second time, but by a person.
            text = f"it is there, and could not be recorded: {error}"
            return redriving.to_person(now, text, error.hint, find_out=find_out)
        if settled is not None:
            return settled
        if not isinstance(outcome, Answer):
            fault = f"the flow ended with {type(outcome).__name__}"
            return redriving.after_failure(sending, now, fault, unsure=sent, find_out=find_out)
        if outcome.outcome is Outcome.REJECTED and not (
            unsure and (driven.may_have_written or outcome.exchange is None)
        ):
            refusal, words, remedy = outcome.rejection, outcome.message or "the service refused it", outcome.hint
            return Event(EventKind.REJECTED, now, rejection=refusal, message=words, hint=remedy, evidence=proof)
        # That a second request was refused says nothing of the first: the number may be taken by our own order. Nor
        # does a refusal without a look: what the order lacks now, it may have had then.
        unsure = unsure or outcome.outcome is not Outcome.NOT_PROCESSED
        return redriving.after_nothing(
            sending,
            now,
            outcome.message,
            outcome.hint,
            unsure=unsure,
            find_out=find_out,
            retry_after=outcome.retry_after,
        )

    def _not_begun(self, case: C, error: OrderDeskError, now: datetime, unknown: AbstractSet[int]) -> Event:
        return redriving.not_begun(case, error, now, unsure=bool(unknown), find_out=self.find_out_hint)

    def _require_idle(self, case: C) -> None:
        if not case.is_open:
            raise ConflictError(f"it is settled: {case.state.value}", location=case.id)
        if case.state is State.SENDING:
            raise InvalidStateError("a request may be on the wire right now", location=case.id, hint="wait for its end")

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


def _proof(sending: Case, outcome: object, journal: GuardedJournal) -> Evidence | None:
    """What an outcome rests on: the response that an answer names, else the last one; None where there is none."""
    named = outcome.exchange if isinstance(outcome, Answer) else max(journal.answered, default=None)
    exchange = journal.answered.get(named) if named is not None else None
    if exchange is None:
        return None
    kind = EvidenceKind.POLLED_STATUS if exchange.intent.read_only else EvidenceKind.RESPONSE
    unidentified = outcome.unidentified_reason if isinstance(outcome, Answer) else None
    return Evidence(kind, attempt=sending.attempt, exchange=named, no_order_number_reason=unidentified)
