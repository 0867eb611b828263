"""Ending a cancel that comes to nothing: what was done before it is undone by a status change of its own."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State, settling_hint
from orderdesk_sdk.cases.damaged_rows import DamagedRowError
from orderdesk_sdk.cases.policy import failures
from orderdesk_sdk.cases.policy.withdrawal import (
    lasting_steps,
    rejected_event,
    rejection_with_steps,
    statuses_that_undo,
    waiting_event,
    withdrawal_event,
    withdrawn_event,
)
from orderdesk_sdk.cases.prior_steps import describe_steps
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.errors import InProgressError, OrderDeskError
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.runtime.context import ContextLoader

__all__ = ["StepUndoing"]


class StepUndoing:
    """Ends cases whose steps before the cancel still stand.

    Done again after a crash it opens nothing twice: each status change has a key of its own.
    """

    def __init__(self, loader: ContextLoader, connections: Connections) -> None:
        self._loader = loader
        self._connections = connections
        self._clock = loader.clock

    def finish_withdrawal(self, case: CancelCase) -> CancelCase:
        """Open what undoes the steps of a case that is being withdrawn, and end it; the case as it is then."""
        now = self._clock.now()
        try:
            integration = self._connections.get(case.connection).integration
        except DamagedRowError:
            raise
        except OrderDeskError as error:
            return self._loader.apply(case, failures.on_connection_error(case, error, now))
        other = self._undo(case, integration, case.withdrawn_by or case.requested_by)
        if other is not None:
            return self._loader.apply(case, waiting_event(case, other.status, now))
        by = case.withdrawn_by or None
        said = _own_words(case) if case.state is State.PENDING else None
        text = _told(said or (f"Withdrawn by {by}" if by else "Withdrawn"), case, integration)
        return self._loader.apply(case, withdrawn_event(case, integration, now, by, text))

    def finish_rejection(self, case: CancelCase, integration: Integration) -> CancelCase | None:
        """The same for a case that was rejected; None where something is left that a person must look after."""
        now = self._clock.now()
        other = self._undo(case, integration, case.requested_by)
        if other is not None:
            return self._loader.apply(case, waiting_event(case, other.status, now))
        if lasting_steps(case, integration):
            return None
        text = _told(_own_words(case) or "Rejected", case, integration)
        return self._loader.apply(case, rejected_event(case, now, text))

    def before_verdict(self, case: CancelCase, event: Event) -> None:
        """Undo what was done before a cancel that a person rejects. Raises InProgressError where that must wait."""
        integration = self._connections.integration(case.connection)
        if event.kind is not EventKind.REJECTED or event.rejection is Rejection.SHIPPED or isinstance(integration, str):
            return
        other = self._undo(case, integration, event.person or case.requested_by) if case.is_open else None
        if other is not None:
            why = f"the status {other.status!r} is being set there, before what was done for the cancel is undone"
            raise InProgressError(why, location=f"case {case.id}", hint=settling_hint(other))

    def event_with_steps(self, case: CancelCase, event: Event) -> Event:
        """An event that comes instead of asking, with what it means for the steps that still stand."""
        if not case.steps:
            return event
        declared = self._connections.integration(case.connection)
        integration = None if isinstance(declared, str) else declared
        if event.kind is EventKind.WITHDRAWN:
            return withdrawal_event(case, integration, event.at, event.person, event.message or "Withdrawn")
        return rejection_with_steps(case, event, integration)

    def _undo(self, case: CancelCase, integration: Integration, by: str) -> StatusCase | None:
        """Open the status changes that undo a case's steps; another that is under way there and goes first, else None.

        Args:
            by: in whose name.
        """
        for status in statuses_that_undo(case, integration):
            opened = _open_status_case(self._loader, case, status, by)
            if opened.status != status:
                return opened
        return None


def _own_words(case: CancelCase) -> str:
    """A case's message without what it tells of the steps."""
    said = describe_steps(case.steps)
    return (case.message or "").removesuffix(said).removesuffix("; ")


def _told(text: str, case: CancelCase, integration: Integration) -> str:
    undo = ", ".join(statuses_that_undo(case, integration))
    return f"{text}; being set, which undoes it: {undo}" if undo else text


def _open_status_case(loader: ContextLoader, case: CancelCase, status: str, by: str) -> StatusCase:
    """The status change that undoes a step, or another one that is under way there."""
    now = loader.clock.now()
    wanted = StatusCase(
        id=f"s{secrets.token_hex(6)}",
        order_id=case.order_id,
        order_number=case.order_number,
        connection=case.connection,
        integration=case.integration,
        remote_id=case.remote_id,
        role=case.role,
        requested_by=by,
        status=status,
        state=State.PENDING,
        created_at=now,
        updated_at=now,
        due_at=now,
        caused_by_rules=case.caused_by_rules,
    )

    def under_way(cases: Sequence[StatusCase]) -> StatusCase | None:
        return next((one for one in cases if one.is_open and one.connection == case.connection), None)

    opened, _ = loader.ledger.open_case(wanted, f"undo of {case.id}: {status}", under_way)
    return opened
