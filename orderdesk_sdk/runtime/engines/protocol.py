"""What an engine is."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from attrs import frozen

__all__ = ["Engine", "EngineKind", "TransactionalEngine", "Wake"]


class EngineKind(enum.Enum):
    """The engines that come with the SDK."""

    INLINE = "inline"
    PROCRASTINATE = "procrastinate"


@frozen
class Wake:
    """Somebody is to look at an attempt of a case at a time.

    Args:
        connection: where the case is, for an engine that keeps connections apart.
        at: when, not before; the past means now.
    """

    case_id: str
    attempt: int
    at: datetime
    connection: str


class Engine(Protocol):
    """Has `Desk.handle_wake(case_id, attempt)` called at its time, by any process, at least once where it can.

    It may lose wakes, repeat and delay them. So that nothing waits longer than a while for a wake that was lost,
    somebody calls `Desk.sweep` now and then: `run`, or the host.
    """

    def wake(self, case_id: str, attempt: int, at: datetime) -> None:
        """Have this attempt of a case handled at a time.

        Called after the commit that made it due, from any thread. Whatever it raises is logged, and nothing is lost.
        """

    def run(self) -> None:
        """Handle what is due until told to stop; for an engine that is run elsewhere, nothing."""


@runtime_checkable
class TransactionalEngine(Engine, Protocol):
    """An engine whose queue is in the ledger's own database, so that no wake is lost between the two."""

    def wake_within(self, transaction: object, wakes: Sequence[Wake]) -> None:
        """Put wakes into the queue within the transaction that makes the cases due; `wake` is not called for them.

        Raises WakeError where the queue cannot be written: then the transaction is done again without it.

        Args:
            transaction: the ledger's cursor.
        """
