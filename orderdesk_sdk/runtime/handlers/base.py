"""Running errands: the flow is driven, and what it ended with is where the errand stands then."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Generic, TypeVar, assert_never

from attrs import evolve

from orderdesk_sdk.cases.errand import Errand, ErrandState
from orderdesk_sdk.cases.evidence_check import About, Grounds
from orderdesk_sdk.cases.exchange import Exchange, Intent, Loss
from orderdesk_sdk.cases.ledger import Ledger, Work, Write
from orderdesk_sdk.cases.policy.deadlines import PATIENCE, no_later, reminded
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import ConflictError, InputError, LedgerError, NotAllowedError, OrderDeskError
from orderdesk_sdk.orders.by_id import HostById
from orderdesk_sdk.plugin.answer import Answer, Outcome
from orderdesk_sdk.plugin.guard import Watch
from orderdesk_sdk.plugin.requests import ResubmitRequest, StatusRequest
from orderdesk_sdk.plugin.routes import ByPerson
from orderdesk_sdk.runtime.connections import Connection, Connections
from orderdesk_sdk.runtime.context import LEASE
from orderdesk_sdk.runtime.flow_runner import Driven, Fault, drive
from orderdesk_sdk.runtime.journal import Hold
from orderdesk_sdk.runtime.withholding import SecondSend, WithholdingJournal, did_nothing

__all__ = ["ErrandRunner"]

PERSON = ByPerson()
E = TypeVar("E", bound=Errand)
R = TypeVar("R", ResubmitRequest, StatusRequest)
T = TypeVar("T")
K = TypeVar("K")


class ErrandRunner(ABC, Generic[E, R, T, K]):
    """Advances errands of one kind: E by requests R, made of what is known as K, whose flows end with T.

    An errand of unknown fate is driven again, and its flow must look before it sends. What comes to nothing is tried
    again as `PATIENCE` says, like a cancel; then a named person has it.
    """

    ends_with: type[T]
    find_out: str
    """What a person does where nobody knows what a request did, and the flow cannot read it."""

    def __init__(self, ledger: Ledger, host: HostById, connections: Connections, clock: Clock) -> None:
        self._ledger = ledger
        self._host = host
        self._connections = connections
        self._clock = clock

    @abstractmethod
    def start(self, request: R, connection: Connection, now: datetime) -> object:
        """The plugin's flow for a request."""

    @abstractmethod
    def read(self, work: E) -> K:
        """What a request is made of. Read once and passed on; raises what keeps it from being read."""

    @abstractmethod
    def request(self, work: E, known: K, *, unsure: bool) -> R:
        """What is asked for. unsure: an earlier request may have worked, so the flow must look before it sends.

        Raises InputError where it never can be asked for, another OrderDeskError where it cannot be now.
        """

    @abstractmethod
    def against(self, known: K) -> str | None:
        """Why nothing more may be sent, although what was sent must be found; None where nothing speaks against it."""

    def hold(self, work: E) -> Hold | None:  # noqa: ARG002 - for those that have something to ask
        """What is asked again before each write; None: nothing."""
        return None

    @abstractmethod
    def announce(self, work: E) -> str:
        """What is about to be done, for the history."""

    @abstractmethod
    def settle(self, sending: E, outcome: T | Answer, now: datetime, *, sent: bool) -> E | None:
        """The errand after an outcome that settles it; None for any other. sent: a request of ours may have worked."""

    @abstractmethod
    def record(self, work: E, by: str) -> None:
        """Keep in the host what a person says has been done. Raises what keeps the host from it."""

    @abstractmethod
    def find(self, work_id: str) -> E:
        """An errand by its id. Raises NotFoundError."""

    def advance(
        self, work: E, watch: Watch, *, look: bool = False, person: str | None = None, known: K | None = None
    ) -> E:
        """Do what is due. Raises ConflictError when somebody else has it.

        look: only read back, whatever is due. person: somebody who decided that it is to be sent again; then what keeps
        it from being sent is raised. known: what was read just now; None reads it.
        """
        if person is not None or look:
            self._demand_idle(work)
        if person is not None:
            work = evolve(work, tries=0, give_up_at=None)
        now = self._clock.now()
        unknown = self._unknown(work)
        looks = look or (work.state is ErrandState.AWAITING_PERSON and person is None)
        if looks and not look and not unknown:  # It is a person's to do, so there is nothing to find.
            return self._write(work, self._unread(work, now))
        try:
            connection = self._connections.get(work.connection)
            known = self.read(work) if known is None else known
            request = self.request(work, known, unsure=bool(unknown) and person is None)
        except OrderDeskError as error:
            if person is not None or look:
                raise
            return self._write(work, self._unasked(work, error, now, looks=looks, unsure=bool(unknown)))
        sending = work.begun(now, due_at=now + LEASE, sends=not looks)
        said = "looking what became of it" if looks else self.announce(work)
        said += "" if person is None else f" again, as {person} decided"
        against = self._against(known, unknown, looks=looks, person=person)
        sent, began = self._sent(work, unknown)
        second = SecondSend(against, must_look=bool(unknown) and person is None, same_as=sent)
        journal = WithholdingJournal(self._ledger, _work(work), _work(sending), (said,), self.hold(work), second)
        driven = drive(
            lambda: self.start(request, connection, began or now),
            self.ends_with,
            connection.client,
            journal,
            Grounds(connection.identities, (About.of(request),)),
            watch=watch,
            since=work.updated_at,
        )
        outcome = driven.outcome
        is_held = isinstance(outcome, Loss) and outcome.held and (against is not None or journal.is_another)
        is_blind = (
            isinstance(outcome, Answer)
            and outcome.outcome in (Outcome.UNCLEAR, Outcome.REFUSED)
            and not journal.has_called
        )
        after = self._result(sending, driven, connection, unsure=bool(unknown), sent=journal.may_have_acted)
        if looks and after.is_open:
            after = self._unread(evolve(sending, due_at=work.due_at), self._clock.now())
        elif is_held or (is_blind and after.is_open):
            # Nothing more is sent, or the flow cannot find out: asking it every few minutes would tell no more.
            after = self._handed_over(sending, self._clock.now(), after.text, after.remedy)
        journal.finish(_work(after), f"{after.state.value}{': ' + after.text if after.text else ''}")
        return after

    def decide(self, work: E, verdict: ErrandState, by: str, note: str | None) -> E:
        """What a person says of it: DONE, REFUSED, or WITHDRAWN where nothing was sent.

        Raises ConflictError where it is settled, or cannot be taken back any more, and what keeps the host from
        recording that it is done.
        """
        self._demand_open(work)
        match verdict:
            case ErrandState.DONE:
                self.record(work, by)
                text = f"it is done, as {by} says"
            case ErrandState.REFUSED:
                text = f"it will not be done, as {by} says"
            case ErrandState.WITHDRAWN:
                if work.state is ErrandState.SENDING or self._unknown(work):
                    raise ConflictError(
                        "it cannot be taken back: a request has already left us",
                        place=work.id,
                        remedy="find out at the service, then confirm or refuse it",
                    )
                text = f"taken back by {by}"
            case ErrandState.REQUESTED | ErrandState.SENDING | ErrandState.UNCLEAR | ErrandState.AWAITING_PERSON:
                raise ValueError(f"{verdict.value} is no verdict")
            case _:
                assert_never(verdict)
        after = work.changed(verdict, self._clock.now(), text=note or text, person=by)
        return self._write(work, after, *([f"by {by}"] if note else []))

    def give_up(self, work_id: str, text: str) -> E:
        """Take an errand away from a hanging plugin."""
        work = self.find(work_id)
        return self._write(work, self._failed(work, text, self._clock.now(), unsure=bool(self._unknown(work))))

    def _against(self, known: K, unknown: AbstractSet[int], *, looks: bool, person: str | None) -> str | None:
        if looks:
            return "it is only read back"
        if not unknown or person is not None:
            return None
        if len(unknown) > PATIENCE.resends:
            return f"it was sent {len(unknown)} times, nobody knows what became of it, and it is not found there"
        return self.against(known)

    def _result(self, sending: E, driven: Driven[T], connection: Connection, *, unsure: bool, sent: bool) -> E:
        """unsure: an earlier request may have worked. sent: one of this drive may have."""
        now = self._clock.now()
        sent = sent or unsure
        open_state = ErrandState.UNCLEAR if sent else ErrandState.REQUESTED
        match driven.outcome:
            case Loss(text=text, retry_after=asked):
                return self._onward(sending, open_state, now, text, asked=asked)
            case Fault(text):
                return self._failed(sending, connection.client.redactor.text(text), now, unsure=sent)
            case outcome:
                pass
        try:
            settled = self.settle(sending, outcome, now, sent=sent)
        except LedgerError:
            raise
        except OrderDeskError as error:
            # It is done there, and cannot be kept here: not a second time, but by a person.
            return self._handed_over(sending, now, f"it is there, and could not be recorded: {error}", error.remedy)
        if settled is not None:
            return settled
        if not isinstance(outcome, Answer):
            fault = f"the flow ended with {type(outcome).__name__}"
            return self._failed(sending, fault, now, unsure=sent)
        if outcome.outcome is Outcome.REFUSED and not (unsure and (driven.wrote or outcome.exchange is None)):
            text = outcome.text or "the service refused it"
            return sending.changed(ErrandState.REFUSED, now, text=text, remedy=outcome.remedy)
        # That a second request was refused says nothing of the first: the number may be taken by our own order. Nor
        # does a refusal without a look: what the order lacks now, it may have had then.
        certain = outcome.outcome is Outcome.NOT_DONE and not unsure
        state = ErrandState.REQUESTED if certain else ErrandState.UNCLEAR
        return self._onward(sending, state, now, outcome.text, outcome.remedy, outcome.retry_after)

    def _onward(
        self,
        work: E,
        state: ErrandState,
        now: datetime,
        text: str | None,
        remedy: str | None = None,
        asked: timedelta | None = None,
        fault: str | None = None,
    ) -> E:
        """The errand after a try that came to nothing: it is tried again, or a person has it."""
        give_up = work.give_up_at or now + PATIENCE.give_up
        if now >= give_up:
            return self._handed_over(work, now, text, remedy, fault)
        due = no_later(now + PATIENCE.pause(work.tries, asked), give_up)
        return work.changed(state, now, due_at=due, give_up_at=give_up, text=text, remedy=remedy, fault=fault)

    def _failed(self, work: E, fault: str, now: datetime, *, unsure: bool) -> E:
        if work.state is ErrandState.AWAITING_PERSON:
            return work.changed(
                work.state, now, due_at=now + PERSON.within, text=work.text, remedy=work.remedy, fault=fault
            )
        text = "the plugin failed"
        if work.tries >= PATIENCE.faults:
            remedy = f"{self.find_out}; report the fault to the plugin's author"
            return self._handed_over(work, now, f"{text} again and again", remedy, fault)
        state = ErrandState.UNCLEAR if unsure else ErrandState.REQUESTED
        return self._onward(work, state, now, text, fault=fault)

    def _unasked(self, work: E, error: OrderDeskError, now: datetime, *, looks: bool, unsure: bool) -> E:
        """The errand where it could not even be asked for."""
        if looks:
            return self._unread(work, now)
        if isinstance(error, InputError) and unsure:
            return self._handed_over(work, now, error.text, error.remedy)
        if isinstance(error, InputError):
            return work.changed(ErrandState.REFUSED, now, text=error.text, remedy=error.remedy)
        state = ErrandState.UNCLEAR if unsure else ErrandState.REQUESTED
        return self._onward(work, state, now, str(error), error.remedy)

    def _handed_over(
        self, work: E, now: datetime, text: str | None, remedy: str | None = None, fault: str | None = None
    ) -> E:
        return work.changed(
            ErrandState.AWAITING_PERSON,
            now,
            due_at=now + PERSON.within,
            fault=fault,
            text=text or "nobody knows what became of it",
            remedy=remedy or self.find_out,
        )

    def _unread(self, work: E, now: datetime) -> E:
        """The errand after a read-back that settled nothing: as it was; a person is reminded when it is time."""
        assert work.due_at is not None, "a settled errand is not read back"
        due, text = work.due_at, work.text
        if work.state is ErrandState.AWAITING_PERSON and now >= due:
            due, text = now + PERSON.within, reminded(text, work.waits_since or work.updated_at, PERSON.within, now)
        return evolve(work, text=text, due_at=due, updated_at=now, version=work.version + 1)

    def _demand_open(self, work: E) -> None:
        if not work.is_open:
            raise ConflictError(f"it is settled: {work.state.value}", place=work.id)

    def _demand_idle(self, work: E) -> None:
        self._demand_open(work)
        if work.state is ErrandState.SENDING:
            raise NotAllowedError("a request may be on the wire right now", place=work.id, remedy="wait for its end")

    def _unknown(self, work: E) -> AbstractSet[int]:
        """The attempts that sent a request which may have had an effect; empty where each provably did nothing."""
        if work.attempt == 0:
            return frozenset()
        sent: set[tuple[int, int]] = set()
        for entry in self._ledger.history(work.id):
            match entry.content:
                case Intent(reads_only=False, number=number):
                    sent.add((entry.attempt, number))
                case Exchange(intent=Intent(number=number)) as exchange if did_nothing(exchange):
                    sent.discard((entry.attempt, number))
        return frozenset(attempt for attempt, _ in sent)

    def _sent(self, work: E, unknown: AbstractSet[int]) -> tuple[tuple[Intent, ...], datetime | None]:
        """The requests of these attempts that may have had an effect, and when the first of the attempts began.

        A flow that makes them again is told the same time, so that it makes the same ones.
        """
        mine = [entry for entry in self._ledger.history(work.id) if entry.attempt in unknown] if unknown else []
        writes = [one.content for one in mine if isinstance(one.content, Intent) and not one.content.reads_only]
        return tuple(writes), mine[0].at if mine else None

    def _write(self, before: E, after: E, *notes: str) -> E:
        told = f"{after.state.value}{': ' + after.text if after.text else ''}"
        self._ledger.write(Write(_work(before), _work(after), ["; ".join((told, *notes))]))
        return after


def _work(errand: Errand) -> Work:
    assert isinstance(errand, Work), "the ledger knows every kind of errand"
    return errand
