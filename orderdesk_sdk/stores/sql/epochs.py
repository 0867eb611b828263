"""The epochs of a ledger: a new one begins whenever it is put back to an older state, and what that means is written.

The first one names the ledger itself. Whoever finds another last epoch than the one they know, knows that somebody has
seen to it already. The last one of all begins when another ledger goes on in the place of this one.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.serialization import to_microseconds
from orderdesk_sdk.stores.sql.database import Cursor

__all__ = ["Epoch", "begin_epoch", "latest_epoch", "require_not_retired", "retire"]

_RETIRED = "retired: the ledger was copied to "


@frozen
class Epoch:
    """A time in which a ledger only grew.

    Args:
        id: random; of the same ledger no two are equal.
        reason: why it began.
        system: of a database server, the identifier of its data directory; None: of a file, or unknown.
        timeline: of such a server, which changes when a standby becomes the primary; None as above.
    """

    id: str
    reason: str
    system: str | None = None
    timeline: int | None = None


def latest_epoch(cursor: Cursor) -> Epoch | None:
    """The present epoch; None where none has begun yet."""
    row = cursor.execute(
        "SELECT epoch, reason, system, timeline FROM ledger_epochs ORDER BY number DESC LIMIT 1"
    ).fetchone()
    return Epoch(*row) if row is not None else None


def begin_epoch(
    cursor: Cursor, reason: str, now: datetime, system: str | None = None, timeline: int | None = None
) -> Epoch:
    """Begin a new epoch, in the caller's transaction. Whoever was signed in signs in again, and links count no more:
    some of them may have ended since the state that the ledger was put back to.
    """
    cursor.execute("DELETE FROM user_sessions")
    cursor.execute("DELETE FROM sign_in_links")
    epoch = Epoch(uuid.uuid4().hex, reason, system, timeline)
    cursor.execute(
        "INSERT INTO ledger_epochs (number, epoch, system, timeline, at, lines, reason)"
        " SELECT coalesce(max(number), 0) + 1, ?, ?, ?, ?, (SELECT max(count) FROM chain), ? FROM ledger_epochs",
        (epoch.id, system, timeline, to_microseconds(now), reason),
    )
    return epoch


def retire(cursor: Cursor, successor: str, now: datetime) -> None:
    """Let a ledger be used no more, because another one goes on in its place."""
    begin_epoch(cursor, f"{_RETIRED}{successor}", now)


def require_not_retired(epoch: Epoch | None, place: str) -> None:
    """Raises StorageError where another ledger goes on in the place of the one that is in this epoch."""
    if epoch is not None and epoch.reason.startswith(_RETIRED):
        raise StorageError(
            f"this ledger is used no more: it was copied to {epoch.reason.removeprefix(_RETIRED)}",
            location=place,
            hint="name that one in orderdesk.toml, [ledger] url; `orderdesk ledger copy` copies it back",
        )
