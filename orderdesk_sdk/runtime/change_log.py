"""What the log says of a change of a case: one record for each, of its kind and the state after it."""

from __future__ import annotations

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.plugin.guard import TIMED_OUT

__all__ = ["log_change"]

_log = RoomLogger("runtime")
_TROUBLE = frozenset({EventKind.OUTCOME_UNKNOWN, EventKind.POLL_FAILED, EventKind.SHIPPED})
_WAITING = frozenset({EventKind.DEFERRED, EventKind.BATCHED})
"""A case that waits looks again every minute: nothing was done."""


def log_change(case: Case, event: Event) -> None:
    """Log a change that is in the ledger.

    Args:
        case: as it is after the event.
    """
    about = LogSubject.of(case)
    outcome = case.state.value
    if event.kind.value != outcome:
        outcome = f"{event.kind.value}; the case is {outcome}"
    if event.plugin_error is not None:
        failure = "the plugin timed out" if event.plugin_error.startswith(TIMED_OUT) else "the plugin failed"
        _log.warning("%s, %s", failure, outcome, about=about)
    elif event.kind in _TROUBLE:
        _log.warning("%s", outcome, about=about)
    elif event.kind in _WAITING:
        _log.debug("%s", outcome, about=about)
    elif event.rejection is not None:
        _log.info("%s (%s)", outcome, event.rejection.value, about=about)
    else:
        _log.info("%s", outcome, about=about)
