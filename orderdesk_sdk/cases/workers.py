"""What workers say of themselves in the ledger, so that one that says nothing more is noticed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from attrs import field, frozen

__all__ = ["ConnectionCondition", "DatabaseCondition", "WorkerHeartbeat"]


@frozen
class ConnectionCondition:
    """How a connection stands in one worker.

    Args:
        has_stuck_threads: a thread that a plugin or a service held for too long was left behind, and runs yet.
        last_done_at: when a piece of its work was last done; None while none was.
        deferred_until: until when calls are put off, since the rate limit is used up; None: they are not.
    """

    has_stuck_threads: bool = False
    last_done_at: datetime | None = None
    deferred_until: datetime | None = None


@frozen
class WorkerHeartbeat:
    """What a worker said last. A worker that ends takes it back; one that is killed does not.

    Args:
        process: the number of its process at its host.
        last_round_at: when it last looked for due work.
    """

    id: str
    host: str
    process: int
    started_at: datetime
    last_round_at: datetime
    connections: Mapping[str, ConnectionCondition] = field(factory=dict)


@frozen
class DatabaseCondition:
    """What slows a database down that many share; nothing of the kind for a file.

    Args:
        oldest_transaction: how long the oldest transaction of anybody is open; None: no other is.
        dead_rows: by table the rows that nobody can see any more, and the others.
    """

    oldest_transaction: timedelta | None = None
    dead_rows: Mapping[str, tuple[int, int]] = field(factory=dict)
