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
from orderdesk_sdk.transport.shutdown import Shutdown

__all__ = ["DEFAULT_SLACK", "WakeHandler"]

DEFAULT_SLACK = minutes(1)
"""How long a case may be overdue before a sweep handles it: longer than a wake is on its way."""
SWEEP_LIMIT = 1000
MAX_EARLY = 2.0
"""Seconds by which a wake may be early and still wait for its time: clocks that are set right differ by less."""

MAX_LOOKS = 3
"""How often a wake looks whether its case is due that another one had: the one of the step before, as a rule."""


class WakeHandler:
    """What engines call. Safe from many threads."""

    def __init__(self, ledger: Ledger, scheduler: Scheduler, clock: Clock, shutdown: Shutdown) -> None:
        self._ledger = ledger
        self._scheduler = scheduler
        self._clock = clock
        self._shutdown = shutdown

    def use(self, engine: Engine | None) -> None:
        """Tell this engine of what becomes due from now on; None tells nobody."""
        self._ledger.on_due(None if engine is None else EngineWakes(engine))

    def handle(self, case_id: str, attempt: int) -> bool:
        """Do what is due of this attempt of a case; False, and nothing is done, where it is not to be done now.

        That is: where the ledger knows no such case, a later attempt has begun, another has it, it is settled, or its
        time has not come, since it was put off or somebody's clock is ahead. A wake that comes a moment early waits. So
        does one whose case another thread of this process still has: what that does may be the step before, and nobody
        else would do the next one.
        """
        with self._shutdown.in_use():
            return not self._shutdown.is_requested and self._handle(case_id, attempt)

    def sweep(self, slack: timedelta | None = None) -> RunReport:
        """Do whatever has been due for longer than a while, as only the ledger knows it."""
        with self._shutdown.in_use():
            if self._shutdown.is_requested:
                return RunReport(0, None)
            return self._scheduler.run_due(SWEEP_LIMIT, overdue_by=DEFAULT_SLACK if slack is None else slack)

    def _handle(self, case_id: str, attempt: int) -> bool:
        for _ in range(MAX_LOOKS):
            case = self._due_case(case_id, attempt)
            if case is None:
                return False
            if self._scheduler.handle_due_case(case):
                return True
        return False  # It is swept up, should it ever be due still.

    def _due_case(self, case_id: str, attempt: int) -> Case | None:
        """The case, where this attempt of it is due."""
        case = self._case(case_id, attempt)
        early = self._early(case)
        if 0 < early <= MAX_EARLY:
            self._clock.sleep_until(self._clock.monotonic() + early)
            case = self._case(case_id, attempt)
            early = self._early(case)
        return case if early <= 0 else None

    def _early(self, case: Case | None) -> float:
        """Seconds until a case is due, which are less than nothing where it is overdue."""
        due_at = case.due_at if case is not None else None
        return (due_at - self._clock.now()).total_seconds() if due_at is not None else float("inf")

    def _case(self, case_id: str, attempt: int) -> Case | None:
        """The case, where this attempt of it is still to be done."""
        try:
            case = self._ledger.case(case_id, Case)
        except NotFoundError:
            return None  # A queue may be older or younger than a ledger that was restored.
        return case if case.attempt == attempt and case.due_at is not None else None
