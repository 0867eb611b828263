"""Makes the engine that a configuration or a command names."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.runtime.engines.protocol import EngineKind, TransactionalEngine, Wake

if TYPE_CHECKING:
    from orderdesk_sdk.runtime.engines.procrastinate.engine import ProcrastinateEngine, WakeTarget
    from orderdesk_sdk.runtime.engines.procrastinate.queue import WakeQueue
    from orderdesk_sdk.stores.postgres.pool import PostgresPool

__all__ = ["procrastinate_engine", "wake_queue", "waker_of"]

_LOCATION = "[ledger].engine"


def waker_of(kind: EngineKind, ledger: Ledger) -> TransactionalEngine | None:
    """What a process that runs no worker tells of what becomes due; None for an engine that looks by itself.

    Raises ConfigurationError where the engine needs another database, or an extra that is missing.
    """
    return _LazyQueue(_pool_of(ledger)) if kind is EngineKind.PROCRASTINATE else None


def procrastinate_engine(
    target: WakeTarget, stop: threading.Event, report: Callable[[str], object]
) -> ProcrastinateEngine:
    """The engine procrastinate over the ledger of a desk. Raises ConfigurationError as `waker_of`."""
    pool = _pool_of(target.ledger)
    from orderdesk_sdk.runtime.engines.procrastinate.engine import ProcrastinateEngine

    return ProcrastinateEngine(target, pool, stop, report)


def wake_queue(ledger: Ledger) -> WakeQueue:
    """The queue beside a ledger. Raises ConfigurationError as `waker_of`."""
    pool = _pool_of(ledger)
    from orderdesk_sdk.runtime.engines.procrastinate.queue import WakeQueue

    return WakeQueue(pool)


class _LazyQueue:
    """Puts wakes into the queue, whose package is imported when there is the first one."""

    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool
        self._queue: WakeQueue | None = None

    def wake(self, case_id: str, attempt: int, at: datetime) -> None:
        """Put one wake into the queue."""
        self._opened().put(case_id, attempt, at)

    def wake_within(self, transaction: object, wakes: Sequence[Wake]) -> None:
        """Put wakes into the queue within a transaction of the ledger. Raises WakeError."""
        self._opened().put_within(transaction, wakes)

    def run(self) -> None:
        """Nothing: workers are run elsewhere."""

    def _opened(self) -> WakeQueue:
        if self._queue is None:
            from orderdesk_sdk.runtime.engines.procrastinate.queue import WakeQueue

            self._queue = WakeQueue(self._pool)
        return self._queue


def _pool_of(ledger: Ledger) -> PostgresPool:
    if importlib.util.find_spec("procrastinate") is None:
        raise ConfigurationError(
            "the package procrastinate is not installed",
            location=_LOCATION,
            hint="run `pip install 'orderdesk-sdk[procrastinate]'`",
        )
    pool = getattr(ledger, "pool", None)
    if pool is None:
        raise ConfigurationError(
            "the engine procrastinate has its queue in the ledger's database, which must be PostgreSQL",
            location=_LOCATION,
            hint="give a postgresql:// URL as [ledger].url, or leave the engine inline",
        )
    found: PostgresPool = pool
    return found
