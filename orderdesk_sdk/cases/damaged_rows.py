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

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger
from orderdesk_sdk.errors import StorageError, describe_exception
from orderdesk_sdk.orders.order import ConnectionRole

__all__ = ["RESTORE_HINT", "DamagedRows", "DamagedRowError", "parse_row", "placeholder_case"]

T = TypeVar("T")

_log = RoomLogger("stores")
RESTORE_HINT = (
    "restore a backup of the ledger; until then find out at the service what is left, and cancel that by hand"
)
MAX_IDS = 1000
"""As many ids as one statement names."""


class DamagedRowError(StorageError):
    """A row of the ledger cannot be read. What else is in the ledger goes on."""


class DamagedRows:
    """What was found damaged in one ledger. Safe from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._messages: dict[str, str] = {}

    def read(self, location: str, parse: Callable[[], T]) -> T:
        """What `parse` reads. Raises DamagedRowError with the place, and remembers it until it can be read."""
        try:
            record = parse()
        except DamagedRowError as error:
            with self._lock:
                is_new = location not in self._messages
                self._messages[location] = error.message
            if is_new:
                _log.warning("%s of the ledger cannot be read; see `orderdesk doctor`", location, about=LogSubject())
            raise DamagedRowError(error.message, location=location, hint=RESTORE_HINT) from None
        if self._messages:
            with self._lock:
                self._messages.pop(location, None)
        return record

    def read_or_none(self, location: str, parse: Callable[[], T]) -> T | None:
        """What `parse` reads; None for a damaged row, which is remembered."""
        try:
            return self.read(location, parse)
        except DamagedRowError:
            return None

    def messages(self) -> tuple[str, ...]:
        """What was found so far, a line each."""
        with self._lock:
            return tuple(f"{location}: {message}" for location, message in self._messages.items())

    def ids(self, noun: str) -> tuple[str, ...]:
        """The ids of those that were found so far and are called by a noun, "case"; at most MAX_IDS of them."""
        with self._lock:
            named = [
                location.removeprefix(f"{noun} ") for location in self._messages if location.startswith(f"{noun} ")
            ]
        return tuple(named[:MAX_IDS])


def parse_row(parse: Callable[[], T]) -> T:
    """What `parse` reads of a row. Raises DamagedRowError, whatever is wrong with the row."""
    try:
        return parse()
    except Exception as error:  # noqa: BLE001 - JSON, types, words and depth of a damaged row fail in every way
        reason = describe_exception(error).partition("\n")[0][:200]
    raise DamagedRowError(f"the row cannot be read ({reason})", location="a row of the ledger", hint=RESTORE_HINT)


def placeholder_case(
    case_id: object, cancellation_id: object, order_id: object, connection: object, due_at: object
) -> CancelCase:
    """A case in place of one that cannot be read, of what its columns tell. Its version is none that was written."""
    try:
        at = datetime.fromtimestamp(due_at / 1_000_000, UTC) if isinstance(due_at, int) else _UNKNOWN_TIME
    except (OverflowError, ValueError, OSError):
        at = _UNKNOWN_TIME
    return CancelCase(
        id=str(case_id),
        cancellation_id=str(cancellation_id),
        order_id=str(order_id),
        order_number="?",
        connection=str(connection),
        integration="",
        remote_id="?",
        role=ConnectionRole.FULFILLMENT,
        requested_by="?",
        state=State.ACTION_REQUIRED,
        created_at=at,
        updated_at=at,
        due_at=at,
        version=-1,
        action_required_since=at,
        message="The row of this case in the ledger is damaged; its state is unknown",
        hint=RESTORE_HINT,
        plugin_error="the row cannot be read; see `orderdesk doctor`",
    )


_UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)
