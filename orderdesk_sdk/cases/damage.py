"""Damaged rows: what cannot be read any more is told by its place, and hurts nothing beside it.

A disk, an editor or another program may leave a row that is no JSON, has other types, or words that this version does
not know. Lists pass over it; where it counts that something is there, a stand-in does: an open case that a person must
look at, so that nothing is asked twice and no cart is told too early. Nothing is ever written over a damaged row.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.errors import LedgerError, in_words
from orderdesk_sdk.orders.order import Role

__all__ = ["REMEDY", "Damage", "DamagedRow", "intact", "stand_in"]

T = TypeVar("T")

REMEDY = "put a backup of the ledger in its place; until then find out at the service, and do by hand what is left"
MOST_IDS = 1000
"""As many ids as one statement names."""


class DamagedRow(LedgerError):
    """A row of the ledger cannot be read. What else is in the ledger goes on."""


class Damage:
    """What was found damaged in one ledger. Safe from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, str] = {}

    def read(self, place: str, make: Callable[[], T]) -> T:
        """What `make` reads. Raises DamagedRow with the place, and remembers it until it can be read."""
        try:
            found = make()
        except DamagedRow as error:
            with self._lock:
                self._found[place] = error.text
            raise DamagedRow(error.text, place=place, remedy=REMEDY) from None
        if self._found:
            with self._lock:
                self._found.pop(place, None)
        return found

    def readable(self, place: str, make: Callable[[], T]) -> T | None:
        """What `make` reads; None for a damaged row, which is remembered."""
        try:
            return self.read(place, make)
        except DamagedRow:
            return None

    def lines(self) -> tuple[str, ...]:
        """What was found so far, a line each."""
        with self._lock:
            return tuple(f"{place}: {told}" for place, told in self._found.items())

    def ids(self, noun: str) -> tuple[str, ...]:
        """The ids of those that were found so far and are called by a noun, "case"; at most MOST_IDS of them."""
        with self._lock:
            named = [place.removeprefix(f"{noun} ") for place in self._found if place.startswith(f"{noun} ")]
        return tuple(named[:MOST_IDS])


def intact(make: Callable[[], T]) -> T:
    """What `make` reads of a row. Raises DamagedRow, whatever is wrong with the row."""
    try:
        return make()
    except Exception as error:  # noqa: BLE001 - JSON, types, words and depth of a damaged row fail in every way
        told = in_words(error).partition("\n")[0][:200]
    raise DamagedRow(f"its row cannot be read ({told})", place="a row of the ledger", remedy=REMEDY)


def stand_in(case_id: object, cancellation_id: object, order_id: object, connection: object, due_at: object) -> Case:
    """A case in place of one that cannot be read, of what its columns tell. Its version is none that was written."""
    try:
        at = datetime.fromtimestamp(due_at / 1_000_000, UTC) if isinstance(due_at, int) else _LONG_AGO
    except (OverflowError, ValueError, OSError):
        at = _LONG_AGO
    return Case(
        id=str(case_id),
        cancellation_id=str(cancellation_id),
        order_id=str(order_id),
        order_number="?",
        connection=str(connection),
        integration="",
        remote_id="?",
        role=Role.FULFILLMENT,
        state=State.AWAITING_PERSON,
        opened_at=at,
        updated_at=at,
        due_at=at,
        version=-1,
        waits_since=at,
        text="its row in the ledger is damaged, so nobody knows how it stands",
        remedy=REMEDY,
        fault="the row cannot be read; see `orderdesk doctor`",
    )


_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
