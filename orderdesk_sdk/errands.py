"""Running errands: the flow is driven, and what it ended with is where the errand stands then."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import Generic, TypeVar

from attrs import evolve

from orderdesk_sdk.answer import Answer, Outcome
from orderdesk_sdk.casebook import LEASE
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.connections import Connection, Connections
from orderdesk_sdk.declaration import ByPerson
from orderdesk_sdk.errand import Errand, ErrandState, retry_of
from orderdesk_sdk.errors import InputError, OrderDeskError
from orderdesk_sdk.flow import Driven, Fault, drive
from orderdesk_sdk.followup import Loss
from orderdesk_sdk.grounds import About, Grounds
from orderdesk_sdk.hosts import Host
from orderdesk_sdk.journal import WorkJournal
from orderdesk_sdk.ledger import Ledger, Work, Write
from orderdesk_sdk.request import ResubmitRequest, StatusRequest
from orderdesk_sdk.workers import Watch

__all__ = ["ErrandRunner"]

MAX_FAULTS = 3
PERSON = ByPerson()
E = TypeVar("E", bound=Errand)
R = TypeVar("R", ResubmitRequest, StatusRequest)
T = TypeVar("T")


class ErrandRunner(ABC, Generic[E, R, T]):
    """Advances errands of one kind: E by requests R whose flows end with T.

    A flow that reads before it writes makes every repetition safe, so an errand of unknown fate is driven again.
    """

    ends_with: type[T]
    find_out: str
    """What a person does where nobody knows what a request did, and the flow cannot read it."""

    def __init__(self, ledger: Ledger, host: Host, connections: Connections, clock: Clock) -> None:
        self._ledger = ledger
        self._host = host
        self._connections = connections
        self._clock = clock

    @abstractmethod
    def start(self, request: R, connection: Connection, now: datetime) -> object:
        """The plugin's flow for a request."""

    @abstractmethod
    def request(self, work: E) -> R:
        """What is asked for. Raises InputError where it never can be, another OrderDeskError where it cannot be now."""

    @abstractmethod
    def announce(self, work: E) -> str:
        """What is about to be done, for the history."""

    @abstractmethod
    def settle(self, sending: E, outcome: T | Answer, now: datetime) -> E | None:
        """The errand after an outcome that settles it; None for any other."""

    @abstractmethod
    def find(self, work_id: str) -> E:
        """An errand by its id. Raises NotFoundError."""

    def advance(self, work: E, watch: Watch) -> E:
        """Do what is due. Raises ConflictError when somebody else has it."""
        now = self._clock.now()
        try:
            connection = self._connections.get(work.connection)
            request = self.request(work)
        except InputError as error:
            return self._write(work, work.changed(ErrandState.REFUSED, now, text=error.text, remedy=error.remedy))
        except OrderDeskError as error:
            state = ErrandState.UNCLEAR if work.state is ErrandState.UNCLEAR else ErrandState.REQUESTED
            due = now + retry_of(work)
            return self._write(work, work.changed(state, now, due_at=due, text=str(error), remedy=error.remedy))
        sending = work.changed(ErrandState.SENDING, now, due_at=now + LEASE)
        journal = WorkJournal(self._ledger, _work(work), _work(sending), (self.announce(work),))
        driven = drive(
            lambda: self.start(request, connection, now),
            self.ends_with,
            connection.client,
            journal,
            Grounds(connection.identities, (About.of(request),)),
            watch=watch,
        )
        after = self._result(sending, driven, connection)
        if after.state is ErrandState.UNCLEAR and not journal.has_called and after.fault is None:
            # The flow cannot find out, so a person must: asking it every few minutes would tell no more.
            after = evolve(after, due_at=self._clock.now() + PERSON.within, remedy=after.remedy or self.find_out)
        journal.finish(_work(after), f"{after.state.value}{': ' + after.text if after.text else ''}")
        return after

    def give_up(self, work_id: str, text: str) -> E:
        """Take an errand away from a hanging plugin."""
        work = self.find(work_id)
        return self._write(work, self._failed(work, text, self._clock.now()))

    def _result(self, sending: E, driven: Driven[T], connection: Connection) -> E:
        now = self._clock.now()
        match driven.outcome:
            case Loss(text=text):
                state = ErrandState.UNCLEAR if driven.wrote else ErrandState.REQUESTED
                return sending.changed(state, now, due_at=now + retry_of(sending), text=text)
            case Fault(text):
                return self._failed(sending, connection.client.redactor.text(text), now)
            case outcome:
                settled = self.settle(sending, outcome, now)
        if settled is not None:
            return settled
        if not isinstance(outcome, Answer):
            return self._failed(sending, f"the flow ended with {type(outcome).__name__}", now)
        if outcome.outcome is Outcome.REFUSED:
            text = outcome.text or "the service refused it"
            return sending.changed(ErrandState.REFUSED, now, text=text, remedy=outcome.remedy)
        certain = outcome.outcome is Outcome.NOT_DONE
        state = ErrandState.REQUESTED if certain else ErrandState.UNCLEAR
        due = now + retry_of(sending, outcome.retry_after)
        return sending.changed(state, now, due_at=due, text=outcome.text, remedy=outcome.remedy)

    def _failed(self, work: E, fault: str, now: datetime) -> E:
        if work.tries < MAX_FAULTS:
            return work.changed(
                ErrandState.UNCLEAR, now, due_at=now + retry_of(work), text="the plugin failed", fault=fault
            )
        return work.changed(
            ErrandState.REFUSED, now, text="the plugin failed again and again", fault=fault,
            remedy="look at the service what became of it; report the fault to the plugin's author",
        )  # fmt: skip

    def _write(self, before: E, after: E) -> E:
        self._ledger.write(Write(_work(before), _work(after), [after.text or after.state.value]))
        return after


def _work(errand: Errand) -> Work:
    assert isinstance(errand, Work), "the ledger knows every kind of errand"
    return errand
