"""What a clock that was ahead has written: its times are believed only as far as the clock has come by now. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.clock import minutes

__all__ = ["TOLERATED_SKEW", "corrected_for_clock"]

TOLERATED_SKEW: Final = minutes(1)
"""How far ahead a time may be without a warning: clocks are set by seconds now and then."""


def corrected_for_clock(case: Case, now: datetime) -> tuple[Case, str] | None:
    """An open work that was last changed in the future, as it is if that was now, and what to say; None for any other.

    It is due now, and patience ends as long after now as it was to end after that change.
    """
    ahead = case.updated_at - now
    if not case.is_open or ahead <= TOLERATED_SKEW:
        return None
    text = f"the clock was ahead by {ahead} when this case was changed last; the case is due now"
    deadline = case.deadline - ahead if case.deadline is not None else None
    action_required_since = min(case.action_required_since, now) if case.action_required_since is not None else None
    corrected = evolve(
        case,
        due_at=now,
        updated_at=now,
        version=case.version + 1,
        deadline=deadline,
        action_required_since=action_required_since,
    )
    if isinstance(corrected, CancelCase):
        last_sent_at = min(corrected.last_sent_at, now) if corrected.last_sent_at is not None else None
        previously_sent_at = (
            min(corrected.previously_sent_at, now) if corrected.previously_sent_at is not None else None
        )
        corrected = evolve(corrected, last_sent_at=last_sent_at, previously_sent_at=previously_sent_at)
    return corrected, text
