"""What a person looks up and decides about a case of any kind, by its id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from orderdesk_sdk.cases.archive import ArchiveReport
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import OPEN, POLLABLE, Case, State
from orderdesk_sdk.cases.history import HistoryEntry
from orderdesk_sdk.cases.policy.withdrawal import withdrawal_event
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.desk.parts import DeskParts, require_actor
from orderdesk_sdk.desk.rule_trigger import then_rules_act
from orderdesk_sdk.errors import InvalidStateError, ValidationError
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.requests import CancelRequest

if TYPE_CHECKING:
    from orderdesk_sdk.desk.case_details import CaseDetails
    from orderdesk_sdk.desk.manual_evidence import ManualEvidence

__all__ = ["CaseService", "OtherCase"]

OtherCase = ResubmitCase | StatusCase | ResponseCase
"""A case that is no cancellation."""

_PAGE = 500
"""Cases that are read at once."""


class CaseService:
    """The cases of a desk, and what a person decides about one. Reached as `desk.cases`.

    Every method that takes an id raises NotFoundError for one that nothing has.
    """

    def __init__(self, parts: DeskParts, manual_evidence: Callable[[], ManualEvidence]) -> None:
        self._parts = parts
        self._ledger = parts.ledger
        self._order_store = parts.order_store
        self._scheduler = parts.scheduler
        self._clock = parts.clock
        self._manual_evidence = manual_evidence
        self.rule_trigger = parts.rule_trigger

    def get(self, case_id: str) -> Case:
        """A case of any kind by its id. Raises NotFoundError."""
        return self._ledger.case(case_id, Case)

    def list(
        self,
        *,
        order: str | None = None,
        states: Sequence[State] = (),
        limit: int | None = None,
        after: CancelCase | None = None,
    ) -> tuple[CancelCase, ...]:
        """The cases of cancellations, oldest first.

        Args:
            order: an order's id or number; None takes all.
            states: empty takes all.
            limit: None gives 1000, and of one order all.
            after: only those that come after this one, for the next page.
        """
        order_id = self._order_store.resolve(order).id if order is not None else None
        return self._ledger.cases(CancelCase, order_id=order_id, states=states, limit=limit, after=after)

    def list_others(
        self,
        *,
        order: str | None = None,
        open_only: bool = False,
        limit: int | None = None,
        after: OtherCase | None = None,
    ) -> tuple[OtherCase, ...]:
        """The cases that are no cancellations: resubmissions, then status changes, then responses, oldest first.

        Args:
            order: an order's id or number; None takes all.
            limit: None gives all.
            after: only those that come after this one, for the next page.
        """
        order_id = self._order_store.resolve(order).id if order is not None else None
        states = tuple(OPEN) if open_only else ()
        found: list[OtherCase] = []
        kinds: tuple[type[OtherCase], ...] = (ResubmitCase, StatusCase, ResponseCase)
        for kind in kinds[kinds.index(type(after)) if after is not None else 0 :]:
            last = after if isinstance(after, kind) else None
            while limit is None or len(found) < limit:
                wanted = _PAGE if limit is None else min(_PAGE, limit - len(found))
                page = self._ledger.cases(kind, order_id=order_id, states=states, limit=wanted, after=last)
                found += page
                if len(page) < wanted:
                    break
                last = page[-1]
        return tuple(found)

    def find(self, beginning: str, *, limit: int = 10) -> tuple[Case, ...]:
        """The cases of any kind whose ids begin like this, at most `limit`."""
        return self._ledger.cases_by_prefix(beginning, limit)

    def history(
        self, case_id: str, *, limit: int | None = None, after: HistoryEntry | None = None
    ) -> tuple[HistoryEntry, ...]:
        """What happened to a case, in order.

        Args:
            limit: None gives all.
            after: only what comes after this line, for the next page.
        """
        return self._ledger.history(case_id, limit=limit, after=after)

    def details(self, case_id: str, *, lines: int = 100) -> CaseDetails:
        """A case with what helps to decide about it: what was asked and sent, what came back, what a person may do.

        Args:
            lines: of its history, how many of the last ones at most.
        """
        from orderdesk_sdk.desk.case_details import read_case_details  # For people: a worker needs none.

        return read_case_details(self._parts, self.get(case_id), lines=lines)

    def archive(self, older_than: timedelta, to: Path, *, by: str) -> ArchiveReport:
        """Move the histories of settled cases from the ledger into the file `to`, so that the ledger does not grow.

        Of orders of which everything has been settled for longer than `older_than`. Their cases stay: whatever is
        decided about an order is decided as before, and its receipt says where the rest of the history is. With the
        file of a call that was ended by force, that call is finished.

        Raises ValidationError for an age below zero and for a file of another kind, StorageError where it cannot be
        written.
        """
        if older_than < timedelta(0):
            raise ValidationError("the age of what is archived is below zero", hint="give one of zero or more")
        now = self._clock.now()
        return self._ledger.archive(now - older_than, to, by=require_actor(by), at=now)

    def clear_archive(self, archive: Path, *, by: str) -> int:
        """Remove from an archive the personal texts that were removed from the ledger; from how many histories.

        For a copy of it that was elsewhere when a person was forgotten. It is still verified by the ledger. Raises
        StorageError for a file that is no archive of this ledger, or cannot be written.
        """
        return self._ledger.remove_archived_texts(archive, by=require_actor(by), at=self._clock.now())

    def request_for(self, case_id: str) -> CancelRequest:
        """What an open case asks of its service, for whoever does it by other means than a button.

        Raises InvalidStateError for a settled case, and what keeps it from being asked.
        """
        return self._scheduler.request_for(case_id)

    @then_rules_act
    def poll(self, case_id: str) -> Case:
        """Read now what the service says of it; as it is then.

        Raises PluginError where it cannot be read, InvalidStateError where there is nothing to read.
        """
        case = self.get(case_id)
        if case.state not in POLLABLE:
            raise InvalidStateError(
                f"nothing can be polled while the case is {case.state.value}",
                location=f"case {case_id}",
                hint="wait until the attempt in progress has ended" if case.is_open else "see the order's receipt",
            )
        return self._scheduler.poll(case)

    @then_rules_act
    def confirm(self, case_id: str, *, by: str, note: str | None = None, email: bytes | None = None) -> Case:
        """A person's word that it is done: canceled, submitted again, the status set, or the request answered.

        Args:
            email: the mail (RFC 5322) that says so, for the case of a cancellation.

        Raises ValidationError for a mail that no person of the service wrote, or that is about something else.
        """
        case = self.get(case_id)
        kind = EventKind.CANCELED if isinstance(case, CancelCase) else EventKind.DONE
        return self._settle(case, Event(kind, self._clock.now(), message=note), by, email)

    @then_rules_act
    def reject(
        self,
        case_id: str,
        *,
        by: str,
        rejection: Rejection = Rejection.TOO_LATE,
        note: str | None = None,
        email: bytes | None = None,
    ) -> Case:
        """A person's word that the service will not do it.

        Args:
            rejection: why, for the case of a cancellation. The rest as for `confirm`.
        """
        event = Event(EventKind.REJECTED, self._clock.now(), message=note, rejection=rejection)
        return self._settle(self.get(case_id), event, by, email)

    @then_rules_act
    def withdraw(self, case_id: str, *, by: str, note: str | None = None) -> Case:
        """Withdraw it where nothing has been sent yet. Raises InvalidStateError where something has."""
        person = require_actor(by)
        case, now, message = self.get(case_id), self._clock.now(), note or f"Withdrawn by {person}"
        if not isinstance(case, CancelCase) or not case.steps:
            return self._scheduler.settle(case, Event(EventKind.WITHDRAWN, now, person=person, message=message))
        declared = self._parts.connections.integration(case.connection)
        integration = None if isinstance(declared, str) else declared
        after = self._scheduler.settle(case, withdrawal_event(case, integration, now, person, message))
        return self._scheduler.finish_withdrawal(after) if after.is_open else after

    @then_rules_act
    def retry(self, case_id: str, *, by: str) -> Case:
        """Send a request again although the outcome of the first is unknown: a named person's decision (law 3)."""
        return self._scheduler.retry(self.get(case_id), require_actor(by))

    def add_note(self, case_id: str, text: str, *, by: str) -> None:
        """Write into its history what a person did about it. Changes nothing."""
        self._ledger.append(self.get(case_id), [f"{require_actor(by)}: {text}"], if_unchanged=False)

    def _settle(self, case: Case, event: Event, by: str, email: bytes | None) -> Case:
        evidence, notes = self._manual_evidence().evidence(case, by, event.message, email)
        return self._scheduler.settle(case, evolve(event, person=evidence.person, evidence=evidence), *notes)
