"""Verdicts: what a person decides about a case, a resubmission or a status change, by its id."""

from __future__ import annotations

from attrs import evolve

from orderdesk_sdk.cases.case import POLLABLE, Case
from orderdesk_sdk.cases.errand import ErrandState
from orderdesk_sdk.cases.ledger import AnyCase, Ledger
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.desk.cancellations import require_actor
from orderdesk_sdk.desk.manual_evidence import ManualEvidence
from orderdesk_sdk.errors import InvalidStateError, NotFoundError, ValidationError
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.runtime.scheduler import Scheduler

__all__ = ["CaseService"]


class CaseService:
    """Does what a person decides. Every method raises NotFoundError for an id that nothing has."""

    def __init__(self, ledger: Ledger, scheduler: Scheduler, manual_evidence: ManualEvidence, clock: Clock) -> None:
        self._ledger = ledger
        self._scheduler = scheduler
        self._manual_evidence = manual_evidence
        self._clock = clock

    def get(self, case_id: str) -> AnyCase:
        """A case, a resubmission or a status change."""
        for kind in (self._ledger.resubmission, self._ledger.status_change):
            try:
                return kind(case_id)
            except NotFoundError:
                continue
        return self._ledger.case(case_id)

    def poll(self, case_id: str) -> AnyCase:
        """Read back now what the service says. Raises PluginError where it cannot be read."""
        work = self.get(case_id)
        if not isinstance(work, Case):
            return self._scheduler.poll(work)
        if work.state not in POLLABLE:
            raise InvalidStateError(
                f"there is nothing to polled while it is {work.state.value}",
                location=f"case {case_id}",
                hint="wait for the end of what is under way" if work.is_open else "see the order's receipt",
            )
        return self._scheduler.poll(work)

    def confirm(self, case_id: str, by: str, note: str | None, email: bytes | None) -> AnyCase:
        """It is done."""
        event = Event(EventKind.CANCELED, self._clock.now(), message=note)
        return self._settle(case_id, event, ErrandState.DONE, by, email)

    def reject(self, case_id: str, by: str, rejection: Rejection, note: str | None, email: bytes | None) -> AnyCase:
        """It will not be done."""
        event = Event(EventKind.REJECTED, self._clock.now(), message=note, rejection=rejection)
        return self._settle(case_id, event, ErrandState.REJECTED, by, email)

    def withdraw(self, case_id: str, by: str, note: str | None) -> AnyCase:
        """It is taken back, where nothing was sent."""
        work = self.get(case_id)
        if not isinstance(work, Case):
            return self._scheduler.decide(work, ErrandState.WITHDRAWN, by=require_actor(by), note=note)
        text = note or f"taken back by {require_actor(by)}"
        return self._scheduler.apply(work, Event(EventKind.WITHDRAWN, self._clock.now(), person=by, message=text))

    def retry(self, case_id: str, by: str) -> AnyCase:
        """It is sent again, although nobody knows what the first request did."""
        work = self.get(case_id)
        return self._scheduler.retry(work, require_actor(by))

    def add_note(self, case_id: str, text: str, by: str) -> None:
        """Write into its history what somebody did about it."""
        self._ledger.append(self.get(case_id), [f"{require_actor(by)}: {text}"], if_unchanged=False)

    def _settle(self, case_id: str, event: Event, state: ErrandState, by: str, email: bytes | None) -> AnyCase:
        work = self.get(case_id)
        if isinstance(work, Case):
            proof, notes = self._manual_evidence.evidence(work, by, event.message, email)
            return self._scheduler.apply(work, evolve(event, person=proof.person, evidence=proof), *notes)
        if email is not None:
            raise ValidationError(
                "a mail is filed with a cancellation only", location=case_id, hint="say with a note what it says"
            )
        return self._scheduler.decide(work, state, by=require_actor(by), note=event.message)
