"""Calls at a steady rate, whatever they take: a slow one delays none of the others, and counts from when it was due."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from attrs import frozen

__all__ = ["LoadResult", "SteadyLoad"]

THREADS = 32


@frozen
class LoadResult:
    """The milliseconds within which 95 of 100 calls were answered, from when each was due."""

    plan_p95: float
    cancel_p95: float


@frozen
class SteadyLoad:
    """So many plans and cancels each second."""

    seconds: float
    plans: int
    cancels: int

    @property
    def plan_count(self) -> int:
        """The orders that plans are made of, again and again."""
        return 100

    @property
    def cancel_count(self) -> int:
        """The orders that are canceled, each once."""
        return int(self.seconds * self.cancels)

    def run(
        self,
        plan: Callable[[str], None],
        cancel: Callable[[str], None],
        planned: Sequence[str],
        canceled: Sequence[str],
    ) -> LoadResult:
        """Make the calls. Raises what the first that fails raises."""
        took: dict[Callable[[str], None], list[float]] = {plan: [], cancel: []}
        lock = threading.Lock()
        plans = int(self.seconds * self.plans)
        due = [(index / self.plans, plan, planned[index % len(planned)]) for index in range(plans)]
        due += [(index / self.cancels, cancel, number) for index, number in enumerate(canceled)]
        begun = time.perf_counter() + 0.5

        def call(at: float, what: Callable[[str], None], number: str) -> None:
            what(number)
            with lock:
                took[what].append((time.perf_counter() - begun - at) * 1000)

        with ThreadPoolExecutor(THREADS) as threads:
            calls = []
            for at, what, number in sorted(due, key=lambda one: one[0]):
                time.sleep(max(0.0, begun + at - time.perf_counter()))
                calls.append(threads.submit(call, at, what, number))
            for made in calls:
                made.result()
        return LoadResult(_p95(took[plan]), _p95(took[cancel]))


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]
