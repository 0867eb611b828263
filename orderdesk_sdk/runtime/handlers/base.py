"""Running cases: the flow is driven, and what it ended with is where the case stands then."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Generic, TypeVar, assert_never

from attrs import evolve

from orderdesk_sdk.cases.answer_verification import AnswerVerifier, ExpectedOrder
from orderdesk_sdk.cases.errand import Errand, ErrandState
from orderdesk_sdk.cases.exchange import Exchange, Intent, TransportLoss
from orderdesk_sdk.cases.ledger import AnyCase, CaseUpdate, Ledger
from orderdesk_sdk.cases.policy.deadlines import RETRY_POLICY, earliest, reminder_message
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import ConflictError, InvalidStateError, OrderDeskError, StorageError, ValidationError
from orderdesk_sdk.orders.store_by_id import OrderStoreById
from orderdesk_sdk.plugin.answer import Answer, Outcome
from orderdesk_sdk.plugin.guard import Watchdog
from orderdesk_sdk.plugin.requests import ResubmitRequest, StatusChangeRequest
from orderdesk_sdk.plugin.routes import ManualConfirmation
from orderdesk_sdk.runtime.connections import Connection, Connections
from orderdesk_sdk.runtime.context import LEASE
from orderdesk_sdk.runtime.flow_runner import FlowResult, PluginFailure, run_flow
from orderdesk_sdk.runtime.guarded_journal import GuardedJournal, SendRules, proves_not_processed
from orderdesk_sdk.runtime.journal import SendCondition

__all__ = ["CaseHandler"]

DEFAULT_MANUAL_CONFIRMATION = ManualConfirmation()
E = TypeVar("E", bound=Errand)
R = TypeVar("R", ResubmitRequest, StatusChangeRequest)
T = TypeVar("T")
K = TypeVar("K")


class CaseHandler(ABC, Generic[E, R, T, K]):
    """Advances cases of one kind: E by requests R, made of what is known as K, whose flows end with T.

    A case of unknown fate is driven again, and its flow must look before it sends. What comes to nothing is tried
    again as `RETRY_POLICY` says, like a cancel; then a named person has it.
    """

    result_type: type[T]
    find_out_hint: str
    """What a person does where nobody knows what a request did, and the flow cannot read it."""

    def __init__(self, ledger: Ledger, order_store: OrderStoreById, connections: Connections, clock: Clock) -> None:
        self._ledger = ledger
        self._order_store = order_store
        self._connections = connections
        self._clock = clock

    @abstractmethod
    def start_flow(self, request: R, connection: Connection, now: datetime) -> object:
        """The plugin's flow for a request."""

    @abstractmethod
    def read(self, work: E) -> K:
        """What a request is made of. Read once and passed on; raises what keeps it from being read."""

    @abstractmethod
    def build_request(self, case: E, known: K, *, may_exist: bool) -> R:
        """What is asked for. may_exist: an earlier request may have worked, so the flow must look before it sends.

        Raises ValidationError where it never can be asked for, another OrderDeskError where it cannot be now.
        """

    @abstractmethod
    def why_blocked(self, known: K) -> str | None:
        """Why nothing more may be sent, although what was sent must be found; None where nothing speaks against it."""

    def send_condition(self, case: E) -> SendCondition | None:  # noqa: ARG002 - for those that have something to ask
        """What is asked again before each write; None: nothing."""
        return None

    @abstractmethod
    def description(self, case: E) -> str:
        """What is about to be done, for the history."""

    @abstractmethod
    def settle_by_result(self, sending_case: E, outcome: T | Answer, now: datetime, *, may_have_sent: bool) -> E | None:
        """The case after an outcome that settles it; None for any other. may_have_sent.

        A request of ours may have worked.
        """

    @abstractmethod
    def save_confirmed(self, case: E, by: str) -> None:
        """Keep in the host what a person says has been done. Raises what keeps the host from it."""

    @abstractmethod
    def find(self, case_id: str) -> E:
        """A case by its id. Raises NotFoundError."""

    def handle(
        self, case: E, watchdog: Watchdog, *, poll_only: bool = False, person: str | None = None, known: K | None = None
    ) -> E:
        """Do what is due. Raises ConflictError when somebody else has it.

        poll_only: only polled, whatever is due. person: somebody who decided that it is to be sent again; then what
        keeps it from being sent is raised. known: what was read just now; None reads it.
        """
        if person is not None or poll_only:
            self._require_idle(case)
        if person is not None:
            case = evolve(case, consecutive_failures=0, deadline=None)
        now = self._clock.now()
        unknown = self._attempts_of_unknown_outcome(case)
        looks = poll_only or (case.state is ErrandState.ACTION_REQUIRED and person is None)
        if looks and not poll_only and not unknown:  # It is a person's to do, so there is nothing to find.
            return self._write(case, self._after_empty_poll(case, now))
        try:
            connection = self._connections.get(case.connection)
            known = self.read(case) if known is None else known
            request = self.build_request(case, known, may_exist=bool(unknown) and person is None)
        except OrderDeskError as error:
            if person is not None or poll_only:
                raise
            return self._write(
                case, self._after_connection_error(case, error, now, polls=looks, may_exist=bool(unknown))
            )
        sending = case.started(now, due_at=now + LEASE, sends=not looks)
        said = "looking what became of it" if looks else self.description(case)
        said += "" if person is None else f" again, as {person} decided"
        against = self._why_not_sent(known, unknown, polls=looks, person=person)
        sent, began = self._sent_intents(case, unknown)
        second = SendRules(against, must_poll_first=bool(unknown) and person is None, repeatable_intents=sent)
        journal = GuardedJournal(
            self._ledger, _as_case(case), _as_case(sending), (said,), self.send_condition(case), second
        )
        driven = run_flow(
            lambda: self.start_flow(request, connection, began or now),
            self.result_type,
            connection.client,
            journal,
            AnswerVerifier(connection.identified_by, (ExpectedOrder.from_request(request),)),
            watchdog=watchdog,
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
        after = self._after_flow(
            sending, driven, connection, may_exist=bool(unknown), may_have_sent=journal.may_have_acted
        )
        if looks and after.is_open:
            after = self._after_empty_poll(evolve(sending, due_at=case.due_at), self._clock.now())
        elif is_held or (is_blind and after.is_open):
            # Nothing more is sent, or the flow cannot find out: asking it every few minutes would tell no more.
            after = self._escalated(sending, self._clock.now(), after.message, after.hint)
        journal.finish(_as_case(after), f"{after.state.value}{': ' + after.message if after.message else ''}")
        return after

    def decide(self, case: E, state: ErrandState, by: str, note: str | None) -> E:
        """What a person says of it: DONE, REFUSED, or WITHDRAWN where nothing was sent.

        Raises ConflictError where it is settled, or cannot be taken back any more, and what keeps the host from
        recording that it is done.
        """
        self._require_open(case)
        match state:
            case ErrandState.DONE:
                self.save_confirmed(case, by)
                text = f"it is done, as {by} says"
            case ErrandState.REJECTED:
                text = f"it will not be done, as {by} says"
            case ErrandState.WITHDRAWN:
                if case.state is ErrandState.SENDING or self._attempts_of_unknown_outcome(case):
                    raise ConflictError(
                        "it cannot be taken back: a request has already left us",
                        location=case.id,
                        hint="find out at the service, then confirm or refuse it",
                    )
                text = f"taken back by {by}"
            case ErrandState.PENDING | ErrandState.SENDING | ErrandState.UNKNOWN | ErrandState.ACTION_REQUIRED:
                raise ValueError(f"{state.value} is no verdict")
            case _:
                assert_never(state)
        after = case.with_state(state, self._clock.now(), message=note or text, person=by)
        return self._write(case, after, *([f"by {by}"] if note else []))

    def abandon(self, case_id: str, message: str) -> E:
        """Take a case away from a hanging plugin."""
        work = self.find(case_id)
        return self._write(
            work,
            self._after_plugin_error(
                work, message, self._clock.now(), may_exist=bool(self._attempts_of_unknown_outcome(work))
            ),
        )

    def _why_not_sent(self, known: K, unknown: AbstractSet[int], *, polls: bool, person: str | None) -> str | None:
        if polls:
            return "it is only read back"
        if not unknown or person is not None:
            return None
        if len(unknown) > RETRY_POLICY.max_retries:
            return f"it was sent {len(unknown)} times, nobody knows what became of it, and it is not found there"
        return self.why_blocked(known)

    def _after_flow(
        self, sending_case: E, result: FlowResult[T], connection: Connection, *, may_exist: bool, may_have_sent: bool
    ) -> E:
        """may_exist: an earlier request may have worked. may_have_sent: one of this drive may have."""
        now = self._clock.now()
        may_have_sent = may_have_sent or may_exist
        open_state = ErrandState.UNKNOWN if may_have_sent else ErrandState.PENDING
        match result.outcome:
            case TransportLoss(message=text, retry_after=asked):
                return self._retry_or_escalate(sending_case, open_state, now, text, retry_after=asked)
            case PluginFailure(text):
                return self._after_plugin_error(
                    sending_case, connection.client.redactor.redact_text(text), now, may_exist=may_have_sent
                )
            case outcome:
                pass
        try:
            settled = self.settle_by_result(sending_case, outcome, now, may_have_sent=may_have_sent)
        except StorageError:
            raise
        except OrderDeskError as error:
            # It is done there, and cannot be kept here: not a second time, but by a person.
            return self._escalated(sending_case, now, f"it is there, and could not be recorded: {error}", error.hint)
        if settled is not None:
            return settled
        if not isinstance(outcome, Answer):
            fault = f"the flow ended with {type(outcome).__name__}"
            return self._after_plugin_error(sending_case, fault, now, may_exist=may_have_sent)
        if outcome.outcome is Outcome.REJECTED and not (
            may_exist and (result.may_have_written or outcome.exchange is None)
        ):
            text = outcome.message or "the service refused it"
            return sending_case.with_state(ErrandState.REJECTED, now, message=text, hint=outcome.hint)
        # That a second request was refused says nothing of the first: the number may be taken by our own order. Nor
        # does a rejection without a look: what the order lacks now, it may have had then.
        certain = outcome.outcome is Outcome.NOT_PROCESSED and not may_exist
        state = ErrandState.PENDING if certain else ErrandState.UNKNOWN
        return self._retry_or_escalate(sending_case, state, now, outcome.message, outcome.hint, outcome.retry_after)

    def _retry_or_escalate(
        self,
        case: E,
        state: ErrandState,
        now: datetime,
        message: str | None,
        hint: str | None = None,
        retry_after: timedelta | None = None,
        plugin_error: str | None = None,
    ) -> E:
        """The case after a try that came to nothing: it is tried again, or a person has it."""
        give_up = case.deadline or now + RETRY_POLICY.give_up_after
        if now >= give_up:
            return self._escalated(case, now, message, hint, plugin_error)
        due = earliest(now + RETRY_POLICY.delay(case.consecutive_failures, retry_after), give_up)
        return case.with_state(
            state, now, due_at=due, deadline=give_up, message=message, hint=hint, plugin_error=plugin_error
        )

    def _after_plugin_error(self, case: E, plugin_error: str, now: datetime, *, may_exist: bool) -> E:
        if case.state is ErrandState.ACTION_REQUIRED:
            return case.with_state(
                case.state,
                now,
                due_at=now + DEFAULT_MANUAL_CONFIRMATION.remind_after,
                message=case.message,
                hint=case.hint,
                plugin_error=plugin_error,
            )
        text = "the plugin failed"
        if case.consecutive_failures >= RETRY_POLICY.max_plugin_errors:
            hint = f"{self.find_out_hint}; report the fault to the plugin's author"
            return self._escalated(case, now, f"{text} again and again", hint, plugin_error)
        state = ErrandState.UNKNOWN if may_exist else ErrandState.PENDING
        return self._retry_or_escalate(case, state, now, text, plugin_error=plugin_error)

    def _after_connection_error(
        self, case: E, error: OrderDeskError, now: datetime, *, polls: bool, may_exist: bool
    ) -> E:
        """The case where it could not even be asked for."""
        if polls:
            return self._after_empty_poll(case, now)
        if isinstance(error, ValidationError) and may_exist:
            return self._escalated(case, now, error.message, error.hint)
        if isinstance(error, ValidationError):
            return case.with_state(ErrandState.REJECTED, now, message=error.message, hint=error.hint)
        state = ErrandState.UNKNOWN if may_exist else ErrandState.PENDING
        return self._retry_or_escalate(case, state, now, str(error), error.hint)

    def _escalated(
        self, case: E, now: datetime, message: str | None, hint: str | None = None, plugin_error: str | None = None
    ) -> E:
        return case.with_state(
            ErrandState.ACTION_REQUIRED,
            now,
            due_at=now + DEFAULT_MANUAL_CONFIRMATION.remind_after,
            plugin_error=plugin_error,
            message=message or "nobody knows what became of it",
            hint=hint or self.find_out_hint,
        )

    def _after_empty_poll(self, case: E, now: datetime) -> E:
        """The case after a poll that settled nothing: as it was; a person is reminded when it is time."""
        assert case.due_at is not None, "a settled case is not read back"
        due, text = case.due_at, case.message
        if case.state is ErrandState.ACTION_REQUIRED and now >= due:
            due, text = (
                now + DEFAULT_MANUAL_CONFIRMATION.remind_after,
                reminder_message(
                    text, case.action_required_since or case.updated_at, DEFAULT_MANUAL_CONFIRMATION.remind_after, now
                ),
            )
        return evolve(case, message=text, due_at=due, updated_at=now, version=case.version + 1)

    def _require_open(self, case: E) -> None:
        if not case.is_open:
            raise ConflictError(f"it is settled: {case.state.value}", location=case.id)

    def _require_idle(self, case: E) -> None:
        self._require_open(case)
        if case.state is ErrandState.SENDING:
            raise InvalidStateError("a request may be on the wire right now", location=case.id, hint="wait for its end")

    def _attempts_of_unknown_outcome(self, case: E) -> AbstractSet[int]:
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

    def _sent_intents(self, case: E, unknown: AbstractSet[int]) -> tuple[tuple[Intent, ...], datetime | None]:
        """The requests of these attempts that may have had an effect, and when the first of the attempts began.

        A flow that makes them again is told the same time, so that it makes the same ones.
        """
        mine = [entry for entry in self._ledger.history(case.id) if entry.attempt in unknown] if unknown else []
        writes = [one.content for one in mine if isinstance(one.content, Intent) and not one.content.read_only]
        return tuple(writes), mine[0].at if mine else None

    def _write(self, before: E, after: E, *notes: str) -> E:
        told = f"{after.state.value}{': ' + after.message if after.message else ''}"
        self._ledger.write(CaseUpdate(_as_case(before), _as_case(after), ["; ".join((told, *notes))]))
        return after


def _as_case(case: Errand) -> AnyCase:
    assert isinstance(case, AnyCase), "the ledger knows every kind of errand"
    return case
