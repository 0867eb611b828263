"""Verdicts: what a person decides about a case, a resubmission or a status change, by its id."""

from __future__ import annotations

from attrs import evolve

from orderdesk_sdk.cases.case import READABLE, Case
from orderdesk_sdk.cases.errand import ErrandState
from orderdesk_sdk.cases.ledger import Ledger, Work
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.desk.cancellations import name_of
from orderdesk_sdk.desk.manual_evidence import Filing
from orderdesk_sdk.errors import InputError, NotAllowedError, NotFoundError
from orderdesk_sdk.plugin.answer import Refusal
from orderdesk_sdk.runtime.scheduler import InlineEngine

__all__ = ["Verdicts"]


class Verdicts:
    """Does what a person decides. Every method raises NotFoundError for an id that nothing has."""

    def __init__(self, ledger: Ledger, engine: InlineEngine, filing: Filing, clock: Clock) -> None:
        self._ledger = ledger
        self._engine = engine
        self._filing = filing
        self._clock = clock

    def find(self, work_id: str) -> Work:
        """A case, a resubmission or a status change."""
        for kind in (self._ledger.resubmission, self._ledger.status_change):
            try:
                return kind(work_id)
            except NotFoundError:
                continue
        return self._ledger.case(work_id)

    def check(self, work_id: str) -> Work:
        """Read back now what the service says. Raises PluginFault where it cannot be read."""
        work = self.find(work_id)
        if not isinstance(work, Case):
            return self._engine.read_back(work)
        if work.state not in READABLE:
            raise NotAllowedError(
                f"there is nothing to read back while it is {work.state.value}",
                place=f"case {work_id}",
                remedy="wait for the end of what is under way" if work.is_open else "see the order's receipt",
            )
        return self._engine.read_back(work)

    def confirm(self, work_id: str, by: str, note: str | None, message: bytes | None) -> Work:
        """It is done."""
        event = Event(EventKind.CANCELED, self._clock.now(), text=note)
        return self._judge(work_id, event, ErrandState.DONE, by, message)

    def refuse(self, work_id: str, by: str, refusal: Refusal, note: str | None, message: bytes | None) -> Work:
        """It will not be done."""
        event = Event(EventKind.REFUSED, self._clock.now(), text=note, refusal=refusal)
        return self._judge(work_id, event, ErrandState.REFUSED, by, message)

    def withdraw(self, work_id: str, by: str, note: str | None) -> Work:
        """It is taken back, where nothing was sent."""
        work = self.find(work_id)
        if not isinstance(work, Case):
            return self._engine.decide(work, ErrandState.WITHDRAWN, by=name_of(by), note=note)
        text = note or f"taken back by {name_of(by)}"
        return self._engine.apply(work, Event(EventKind.WITHDRAW, self._clock.now(), person=by, text=text))

    def send_again(self, work_id: str, by: str) -> Work:
        """It is sent again, although nobody knows what the first request did."""
        work = self.find(work_id)
        return self._engine.send_again(work, name_of(by))

    def note(self, work_id: str, text: str, by: str) -> None:
        """Write into its history what somebody did about it."""
        self._ledger.append(self.find(work_id), [f"{name_of(by)}: {text}"], fenced=False)

    def _judge(self, work_id: str, event: Event, verdict: ErrandState, by: str, message: bytes | None) -> Work:
        work = self.find(work_id)
        if isinstance(work, Case):
            proof, notes = self._filing.proof(work, by, event.text, message)
            return self._engine.apply(work, evolve(event, person=proof.person, proof=proof), *notes)
        if message is not None:
            raise InputError(
                "a mail is filed with a cancellation only", place=work_id, remedy="say with a note what it says"
            )
        return self._engine.decide(work, verdict, by=name_of(by), note=event.text)
