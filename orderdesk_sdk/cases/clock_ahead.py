"""What a clock that was ahead has written: its times are believed only as far as the clock has come by now. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from attrs import evolve

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.ledger import Work
from orderdesk_sdk.clock import minutes

__all__ = ["BELIEVED", "righted"]

BELIEVED: Final = minutes(1)
"""How far ahead a time may be and nobody minds: clocks are set by seconds now and then."""


def righted(work: Work, now: datetime) -> tuple[Work, str] | None:
    """An open work that was last changed in the future, as it is if that was now, and what to say; None for any other.

    It is due now, and patience ends as long after now as it was to end after that change.
    """
    ahead = work.updated_at - now
    if not work.is_open or ahead <= BELIEVED:
        return None
    text = f"the clock was ahead by {ahead} when this was changed last; it is looked at now"
    give_up_at = work.give_up_at - ahead if work.give_up_at is not None else None
    waits_since = min(work.waits_since, now) if work.waits_since is not None else None
    made = evolve(
        work, due_at=now, updated_at=now, version=work.version + 1, give_up_at=give_up_at, waits_since=waits_since
    )
    if isinstance(made, Case):
        asked_at = min(made.asked_at, now) if made.asked_at is not None else None
        asked_before = min(made.asked_before, now) if made.asked_before is not None else None
        made = evolve(made, asked_at=asked_at, asked_before=asked_before)
    return made, text
