"""What a case costs, and what a worker holds in memory, when many times as many cases are open.

Every case waits for a person who is overdue, so `run_due` finds it by its due time, decides to remind, and commits the
case and a line of its history. All cases are due; a batch takes the oldest.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.figure import Bound, Figure, Goal, Scale, compare, interleaved
from bench.grown import add_settled_resubmissions, grown_calls
from bench.import_memory import import_memory
from bench.loopback import ROOT
from bench.store import CONNECTION
from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger

__all__ = ["growth"]

FEW_CASES = 1000
BATCH = 100
CANCELLATION = 1000
"""Cases of one cancellation, so that a million are recorded in a thousand commits."""


class Worker:
    """A running `bench.worker`. megabytes: the most it has held so far."""

    def __init__(self, ledger: Path) -> None:
        self.megabytes = 0.0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.worker", str(ledger)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    def batch(self) -> float:
        """Microseconds of a case, over the next batch."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{BATCH}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().split()
        if not answer:
            raise RuntimeError("a worker ended; its error is above")
        self.megabytes = float(answer[1])
        return float(answer[0])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=30)


def growth(effort: Scale) -> Iterator[Figure]:
    """Two workers take batches in turns: one over 1,000 open cases, one over many; then calls in the same ledgers."""
    many = effort.pick(20_000, 100_000, 1_000_000)
    settled = effort.pick(2_000, 10_000, 100_000)
    with tempfile.TemporaryDirectory(prefix="orderdesk-bench-") as folder:
        small, large = Path(folder) / "small.db", Path(folder) / "large.db"
        _fill(small, FEW_CASES)
        _fill(large, many)
        with Worker(small) as few, Worker(large) as crowd:
            # One batch each beforehand: the first reads the file and makes the threads.
            few.batch()
            crowd.batch()
            costs, yardstick = interleaved(FEW_CASES // BATCH - 1, [crowd.batch, few.batch])
            memory = [crowd.megabytes], [few.megabytes]
        add_settled_resubmissions(large, settled)
        calls = list(grown_calls(small, large, effort, f"{many:,} open cases, {settled:,} settled resubmissions"))
    against = f"{FEW_CASES:,} open cases"
    yield compare(f"a case's cost at {many:,} open", "us", against, costs, yardstick, goal=Goal(Bound.AT_MOST, 1.2))
    yield compare(f"a worker's memory at {many:,} open", "MB", against, *memory, goal=Goal(Bound.AT_MOST, 1.5))
    yield from calls
    yield from import_memory(effort)


def _fill(path: Path, count: int) -> None:
    ledger = SqliteLedger(path)
    begin = datetime.now(UTC) - timedelta(days=30)
    for first in range(0, count, CANCELLATION):
        cancellation = Cancellation(f"w{first}", f"key {first}", f"o{first}", f"B-{first}", "bench", None, begin)
        ledger.open_cancellation(
            cancellation,
            "",
            [_case(cancellation, number, begin) for number in range(first, min(first + CANCELLATION, count))],
        )
    ledger.close()


def _case(cancellation: Cancellation, number: int, begin: datetime) -> CancelCase:
    return CancelCase(
        id=f"c{number}",
        cancellation_id=cancellation.id,
        order_id=f"o{number}",
        order_number=f"B-{number}",
        connection=CONNECTION,
        integration="bench",
        remote_id=f"B-{number}",
        role=ConnectionRole.FULFILLMENT,
        state=State.ACTION_REQUIRED,
        created_at=begin,
        updated_at=begin,
        due_at=begin + timedelta(seconds=number),
        message="a person must find out",
        requested_by="Ann",
    )
