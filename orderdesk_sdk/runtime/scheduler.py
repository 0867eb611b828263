"""The scheduler: what is due is done on request, on the threads of its connections."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

from attrs import frozen

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.coverage import CancellationCoverage
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger, log_subject
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.state_machine import Event
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import ConflictError, InvalidStateError, OrderDeskError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.orders.store_by_id import OrderStoreById
from orderdesk_sdk.plugin.bulkhead import Job
from orderdesk_sdk.plugin.guard import TIMED_OUT, Watchdog
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.runtime.cancellation_extension import CancellationExtender
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.runtime.context import CaseContext, ContextLoader
from orderdesk_sdk.runtime.due_run import CHECK_INTERVAL, CaseGroup, DueRun, JobHooks, RoundObserver, RunningJob
from orderdesk_sdk.runtime.event_processor import EventProcessor
from orderdesk_sdk.runtime.handlers.base import CaseHandler
from orderdesk_sdk.runtime.handlers.cancellation import CancellationHandler
from orderdesk_sdk.runtime.handlers.email import CancellationEmail
from orderdesk_sdk.runtime.handlers.resubmission import ResubmissionHandler
from orderdesk_sdk.runtime.handlers.status_change import StatusChangeHandler
from orderdesk_sdk.runtime.listeners import Listeners
from orderdesk_sdk.transport.shutdown import Shutdown

__all__ = ["Scheduler", "RunReport"]

C = TypeVar("C", bound=Case)

_log = RoomLogger("runtime")
MAX_EVENTS = 1000
"""How many order events are handled at a time."""
WAIT_INTERVAL = 0.02
"""Seconds between two looks at whether all is finished."""
MAX_AGE = 1.0
"""Seconds after which a piece of work that was read is read again before it is begun."""

JobFunction = Callable[[CaseGroup, Watchdog], object]


@frozen
class RunReport:
    """What `run_due` did.

    Args:
        next_due: when the next work is due; None when nothing is open.
        problems: one line each.
    """

    handled: int
    next_due: datetime | None
    problems: tuple[str, ...] = ()


class Scheduler:
    """Advances work on demand.

    One piece of work is never done twice at once in this process; the ledger's fence guards the rest.
    """

    def __init__(
        self,
        ledger: Ledger,
        order_store: OrderStoreById,
        connections: Connections,
        listeners: Listeners,
        email: CancellationEmail,
        clock: Clock,
        shutdown: Shutdown,
    ) -> None:
        self._ledger = ledger
        self._shutdown = shutdown
        self._connections = connections
        self._clock = clock
        self._loader = ContextLoader(ledger, order_store, connections, listeners, clock)
        self.extender = CancellationExtender(self._loader, order_store, connections)
        self._cancellations = CancellationHandler(self._loader, self.extender, connections, email)
        self._resubmissions = ResubmissionHandler(self._loader, order_store, connections)
        self._status_changes = StatusChangeHandler(self._loader, order_store, connections)
        handlers: tuple[CaseHandler[Any], ...] = (self._cancellations, self._resubmissions, self._status_changes)
        self._handlers: Mapping[type[Case], CaseHandler[Any]] = {handler.kind: handler for handler in handlers}
        self.event_processor: EventProcessor | None = None
        """Set once it is made, because it acts through what is made of this scheduler; None: events are left alone."""
        self._lock = threading.Lock()
        self._in_progress: set[str] = set()
        self._unfinished: tuple[RunningJob, ...] = ()
        self._this_thread = threading.local()

    def process(self, cases: Sequence[CancelCase], context: Mapping[str, CaseContext]) -> tuple[CancelCase, ...]:
        """Advance these new cases now and return them as they are then.

        Args:
            context: per connection, what was just read. Raises what kept an attempt from being written down,
                StorageError say; the cases are in the ledger and go on when they are due.
        """
        after: dict[str, CancelCase] = {}

        def step(job: CaseGroup, watch: Watchdog) -> None:
            (case,) = job
            assert isinstance(case, CancelCase), "what was just read is about cancels"
            after[case.id] = self._cancellations.handle(case, watch, context.get(case.connection))

        for error in self._errors(self._run([(case,) for case in cases], step)).values():
            raise error
        # Only the ledger knows where a case is that raised, was given up, or is handled by another process.
        return tuple(after.get(case.id) or self._ledger.case(case.id, CancelCase) for case in cases)

    def request_for(self, case_id: str) -> CancelRequest:
        """What an open case's present route is asked to do. Raises InvalidStateError for a settled one."""
        case = self._ledger.case(case_id, CancelCase)
        if not case.is_open:
            raise InvalidStateError(f"nothing is sent while the case is {case.state.value}", location=f"case {case_id}")
        return self._cancellations.build_request(case)

    def poll(self, case: C) -> C:
        """Ask the service now what became of it; the case as it is then. Raises what the poll raises."""
        self._process_one(case, lambda job, watch: self._handler(job[0]).poll(job[0], watch))
        return self._latest(case)

    def retry(self, case: C, requested_by: str) -> C:
        """Send a request again on a person's word. Raises InvalidStateError where the state forbids it."""
        self._process_one(case, lambda job, watch: self._handler(job[0]).retry(job[0], watch, requested_by))
        return self._latest(case)

    def settle(self, case: C, event: Event, *notes: str) -> C:
        """Settle a case by a person's verdict, whatever its kind. Raises InvalidStateError where it cannot be."""
        self._handler(case).before_verdict(case, event)
        return self._loader.apply(case, event, *notes)

    def resubmit(self, case: ResubmitCase, coverage: CancellationCoverage) -> ResubmitCase:
        """Do what is due of a resubmission that was just opened; it as it is then.

        Args:
            coverage: what was read for it.
        """
        return self._process_opened(case, lambda watch: self._resubmissions.handle(case, watch, coverage))

    def change_status(self, case: StatusCase, order: Order, remote_order: RemoteOrder) -> StatusCase:
        """Do what is due of a status change that was just opened; it as it is then."""
        return self._process_opened(case, lambda watch: self._status_changes.handle(case, watch, (order, remote_order)))

    def _process_opened(self, case: C, handle: Callable[[Watchdog], object]) -> C:
        if case.is_open:
            # What keeps it from being done now, leaves it due.
            self._run([(case,)], lambda _, watch: handle(watch))
        return self._latest(case)

    def handle_due_case(self, case: Case) -> bool:
        """Do what is due of one case, with those that are asked for together with it, and let the rules act.

        False where another has it, or took it meanwhile. Raises what kept it from being handled.
        """
        groups = self._batches_of(case, True) or [(case,)]
        its = [group for group in groups if any(one.id == case.id for one in group)]
        started = self._submit(its, self._handle_group)
        self._wait(started)
        for _, job in started:
            if job.error is not None and not job.timed_out and not isinstance(job.error, ConflictError):
                raise job.error
        with self.without_waiting():
            self.process_events()
        return bool(started) and not any(isinstance(job.error, ConflictError) for _, job in started)

    def run_due(
        self, limit: int, observer: RoundObserver | None = None, *, overdue_by: timedelta = timedelta(0)
    ) -> RunReport:
        """Handle due cases, then the order events that are pending, until nothing is due; when the next case is due.

        Each connection's share is done by itself. Where more than `limit` cases are due, this returns when so many
        were begun; whoever is slow then is finished beside the next call. Nothing is begun once the desk ends. What
        keeps events from being handled is a problem of the report, and they stay pending.

        Args:
            observer: is told of the cases that were handled, and may end the round; None: nobody.
            overdue_by: only what has been due for so long.
        """
        handled, problems = self._handle_due(limit, observer, overdue_by)
        while True:
            with self.without_waiting():  # What rules want is asked by connection as well.
                events, troubles = self.process_events(limit)
            problems += troubles
            if not events or self._shutdown.is_requested or (observer is not None and observer.is_stopped):
                return RunReport(handled, self._ledger.next_due(), problems)
            more, troubles = self._handle_due(limit, observer, overdue_by)
            handled, problems = handled + more, problems + troubles

    def process_events(
        self, limit: int = MAX_EVENTS, *, confirmed: Collection[str] = ()
    ) -> tuple[int, tuple[str, ...]]:
        """Handle the order events that are pending; how many were handled, and the problems, a line each.

        Args:
            confirmed: ids of moves that the caller knows to be made.
        """
        if self.event_processor is None:
            return 0, ()
        try:
            return self.event_processor.process(limit, confirmed=confirmed)
        except OrderDeskError as error:  # A rule that names an unknown action must not stop what is due.
            return 0, (str(error),)

    def _handle_due(
        self, limit: int, observer: RoundObserver | None, overdue_by: timedelta
    ) -> tuple[int, tuple[str, ...]]:
        """Handle due cases; how many were begun, and the problems, a line each."""
        troubles: dict[str, BaseException] = {}

        def end(flight: RunningJob) -> None:
            try:
                if flight.handle.timed_out:
                    self._abandon(flight.cases, flight.handle.watchdog)
            except Exception as error:  # noqa: BLE001 - the ledger or the host may be away now; the others go on
                troubles[flight.cases[0].id] = error
            troubles.update(self._errors([(flight.cases, flight.handle)]))
            trouble = troubles.get(flight.cases[0].id)
            if trouble is not None:
                _log.warning("not handled: %s; due again", type(trouble).__name__, about=LogSubject.of(*flight.cases))
            if observer is not None:
                observer.on_handled(flight.cases)

        self._ledger.correct_clock_skew(self._clock.now())
        problems = self.extender.resume_registrations()
        with self._lock:
            left, self._unfinished = self._unfinished, ()
        hooks = JobHooks(self._start, end, self._batches_of, lambda: observer is not None and observer.is_stopped)
        turn = DueRun(
            self._ledger, self._connections, lambda: self._clock.now() - overdue_by, self._shutdown, hooks, left
        )
        left = turn.run(limit)
        with self._lock:
            self._unfinished += left
        problems += tuple(f"{work_id}: {error}" for work_id, error in troubles.items())
        return turn.started, problems + self._ledger.damaged()

    @contextmanager
    def without_waiting(self) -> Iterator[None]:
        """Within the block this thread waits for no slow connection: what is not done at once is recorded, and due."""
        self._this_thread.passes = True
        try:
            yield
        finally:
            self._this_thread.passes = False

    def wait_until_idle(self) -> None:
        """Return when nothing is under way any more. The desk's ending must have begun."""
        while not self._connections.are_idle():
            time.sleep(WAIT_INTERVAL)
        self._shutdown.wait_until_idle()

    def _start(self, job: CaseGroup, read_at: float, then: Callable[[], None]) -> Job | None:
        def step(job: CaseGroup, watch: Watchdog) -> None:
            # A queue may be long: what another process has done meanwhile is seen before anything is read for it.
            if time.monotonic() - read_at > MAX_AGE:
                job = tuple(case for case in job if self._latest(case).version == case.version)
            if job:
                self._handle_group(job, watch)

        tickets = self._submit([job], step, then)
        return tickets[0][1] if tickets else None

    def apply(self, case: C, event: Event, *notes: str) -> C:
        """Change a case by what a person decided or reported, and tell the listeners."""
        return self._loader.apply(case, event, *notes)

    def now(self) -> datetime:
        """The time by the desk's clock."""
        return self._clock.now()

    def _batches_of(self, case: Case, is_first: bool) -> Sequence[CaseGroup] | None:
        """The groups that a case goes in, all those of its connection; none but for the first that asks.

        None for one that goes by itself.
        """
        handler = self._handler(case)
        batch = handler.batch_key(case)
        if batch is None:
            return None
        return [tuple(group) for group in handler.batches(case.connection, batch)] if is_first else ()

    def _handle_group(self, job: CaseGroup, watchdog: Watchdog) -> None:
        first = job[0]
        handler = self._handler(first)
        if handler.batch_key(first) is not None:
            handler.handle_batch(job, watchdog)
        else:
            handler.handle(first, watchdog)

    def _handler(self, case: Case) -> CaseHandler[Any]:
        return self._handlers[type(case)]

    def _latest(self, case: C) -> C:
        return self._ledger.case(case.id, type(case))

    def _process_one(self, case: Case, step: JobFunction) -> None:
        tickets = self._submit([(case,)], step)
        if not tickets:
            raise ConflictError("The case is being processed", location=case.id, hint="try again in a moment")
        self._wait(tickets)
        error = tickets[0][1].error
        if error is not None and not tickets[0][1].timed_out:
            raise error

    def _run(self, jobs: Iterable[CaseGroup], step: JobFunction) -> list[tuple[CaseGroup, Job]]:
        if getattr(self._this_thread, "passes", False):
            return self._run_without_waiting(jobs, step)
        tickets = self._submit(jobs, step)
        self._wait(tickets)
        return tickets

    def _run_without_waiting(self, jobs: Iterable[CaseGroup], step: JobFunction) -> list[tuple[CaseGroup, Job]]:
        """Begin what has a thread to itself; what has ended a moment later. The rest is left to the next round."""
        tickets = self._submit([job for job in jobs if self._connections.bulkhead(job[0].connection).has_room], step)
        until = time.monotonic() + CHECK_INTERVAL
        ended = [pair for pair in tickets if pair[1].done.wait(max(0.0, until - time.monotonic()))]
        with self._lock:
            self._unfinished += tuple(RunningJob(job, ticket) for job, ticket in tickets if (job, ticket) not in ended)
        self._wait(ended)
        return ended

    @staticmethod
    def _errors(running: Iterable[tuple[CaseGroup, Job]]) -> dict[str, BaseException]:
        """What went wrong, by case. A conflict is nothing wrong, and a hung ticket has been dealt with."""
        return {
            job[0].id: ticket.error
            for job, ticket in running
            if ticket.error is not None and not ticket.timed_out and not isinstance(ticket.error, ConflictError)
        }

    def _submit(
        self, jobs: Iterable[CaseGroup], step: JobFunction, then: Callable[[], None] | None = None
    ) -> list[tuple[CaseGroup, Job]]:
        tickets: list[tuple[CaseGroup, Job]] = []
        for job in jobs:
            with self._lock:
                # A group goes together or not at all: who is missing from it now is asked for with the next one.
                if any(case.id in self._in_progress for case in job):
                    continue
                self._in_progress.update(case.id for case in job)
            bulkhead = self._connections.bulkhead(job[0].connection)
            tickets.append((job, bulkhead.submit(lambda watch, job=job: self._guarded(job, watch, step), then)))  # type: ignore[misc]  # mypy infers no default; it binds the value now
        return tickets

    def _guarded(self, job: CaseGroup, watchdog: Watchdog, step: JobFunction) -> None:
        try:
            if self._shutdown.is_requested:
                raise ConflictError("the desk ends", location=job[0].id, hint="open a desk again to continue")
            with log_subject(LogSubject.of(*job)):
                step(job, watchdog)
        finally:
            if not watchdog.is_abandoned:  # Else it was released with the thread, and another may have it again.
                self._release(job)

    def _release(self, job: CaseGroup) -> None:
        with self._lock:
            self._in_progress.difference_update(case.id for case in job)

    def _wait(self, running: Sequence[tuple[CaseGroup, Job]]) -> None:
        waiting = list(running)
        while waiting:
            job, ticket = waiting[0]
            if ticket.done.wait(CHECK_INTERVAL):
                waiting.pop(0)
                if ticket.timed_out:
                    self._abandon(job, ticket.watchdog)
                continue
            for name in {job[0].connection for job, _ in waiting}:
                self._connections.bulkhead(name).abandon_stuck_jobs()

    def _abandon(self, job: CaseGroup, watchdog: Watchdog) -> None:
        self._release(job)
        if watchdog.on_abandon is not None:
            watchdog.on_abandon()
        for case in job:
            # Another process may have settled it meanwhile.
            with suppress(ConflictError):
                timeout = self._connections.bulkhead(case.connection).timeout
                self._handler(case).abandon(case.id, f"{TIMED_OUT}: {timeout:g} s without a request")
