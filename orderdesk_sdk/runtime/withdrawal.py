"""Ending a withdrawal: what was done before the cancel is undone by a status change of its own."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.policy.withdrawal import statuses_that_undo, withdrawn_event
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.runtime.context import ContextLoader

__all__ = ["finish_withdrawal"]

RETRY_DELAY = minutes(1)
"""How often a case looks again whose place has another status change under way."""


def finish_withdrawal(loader: ContextLoader, case: CancelCase, integration: Integration | None) -> CancelCase:
    """Open what undoes the steps of a case that is being withdrawn, and end it; the case as it is then.

    Done again after a crash it opens nothing twice: each status change has a key of its own.
    """
    by = case.withdrawn_by or case.requested_by
    undo = statuses_that_undo(case, integration)
    now = loader.clock.now()
    for status in undo:
        opened = _open_status_case(loader, case, status, by)
        if opened.status != status:
            text = f"waits for the status {opened.status!r}, which is being set there, before {status!r} is"
            return loader.apply(case, Event(EventKind.DEFERRED, now, due_at=now + RETRY_DELAY, message=text))
    said = f"Withdrawn by {by}" + (f"; being set, which undoes it: {', '.join(undo)}" if undo else "")
    return loader.apply(case, withdrawn_event(case, integration, now, by, said))


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
