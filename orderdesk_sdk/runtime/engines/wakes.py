"""Tells an engine of every case that a write makes due."""

from __future__ import annotations

from collections.abc import Sequence

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger
from orderdesk_sdk.runtime.engines.protocol import Engine, TransactionalEngine, Wake

__all__ = ["EngineWakes", "wake_of"]

_log = RoomLogger("runtime")


def wake_of(case: Case) -> Wake:
    """The wake of a case that is due at a time."""
    assert case.due_at is not None, "a settled case is never due"
    return Wake(case.id, case.attempt, case.due_at, case.connection)


class EngineWakes:
    """A `DueListener` that passes on to an engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def within(self, transaction: object, cases: Sequence[Case]) -> None:
        """Within the transaction that makes these cases due."""
        if isinstance(self._engine, TransactionalEngine):
            self._engine.wake_within(transaction, [wake_of(case) for case in cases])

    def after(self, cases: Sequence[Case]) -> None:
        """After its commit."""
        if isinstance(self._engine, TransactionalEngine):
            return
        for case in cases:
            try:
                self._engine.wake(case.id, case.attempt, wake_of(case).at)
            except Exception as error:  # noqa: BLE001 - the ledger has it: whoever sweeps finds it
                _log.warning(
                    "the engine could not be told (%s); a sweep finds the case",
                    type(error).__name__,
                    about=LogSubject.of(case),
                )
