"""What a cancel, a poll and a receipt cost in a ledger that has grown, over the same in a small one, in one process.

CPU time of the process, so that a busy disk counts for neither. Calls go to the loopback service.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from attrs import frozen

from bench.figure import Bound, Figure, Goal, Scale, compare, interleaved
from bench.loopback import Loopback
from bench.store import CONNECTION, Store, open_store, simulator_settings
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger

__all__ = ["add_settled_resubmissions", "grown_calls"]

CALLS = 20
"""Calls of one round."""
SHORT, LONG = 500, 5_000
"""Lines of the histories whose receipts are made."""
_GOAL = Goal(Bound.AT_MOST, 1.2)


@frozen
class _Side:
    """A desk over one ledger, and what is called there.

    Args:
        polled: the case that is polled.
        receipted: the order whose receipt is made, of so many lines.
    """

    store: Store
    polled: CancelCase
    receipted: str
    lines: int

    def cancels(self, numbers: Iterator[str]) -> Callable[[], float]:
        """Microseconds of a cancel, over the next few orders."""
        return lambda: _microseconds(lambda: self._cancel(next(numbers)))

    def _cancel(self, number: str) -> None:
        self.store.desk.cancel(number, by="bench", reason="measured")

    def poll(self) -> float:
        """Microseconds of a poll."""
        return _microseconds(lambda: self.store.desk.cases.poll(self.polled.id))

    def receipt(self) -> float:
        """Microseconds of a receipt, for each line of its history."""
        began = time.process_time()
        self.store.desk.cancellations.receipt(self.receipted)
        return (time.process_time() - began) / self.lines * 1e6


def _microseconds(call: Callable[[], object]) -> float:
    began = time.process_time()
    for _ in range(CALLS):
        call()
    return (time.process_time() - began) / CALLS * 1e6


def grown_calls(small: Path, large: Path, effort: Scale, grown: str) -> Iterator[Figure]:
    """A cancel, a poll and a receipt in a large ledger, over the same in a small one.

    Args:
        grown: what the large one holds, in words.
    """
    rounds = effort.pick(5, 9, 15)
    with ExitStack() as stack:
        settings = simulator_settings(stack.enter_context(Loopback()).url)
        orders = (rounds + 1) * CALLS + 2
        few = _side(stack.enter_context(open_store(orders, settings, path=small)), SHORT)
        many = _side(stack.enter_context(open_store(orders, settings, path=large)), LONG)
        cancels = [side.cancels(iter(side.store.numbers[2:])) for side in (many, few)]
        for take in (*cancels, many.poll, few.poll, many.receipt, few.receipt):
            take()  # Once beforehand: connections are open, and the file's first pages are read.
        cost, small_cost = interleaved(rounds, cancels)
        polls, small_polls = interleaved(rounds, [many.poll, few.poll])
        lines, small_lines = interleaved(rounds, [many.receipt, few.receipt])
    against = "a small ledger"
    yield compare("a cancel in a grown ledger", "us CPU", against, cost, small_cost, goal=_GOAL, note=grown)
    yield compare(f"a poll of a case with {LONG:,} lines in it", "us CPU", against, polls, small_polls, goal=_GOAL)
    against = f"a line of {SHORT} in a small one"
    yield compare(f"a line of a receipt of {LONG:,} in it", "us CPU", against, lines, small_lines, goal=_GOAL)


def _side(store: Store, lines: int) -> _Side:
    for number in store.numbers[:2]:
        store.desk.cancel(number, by="bench", reason="measured")
    polled, receipted = (store.desk.cases.list(order=number)[0] for number in store.numbers[:2])
    for case in (polled, receipted):
        _lengthen(store.desk, case, lines)
    return _Side(store, polled, receipted.order_number, lines)


def _lengthen(desk: Desk, case: CancelCase, lines: int) -> None:
    """Give a case a history of so many lines, as earlier polls would have left it."""
    at = datetime.now(UTC)
    for first in range(0, lines // 2, 250):
        entries: list[Intent | Exchange] = []
        for number in range(first, min(first + 250, lines // 2)):
            url = f"https://bench.example/fulfillmentOrders/{case.remote_id}"
            intent = Intent(number + 1, "get", "GET", url, f"{number:064}", idempotent=True, at=at)
            entries += [intent, Exchange(intent, at, 200, {"content-type": "application/json"}, "x" * 300)]
        desk.ledger.append(case, entries, if_unchanged=False)


def add_settled_resubmissions(path: Path, count: int) -> None:
    """Add so many, each of an order of its own."""
    begin = datetime.now(UTC) - timedelta(days=30)
    with closing(SqliteLedger(path)) as ledger, ThreadPoolExecutor(8) as threads:

        def add(numbers: Sequence[int]) -> None:
            for number in numbers:
                ledger.open_case(_resubmission(number, begin), f"key {number}")

        list(threads.map(add, (range(first, count, 8) for first in range(8))))


def _resubmission(number: int, at: datetime) -> ResubmitCase:
    return ResubmitCase(
        id=f"r{number}",
        order_id=f"again-{number}",
        order_number=f"R-{number}-1",
        original_number=f"R-{number}",
        connection=CONNECTION,
        integration="bench",
        remote_id=f"R-{number}-1",
        role=ConnectionRole.FULFILLMENT,
        state=State.DONE,
        created_at=at,
        updated_at=at,
        due_at=None,
        requested_by="Ann",
    )
