"""Which server a connection leads to: by its data directory, and by the timeline that its history is on.

A standby that becomes the primary, and a backup that is restored to a moment, go on with a new timeline
(https://www.postgresql.org/docs/18/continuous-archiving.html#BACKUP-TIMELINES); a dump that is read into another server
has another identifier. A crash and a restart change neither.
"""

from __future__ import annotations

import psycopg
from attrs import frozen

from orderdesk_sdk.stores.sql.database import Cursor

__all__ = ["ServerIdentity", "server_identity"]

# The name of a segment of the log begins with the timeline that is written now, in eight hexadecimal digits.
_TIMELINE = "SELECT substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)"
_SYSTEM = "SELECT system_identifier::text FROM pg_control_system()"


@frozen
class ServerIdentity:
    """A server. None: it does not tell, as some providers have it."""

    system: str | None
    timeline: int | None

    def change_since(self, system: str | None, timeline: int | None) -> str | None:
        """What has become of the server since it was another; None: nothing that is known."""
        if None not in (system, self.system) and system != self.system:
            return "the database was restored into another server"
        if None not in (timeline, self.timeline) and timeline != self.timeline:
            kind = "a standby became the primary, or a backup was restored"
            return f"{kind}: the server went from timeline {timeline} to {self.timeline}"
        return None


def server_identity(cursor: Cursor) -> ServerIdentity:
    """The server of a cursor that is inside a transaction."""
    timeline = _asked(cursor, _TIMELINE)
    return ServerIdentity(_asked(cursor, _SYSTEM), int(timeline, 16) if timeline is not None else None)


def _asked(cursor: Cursor, query: str) -> str | None:
    cursor.execute("SAVEPOINT asked")
    try:
        (found,) = cursor.execute(query).fetchone()
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedFunction, psycopg.errors.FeatureNotSupported):
        cursor.execute("ROLLBACK TO asked")
        return None
    cursor.execute("RELEASE asked")
    return str(found)
