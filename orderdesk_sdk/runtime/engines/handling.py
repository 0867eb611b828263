"""Handles a case that an engine woke, and sweeps up what is overdue."""

from __future__ import annotations

from datetime import timedelta

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.clock import Clock, minutes
from orderdesk_sdk.errors import NotFoundError
from orderdesk_sdk.runtime.engines.protocol import Engine
from orderdesk_sdk.runtime.engines.wakes import EngineWakes
from orderdesk_sdk.runtime.scheduler import RunReport, Scheduler

__all__ = ["DEFAULT_SLACK", "WakeHandler"]

DEFAULT_SLACK = minutes(1)
"""How long a case may be overdue before a sweep handles it: longer than a wake is on its way."""
SWEEP_LIMIT = 1000
MAX_EARLY = 2.0
"""Seconds by which a wake may be early and still wait for its time: clocks that are set right differ by less."""


class WakeHandler:
    """What engines call. Safe from many threads."""

    def __init__(self, ledger: Ledger, scheduler: Scheduler, clock: Clock) -> None:
        self._ledger = ledger
        self._scheduler = scheduler
        self._clock = clock

    def use(self, engine: Engine | None) -> None:
        """Tell this engine of what becomes due from now on; None tells nobody."""
        self._ledger.on_due(None if engine is None else EngineWakes(engine))

    def handle(self, case_id: str, attempt: int) -> bool:
        """Do what is due of this attempt of a case; False, and nothing is done, where it is not to be done now.

        That is: where the ledger knows no such case, a later attempt has begun, another has it, it is settled, or its
        time has not come, since it was put off or somebody's clock is ahead. A wake that comes a moment early waits.
        """
        case = self._case(case_id, attempt)
        if case is None or case.due_at is None:
            return False
        early = (case.due_at - self._clock.now()).total_seconds()
        if early > MAX_EARLY:
            return False
        if early > 0:
            self._clock.sleep_until(self._clock.monotonic() + early)
            case = self._case(case_id, attempt)
        return case is not None and self._scheduler.handle_due_case(case)

    def _case(self, case_id: str, attempt: int) -> Case | None:
        """The case, where this attempt of it is still to be done."""
        try:
            case = self._ledger.case(case_id, Case)
        except NotFoundError:
            return None  # A queue may be older or younger than a ledger that was restored.
        return case if case.attempt == attempt and case.due_at is not None else None

    def sweep(self, slack: timedelta = DEFAULT_SLACK) -> RunReport:
        """Do whatever has been due for longer than a while, as only the ledger knows it."""
        return self._scheduler.run_due(SWEEP_LIMIT, overdue_by=slack)
