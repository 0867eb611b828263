"""Who does what is due: a worker reserves some of it, and others pass it over until it is done or the time is up.

A reservation keeps two workers from beginning the same thing; what keeps it from being done twice is the version of the
case, as everywhere. So one that is lost, because its owner died or the server did, costs time alone: it holds for
RESERVED_SECONDS by the server's own clock, and for the version of the case at which it was made.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.damaged_rows import DamagedRows
from orderdesk_sdk.stores.postgres.pool import PostgresPool
from orderdesk_sdk.stores.serialization import to_microseconds
from orderdesk_sdk.stores.sql.due_cases import Condition, position_of
from orderdesk_sdk.stores.sql.ledger_rows import case_of
from orderdesk_sdk.stores.sql.ledger_tables import NOUN

__all__ = ["Reservations"]

RESERVED_SECONDS: Final = 30
"""How long a reservation holds. A round reads anew what it has not begun in half of that."""

_FREE = (
    "(reserved_until IS NULL OR reserved_until <= clock_timestamp() OR reserved_version <> version OR reserved_by = ?)"
)
_RESERVE = (
    "UPDATE cases SET reserved_by = ?, reserved_version = version,"  # noqa: S608 - constants
    f" reserved_until = clock_timestamp() + interval '{RESERVED_SECONDS} seconds'"
    " WHERE number IN (SELECT number FROM cases WHERE connection = ? AND due_at <= ? AND (due_at, id) > (?, ?)"
    f" AND {_FREE} ORDER BY due_at, id LIMIT ? FOR UPDATE SKIP LOCKED) RETURNING due_at, id, kind, data, texts"
)
# Lost with the server's last moment, a reservation is made again: nobody waits for a disk.
_BEGIN = "BEGIN; SET LOCAL synchronous_commit = off"


class Reservations:
    """Those of one ledger of one process."""

    def __init__(self, pool: PostgresPool, damage: DamagedRows) -> None:
        self._pool = pool
        self._damage = damage
        self._owner = f"{socket.gethostname()} {os.getpid()} {uuid.uuid4().hex[:8]}"

    def free(self) -> Condition:
        """What holds of a case that nobody else has reserved."""
        return Condition(_FREE, (self._owner,))

    def reserve(self, now: datetime, limit: int, connection: str, after: Case | None) -> tuple[Case, ...]:
        """Cases that are due at a connection and free, longest overdue first: they are reserved from now on."""
        values = (self._owner, connection, to_microseconds(now), *position_of(after), self._owner)
        while True:
            known = self._damage.ids(NOUN)
            with self._pool.transaction(_BEGIN) as cursor:
                rows = cursor.execute(_RESERVE, (*values, limit + len(known))).fetchall()
            rows.sort(key=lambda row: row[:2])
            cases = [self._damage.read_or_none(f"{NOUN} {name}", partial(case_of, *row)) for _, name, *row in rows]
            if len(self._damage.ids(NOUN)) == len(known):
                found = [case for case in cases if case is not None]
                self.release(found[limit:])
                return tuple(found[:limit])

    def release(self, cases: Sequence[Case]) -> None:
        """Give back cases that were not begun."""
        if cases:
            with self._pool.transaction(_BEGIN) as cursor:
                cursor.execute(
                    "UPDATE cases SET reserved_until = NULL WHERE reserved_by = ? AND reserved_until IS NOT NULL"  # noqa: S608 - constants
                    f" AND id IN ({','.join('?' * len(cases))})",
                    (self._owner, *(case.id for case in cases)),
                )
