"""The methods of a ledger that are about messages; see `cases.messages`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial

from orderdesk_sdk.cases.damaged_rows import DamagedRows, parse_row
from orderdesk_sdk.cases.messages import InboundMessage, MessageSource, MessageState, OwnMove
from orderdesk_sdk.cases.order_watch import SeenOrder, WatchLook
from orderdesk_sdk.stores.serialization import from_microseconds, to_microseconds
from orderdesk_sdk.stores.sql.database import Commits, Cursor
from orderdesk_sdk.stores.sql.inbound_messages import (
    COLUMNS,
    claim_messages,
    has_due,
    has_old_messages,
    message_of,
    own_move,
    read_message,
    record_own_move,
    remove_old_messages,
    restart_message,
    store_messages,
    update_message,
)
from orderdesk_sdk.stores.sql.order_watch import begin_look, finish_look

__all__ = ["SqlMessageInbox"]

_LAST_MOMENT = 2**63 - 1


class SqlMessageInbox(ABC):
    """Messages in the ledger's own database, each read and written in one transaction."""

    _commits: Commits
    damage: DamagedRows

    @abstractmethod
    def _read(self) -> AbstractContextManager[Cursor]:
        """A cursor for reading."""

    def store_messages(self, messages: Sequence[InboundMessage], max_waiting: int) -> frozenset[str]:
        return self._commits.run(lambda cursor: store_messages(cursor, messages, max_waiting))

    def known_digests(self, source: MessageSource, digests: Collection[str]) -> frozenset[str]:
        query = "SELECT 1 FROM inbound_messages WHERE connection = ? AND purpose = ? AND digest = ?"
        with self._read() as cursor:
            return frozenset(
                digest
                for digest in digests
                if cursor.execute(query, (source.connection, source.purpose.value, digest)).fetchone() is not None
            )

    def claim_messages(
        self, now: datetime, until: datetime, limit: int, *, without: Collection[str] = ()
    ) -> tuple[InboundMessage, ...]:
        with self._read() as cursor:
            if not has_due(cursor, now):
                return ()  # The rule, which costs a read and no commit.
        return self._commits.run(lambda cursor: claim_messages(cursor, now, until, limit, tuple(without)))

    def update_message(self, message: InboundMessage) -> bool:
        return self._commits.run(lambda cursor: update_message(cursor, message))

    def discard_message(self, message: InboundMessage) -> bool:
        def write(cursor: Cursor) -> bool:
            cursor.execute(
                "DELETE FROM inbound_messages WHERE id = ? AND attempts = ? AND state = 'received'",
                (message.id, message.attempts),
            )
            return cursor.rowcount == 1

        return self._commits.run(write)

    def restart_message(self, message_id: str, now: datetime, *, by: str) -> InboundMessage:
        return self._commits.run(lambda cursor: restart_message(cursor, message_id, now, by))

    def message(self, message_id: str) -> InboundMessage:
        with self._read() as cursor:
            return read_message(cursor, message_id)

    def messages(
        self, states: Iterable[MessageState], limit: int, *, before: datetime | None = None
    ) -> tuple[InboundMessage, ...]:
        end = to_microseconds(before) if before is not None else _LAST_MOMENT
        query = (
            f"SELECT {COLUMNS} FROM inbound_messages WHERE state = ? AND received_at < ?"  # noqa: S608 - constants
            " ORDER BY received_at DESC, number DESC LIMIT ?"
        )
        with self._read() as cursor:
            rows = [row for state in states for row in cursor.execute(query, (state.value, end, limit)).fetchall()]
        read = (
            self.damage.read_or_none(f"message {row[0]}", partial(parse_row, partial(message_of, row))) for row in rows
        )
        found = [message for message in read if message is not None]
        return tuple(sorted(found, key=lambda message: message.received_at, reverse=True)[:limit])

    def message_counts(self) -> Mapping[MessageState, int]:
        with self._read() as cursor:
            query = "SELECT count(*) FROM inbound_messages WHERE state = ?"
            return {state: cursor.execute(query, (state.value,)).fetchone()[0] for state in MessageState}

    def next_message_due(self) -> datetime | None:
        with self._read() as cursor:
            row = cursor.execute("SELECT min(next_try) FROM inbound_messages WHERE state = 'received'").fetchone()
        return from_microseconds(row[0]) if row[0] is not None else None

    def remove_old_messages(self, received_before: datetime) -> int:
        with self._read() as cursor:
            if not has_old_messages(cursor, received_before):
                return 0  # The rule, which costs no commit.
        return self._commits.run(lambda cursor: remove_old_messages(cursor, received_before))

    def record_own_move(self, move: OwnMove) -> None:
        self._commits.run(lambda cursor: record_own_move(cursor, move))

    def own_move(self, order_id: str) -> OwnMove | None:
        with self._read() as cursor:
            return own_move(cursor, order_id)

    def begin_look(self, now: datetime, every: timedelta) -> WatchLook | None:
        return self._commits.run(lambda cursor: begin_look(cursor, now, every))

    def finish_look(
        self, until: datetime, seen: Sequence[SeenOrder], now: datetime, *, max_waiting: int, is_first: bool
    ) -> int:
        return self._commits.run(
            lambda cursor: finish_look(cursor, until, seen, now, max_waiting=max_waiting, is_first=is_first)
        )
