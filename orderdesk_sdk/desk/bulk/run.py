"""A run over a bulk: orders in, results out as they come. The ledger is its queue and its memory.

What is recorded is in the ledger before it is sent, under a key made of the bulk and the order's place in it. So a run
that was killed goes on where it is run again: what was recorded is found by its key, and what was not is recorded.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.damaged_rows import RESTORE_HINT, DamagedRowError
from orderdesk_sdk.desk.bulk.request import BulkRequest, bulk_key, bulk_key_prefix, number_in_key
from orderdesk_sdk.desk.bulk.result import BulkOutcome, BulkResult, is_tried, outcome_of
from orderdesk_sdk.desk.bulk.sender import BulkSender
from orderdesk_sdk.desk.bulk.summary import BulkSummary, SummaryCounter
from orderdesk_sdk.desk.cancellations import CancellationService, CancellationStatus
from orderdesk_sdk.desk.parts import DeskParts
from orderdesk_sdk.errors import OrderDeskError, StorageError
from orderdesk_sdk.runtime.due_round import RoundObserver
from orderdesk_sdk.runtime.scheduler import RunReport
from orderdesk_sdk.transport.shutdown import Shutdown

__all__ = ["BulkRun"]

RECORDED_TOGETHER = 128
"""Orders that are read ahead and recorded side by side, so that many share one commit."""
RECORDERS = 16
"""Threads that record."""
ROUND_LIMIT = 1000
"""Cases that a round begins at most before the rules act."""
WAIT = 0.25
"""Seconds to wait for the next case that was handled."""
LOOK_INTERVAL = 5.0
"""Seconds between two looks into the ledger for cases that other processes have handled."""
LOOK_SHARE = 10
"""How many times longer than a look takes the pause after it is, at least."""
PAGE_SIZE = 200
_OPEN, _REPORTED = 1, 2
"""What is known of an order that this run has come to: recorded, or a result was given."""


class BulkRun:
    """Iterate to run it, once. Each order gives one result, when each of its connections was tried, or it was refused.

    Memory does not grow with the number of orders, but for one byte each.
    """

    def __init__(
        self,
        parts: DeskParts,
        cancellations: CancellationService,
        shutdown: Shutdown,
        requests: Iterable[BulkRequest],
        *,
        by: str,
        bulk: str,
        send: bool,
    ) -> None:
        self._parts = parts
        self._cancellations = cancellations
        self._shutdown = shutdown
        self._requests = requests
        self._by = by
        self._bulk = bulk
        self._send = send
        self._marks = bytearray()
        self._open = 0
        self._refused = SummaryCounter()
        self.recorded = 0
        """Orders whose cancellations are in the ledger, by this run or an earlier one."""
        self.reported = 0
        """Orders that a result was given for."""
        self.is_complete = False
        """Whether there was a result for every order; False where the run was stopped, or was given up."""
        self.problems: tuple[str, ...] = ()
        """What went wrong in the last round, a line each."""

    def __iter__(self) -> Iterator[BulkResult]:
        with BulkSender(self._run_due, lambda: self._shutdown.is_requested or not self._send) as sender:
            yield from self._record_all(sender)
            yield from self._wait_for_rest(sender)
            self.problems = sender.problems
            if sender.error is not None and not self.is_complete:
                raise sender.error

    def summary(self) -> BulkSummary:
        """Where the orders of the bulk stand now, those that earlier runs recorded included."""
        counter = copy.deepcopy(self._refused)
        for number, cancellation in self._recorded():
            counter.add(self._result(number, cancellation))
        return counter.summary(self._bulk)

    def _run_due(self, observer: RoundObserver) -> RunReport:
        with self._shutdown.in_use():
            return self._parts.scheduler.run_due(ROUND_LIMIT, observer)

    def _record_all(self, sender: BulkSender) -> Iterator[BulkResult]:
        numbered = ((request.number or place, request) for place, request in enumerate(self._requests, start=1))
        with ThreadPoolExecutor(RECORDERS, thread_name_prefix="orderdesk bulk") as recorders:
            while not self._shutdown.is_requested:
                chunk = list(islice(numbered, RECORDED_TOGETHER))
                if not chunk:
                    self.is_complete = True  # But for the results that are still to come.
                    return
                for (number, request), found in zip(chunk, recorders.map(self._record, chunk), strict=True):
                    yield from self._after_recording(number, request, found)
                self._parts.rule_trigger.fire()
                yield from self._after_handling(sender.handled(0))

    def _record(self, numbered: tuple[int, BulkRequest]) -> CancellationStatus | OrderDeskError:
        number, request = numbered
        try:
            registered = self._parts.order_store.resolve_registered(request.order)
            wanted = self._cancellations.draft(
                registered.order,
                by=self._by,
                reason=request.reason,
                idempotency_key=bulk_key(self._bulk, number),
                connections=request.connections,
                lines=request.lines,
            )
            return self._cancellations.open(
                registered.order, wanted, send_now=False, registered=registered, plan_token=request.plan_token
            )
        except OrderDeskError as error:
            if isinstance(error, StorageError) and not isinstance(error, DamagedRowError):
                raise  # Nothing is wrong with the order: the next run records it.
            error.__context__ = None
            return error.with_traceback(None)  # Its frames would be kept until there is garbage enough to collect.

    def _after_recording(
        self, number: int, request: BulkRequest, found: CancellationStatus | OrderDeskError
    ) -> Iterator[BulkResult]:
        if isinstance(found, OrderDeskError):
            refused = BulkResult(number, request.order, BulkOutcome.REFUSED, error=found)
            self._refused.add(refused)
            yield self._report(refused)
            return
        self.recorded += 1
        # What joins another cancellation stands under the key of that one, so nobody tells when it is handled.
        is_own = number_in_key(self._bulk, found.cancellation.idempotency_key) == number
        if not self._send or not is_own or is_tried(found.cases):
            yield self._report(BulkResult(number, request.order, outcome_of(found.cases), found.cases))
        else:
            self._mark(number, _OPEN)
            self._open += 1

    def _wait_for_rest(self, sender: BulkSender) -> Iterator[BulkResult]:
        next_look, last_recorded = time.monotonic(), sender.round
        while self._open and sender.is_running:
            yield from self._after_handling(sender.handled(WAIT))
            if self._open and time.monotonic() >= next_look:
                began = time.monotonic()
                # Where a round that began after the last order was recorded found nothing to do, whatever is being sent
                # is sent by another process, or was when that was killed; `run_due` follows it up.
                yield from self._look(also_sending=sender.idle_round > last_recorded)
                took = time.monotonic() - began
                next_look = time.monotonic() + max(LOOK_INTERVAL, LOOK_SHARE * took)
        if self._open:
            yield from self._look(also_sending=False)
        self.is_complete = self.is_complete and not self._open

    def _after_handling(self, handled: Iterable[CancelCase]) -> Iterator[BulkResult]:
        """The results of those orders that were recorded under the keys of this bulk and are tried everywhere now."""
        for case in handled:
            try:
                cancellations = self._parts.ledger.cancellations(case.order_id)
            except DamagedRowError:
                continue  # `_look` finds it.
            for cancellation in cancellations:
                number = number_in_key(self._bulk, cancellation.idempotency_key)
                if number is not None and cancellation.id == case.cancellation_id:
                    yield from self._if_tried(number, cancellation)

    def _look(self, *, also_sending: bool) -> Iterator[BulkResult]:
        """The results of orders that other processes have handled.

        Args:
            also_sending: of those too that are being sent.
        """
        for number, cancellation in self._recorded():
            yield from self._if_tried(number, cancellation, also_sending=also_sending)

    def _if_tried(
        self, number: int, cancellation: Cancellation | None, *, also_sending: bool = False
    ) -> Iterator[BulkResult]:
        if number < len(self._marks) and self._marks[number] == _OPEN:
            result = self._result(number, cancellation)
            if is_tried(result.cases, also_sending=also_sending):
                self._open -= 1
                yield self._report(result)

    def _recorded(self) -> Iterator[tuple[int, Cancellation | None]]:
        after = ""
        while True:
            page = self._parts.ledger.cancellations_by_key(bulk_key_prefix(self._bulk), after=after, limit=PAGE_SIZE)
            for key, cancellation in page:
                number = number_in_key(self._bulk, key)
                if number is not None:
                    yield number, cancellation
            if len(page) < PAGE_SIZE:
                return
            after = page[-1][0]

    def _result(self, number: int, cancellation: Cancellation | None) -> BulkResult:
        if cancellation is None:
            damaged = DamagedRowError("the row of its cancellation cannot be read", hint=RESTORE_HINT)
            return BulkResult(number, f"number {number} of the bulk", BulkOutcome.ACTION_REQUIRED, error=damaged)
        cases = self._cancellations.status(cancellation).cases
        return BulkResult(number, cancellation.order_number, outcome_of(cases), cases)

    def _report(self, result: BulkResult) -> BulkResult:
        self._mark(result.number, _REPORTED)
        self.reported += 1
        return result

    def _mark(self, number: int, mark: int) -> None:
        if number >= len(self._marks):
            self._marks.extend(bytes(number + 1 - len(self._marks)))
        self._marks[number] = mark
