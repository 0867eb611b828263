"""The methods of a ledger that tell what waits for a person; see `cases.inbox`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from functools import partial

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.damaged_rows import DamagedRows, parse_row
from orderdesk_sdk.cases.inbox import MAX_COUNTED, SeenAlarm, WaitingCounts
from orderdesk_sdk.cases.messages import InboundMessage, MessageState
from orderdesk_sdk.stores.serialization import from_microseconds, to_microseconds
from orderdesk_sdk.stores.sql.database import Commits, Cursor
from orderdesk_sdk.stores.sql.inbound_messages import COLUMNS, message_of
from orderdesk_sdk.stores.sql.ledger_rows import case_of
from orderdesk_sdk.stores.sql.ledger_tables import KINDS, NOUN

__all__ = ["SqlInboxRecords"]

_UNSEEN = (
    f"FROM cases WHERE kind = '{CancelCase.kind}' AND state = '{State.SHIPPED_ANYWAY.value}'"  # noqa: S608 - constants
    " AND NOT EXISTS (SELECT 1 FROM seen_alarms WHERE case_id = cases.id)"
)
_UNHANDLED = (MessageState.FAILED, MessageState.REFUSED)


class SqlInboxRecords(ABC):
    """Counts by the index of the states, and the alarms that were seen, in a table of their own."""

    _commits: Commits
    damage: DamagedRows

    @abstractmethod
    def _read(self) -> AbstractContextManager[Cursor]:
        """A cursor for reading."""

    def count_waiting(self) -> WaitingCounts:
        of_state = "FROM cases WHERE kind = ? AND state = ?"
        with self._read() as cursor:
            return WaitingCounts(
                alarms=_count(cursor, _UNSEEN),
                action_required={kind: _count(cursor, of_state, kind, State.ACTION_REQUIRED.value) for kind in KINDS},
                messages=min(
                    MAX_COUNTED,
                    sum(_count(cursor, "FROM inbound_messages WHERE state = ?", one.value) for one in _UNHANDLED),
                ),
            )

    def unseen_alarms(self, limit: int) -> tuple[CancelCase, ...]:
        with self._read() as cursor:
            rows = cursor.execute(
                f"SELECT id, kind, data, texts {_UNSEEN} ORDER BY number LIMIT ?",
                (limit,),
            ).fetchall()
        found = (self.damage.read_or_none(f"{NOUN} {row[0]}", partial(case_of, *row[1:])) for row in rows)
        return tuple(case for case in found if isinstance(case, CancelCase))

    def mark_alarm_seen(self, alarm: SeenAlarm) -> bool:
        def write(cursor: Cursor) -> bool:
            cursor.execute(
                "INSERT INTO seen_alarms (case_id, seen_by, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (alarm.case_id, alarm.by, to_microseconds(alarm.at)),
            )
            return cursor.rowcount == 1

        return self._commits.run(write)

    def seen_alarm(self, case_id: str) -> SeenAlarm | None:
        with self._read() as cursor:
            row = cursor.execute("SELECT seen_by, at FROM seen_alarms WHERE case_id = ?", (case_id,)).fetchone()
        return SeenAlarm(case_id, row[0], from_microseconds(row[1])) if row is not None else None

    def messages_about(self, order_id: str, limit: int) -> tuple[InboundMessage, ...]:
        query = (
            f"SELECT {COLUMNS} FROM inbound_messages WHERE order_id = ?"  # noqa: S608 - constants
            " ORDER BY received_at DESC, number DESC LIMIT ?"
        )
        with self._read() as cursor:
            rows = cursor.execute(query, (order_id, limit)).fetchall()
        read = (
            self.damage.read_or_none(f"message {row[0]}", partial(parse_row, partial(message_of, row))) for row in rows
        )
        return tuple(message for message in read if message is not None)


def _count(cursor: Cursor, rows: str, *values: object) -> int:
    """How many rows there are, at most `MAX_COUNTED`."""
    query = f"SELECT count(*) FROM (SELECT 1 {rows} LIMIT {MAX_COUNTED}) AS counted"  # noqa: S608 - constants
    return int(cursor.execute(query, values).fetchone()[0])
