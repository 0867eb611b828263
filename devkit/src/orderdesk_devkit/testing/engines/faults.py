"""What may happen to wakes between whoever makes a case due and whoever handles it."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import datetime
from itertools import count

from attrs import evolve

from orderdesk_sdk.clock import seconds
from orderdesk_sdk.runtime.engines.protocol import Engine, TransactionalEngine, Wake

__all__ = ["WakeFault", "with_fault"]


class WakeFault(enum.Enum):
    """One kind of it."""

    LOST = "lost"
    DOUBLED = "doubled"
    LATE = "late"
    EARLY = "early"
    OUT_OF_ORDER = "out of order"


class _FaultyEngine:
    def __init__(self, engine: Engine, fault: WakeFault) -> None:
        self._engine = engine
        self._fault = fault
        self._numbers = count()

    def wake(self, case_id: str, attempt: int, at: datetime) -> None:
        for changed in self._changed([Wake(case_id, attempt, at, "")]):
            self._engine.wake(changed.case_id, changed.attempt, changed.at)

    def run(self) -> None:
        self._engine.run()

    def _changed(self, wakes: Sequence[Wake]) -> list[Wake]:
        match self._fault:
            case WakeFault.LOST:
                return []
            case WakeFault.DOUBLED:
                return [*wakes, *wakes]
            case WakeFault.LATE:
                return [evolve(wake, at=wake.at + seconds(1.5)) for wake in wakes]
            case WakeFault.EARLY:
                return [evolve(wake, at=wake.at - seconds(30)) for wake in wakes]
            case WakeFault.OUT_OF_ORDER:
                return [evolve(wake, at=wake.at + seconds(0.7 - next(self._numbers) % 8 / 10)) for wake in wakes]


class _FaultyTransactionalEngine(_FaultyEngine):
    def __init__(self, engine: TransactionalEngine, fault: WakeFault) -> None:
        super().__init__(engine, fault)
        self._transactional = engine

    def wake_within(self, transaction: object, wakes: Sequence[Wake]) -> None:
        changed = self._changed(wakes)
        if changed:
            self._transactional.wake_within(transaction, changed)


def with_fault(engine: Engine, fault: WakeFault) -> Engine:
    """An engine whose wakes all suffer the fault."""
    if isinstance(engine, TransactionalEngine):
        return _FaultyTransactionalEngine(engine, fault)
    return _FaultyEngine(engine, fault)
