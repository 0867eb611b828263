"""What a person looks up and decides about a case, a resubmission or a status change, by its id."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve

from orderdesk_sdk.cases.case import POLLABLE, Case, State
from orderdesk_sdk.cases.errand import ErrandState
from orderdesk_sdk.cases.ledger import AnyCase
from orderdesk_sdk.cases.resubmission import Resubmission
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.status_change import StatusChange
from orderdesk_sdk.desk.manual_evidence import ManualEvidence
from orderdesk_sdk.desk.parts import DeskParts, require_actor
from orderdesk_sdk.desk.rule_trigger import then_rules_act
from orderdesk_sdk.errors import InvalidStateError, NotFoundError, ValidationError
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.requests import CancelRequest

__all__ = ["CaseService"]


class CaseService:
    """The cases of a desk, and what a person decides about one. Reached as `desk.cases`.

    Every method that takes an id raises NotFoundError for one that nothing has.
    """

    def __init__(self, parts: DeskParts, manual_evidence: ManualEvidence) -> None:
        self._ledger = parts.ledger
        self._order_store = parts.order_store
        self._scheduler = parts.scheduler
        self._clock = parts.clock
        self._manual_evidence = manual_evidence
        self.rule_trigger = parts.rule_trigger

    def get(self, case_id: str) -> AnyCase:
        """A case, a resubmission or a status change by its id."""
        for kind in (self._ledger.resubmission, self._ledger.status_change):
            try:
                return kind(case_id)
            except NotFoundError:
                continue
        return self._ledger.case(case_id)

    def list(
        self,
        *,
        order: str | None = None,
        states: Sequence[State] = (),
        limit: int | None = None,
        after: Case | None = None,
    ) -> tuple[Case, ...]:
        """The cases of cancellations, oldest first.

        order: an order's id or number; None takes all. states: empty takes all. limit: None gives 1000, and of one
        order all. after: only those that come after this one, for the next page.
        """
        order_id = self._order_store.resolve(order).id if order is not None else None
        return self._ledger.cases(order_id=order_id, states=states, limit=limit, after=after)

    def list_others(self, *, open_only: bool = False) -> tuple[Resubmission | StatusChange, ...]:
        """The cases that are no cancellations: resubmissions, then status changes, oldest first."""
        resubmissions = self._ledger.resubmissions(open_only=open_only)
        return (*resubmissions, *self._ledger.status_changes(open_only=open_only))

    def request_for(self, case_id: str) -> CancelRequest:
        """What an open case asks of its service, for whoever does it by other means than a button.

        Raises InvalidStateError for a settled case, and what keeps it from being asked.
        """
        return self._scheduler.request_for(case_id)

    @then_rules_act
    def poll(self, case_id: str) -> AnyCase:
        """Read now what the service says of it; as it is then.

        Raises PluginError where it cannot be read, InvalidStateError where there is nothing to read.
        """
        work = self.get(case_id)
        if not isinstance(work, Case):
            return self._scheduler.poll(work)
        if work.state not in POLLABLE:
            raise InvalidStateError(
                f"there is nothing to poll while it is {work.state.value}",
                location=f"case {case_id}",
                hint="wait for the end of what is under way" if work.is_open else "see the order's receipt",
            )
        return self._scheduler.poll(work)

    @then_rules_act
    def confirm(self, case_id: str, *, by: str, note: str | None = None, email: bytes | None = None) -> AnyCase:
        """A person's word that the service has done it: canceled the order, made the duplicate, set the status.

        email: the mail (RFC 5322) that says so, for the case of a cancellation. Raises ValidationError for a mail that
        no person of the service wrote, or that is about something else.
        """
        event = Event(EventKind.CANCELED, self._clock.now(), message=note)
        return self._settle(case_id, event, ErrandState.DONE, by, email)

    @then_rules_act
    def reject(
        self,
        case_id: str,
        *,
        by: str,
        rejection: Rejection = Rejection.TOO_LATE,
        note: str | None = None,
        email: bytes | None = None,
    ) -> AnyCase:
        """A person's word that the service will not do it.

        rejection: why, for the case of a cancellation. The rest as for `confirm`.
        """
        event = Event(EventKind.REJECTED, self._clock.now(), message=note, rejection=rejection)
        return self._settle(case_id, event, ErrandState.REJECTED, by, email)

    @then_rules_act
    def withdraw(self, case_id: str, *, by: str, note: str | None = None) -> AnyCase:
        """Withdraw it where nothing has been sent yet. Raises ConflictError where something has."""
        work = self.get(case_id)
        if not isinstance(work, Case):
            return self._scheduler.decide(work, ErrandState.WITHDRAWN, by=require_actor(by), note=note)
        text = note or f"taken back by {require_actor(by)}"
        return self._scheduler.apply(work, Event(EventKind.WITHDRAWN, self._clock.now(), person=by, message=text))

    @then_rules_act
    def retry(self, case_id: str, *, by: str) -> AnyCase:
        """Send a request again although nobody knows what the first one did: a named person's decision (law 3)."""
        work = self.get(case_id)
        return self._scheduler.retry(work, require_actor(by))

    def add_note(self, case_id: str, text: str, *, by: str) -> None:
        """Write into its history what a person did about it. Changes nothing."""
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
