"""The scheduler: what is due is done on request, on the threads of its connections."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from attrs import frozen

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger
from orderdesk_sdk.errors import ConflictError, InvalidStateError, OrderDeskError
from orderdesk_sdk.runtime.event_processor import EventProcessor
from orderdesk_sdk.runtime.scheduler_dependencies import SchedulerDependencies

if TYPE_CHECKING:
    from orderdesk_sdk.cases.coverage import CancellationCoverage
    from orderdesk_sdk.cases.response import ResponseCase
    from orderdesk_sdk.cases.resubmission import ResubmitCase
    from orderdesk_sdk.cases.state_machine import Event
    from orderdesk_sdk.cases.status_change import StatusCase
    from orderdesk_sdk.orders.order import Order, RemoteOrder
    from orderdesk_sdk.plugin.bulkhead import Job
    from orderdesk_sdk.plugin.guard import Watchdog
    from orderdesk_sdk.plugin.requests import CancelRequest
    from orderdesk_sdk.runtime.cancel_request_lists import RequestPoller
    from orderdesk_sdk.runtime.cancellation_extension import CancellationExtender
    from orderdesk_sdk.runtime.cancellation_opening import CancellationOpening
    from orderdesk_sdk.runtime.case_runner import GroupStep
    from orderdesk_sdk.runtime.context import CaseContext
    from orderdesk_sdk.runtime.due_round import CaseGroup, RoundObserver, RunningGroup
    from orderdesk_sdk.runtime.handlers.response import RequestActions
    from orderdesk_sdk.runtime.scheduler_parts import SchedulerParts

__all__ = ["RunReport", "Scheduler"]

C = TypeVar("C", bound=Case)

_log = RoomLogger("runtime")
MAX_EVENTS = 1000
"""How many order events are handled at a time."""
WAIT_INTERVAL = 0.02
"""Seconds between two looks at whether all is finished."""
MAX_AGE = 1.0
"""Seconds after which a case that was read is read again before it is begun."""

MAX_RELEASE_WAIT = 30.0
"""Seconds that a thread waits at most for another one of this process to be done with a case."""
RECORD_AFTER = 0.05
"""Seconds after which a cancellation is recorded alone whose intent has not brought it into the ledger."""


@frozen
class RunReport:
    """What `run_due` did.

    Args:
        next_due: when the next work is due; None when nothing is open.
        problems: one line each.
        is_complete: whether all was begun that was due; False where it ended before, for its limit or since a slow
            connection kept others waiting.
    """

    handled: int
    next_due: datetime | None
    problems: tuple[str, ...] = ()
    is_complete: bool = True


class Scheduler:
    """Advances work on demand.

    One case is never handled twice at once in this process; the ledger's fence guards the rest.
    """

    def __init__(self, dependencies: SchedulerDependencies) -> None:
        self._dependencies = dependencies
        self._ledger = dependencies.ledger
        self._shutdown = dependencies.shutdown
        self._connections = dependencies.connections
        self._clock = dependencies.clock
        self._listeners = dependencies.listeners
        self._parts_lock = threading.Lock()
        self._made_parts: SchedulerParts | None = None
        self.event_processor: EventProcessor | None = None
        """Set once it is made, because it acts through what is made of this scheduler; None: events are left alone."""
        self.request_actions: RequestActions | None = None
        """Likewise: what others' requests to cancel lead to."""
        self.take_up_changes: Callable[[], None] = lambda: None
        """Likewise: called as a round begins, and a few times a second while it goes on."""
        self.request_poller: RequestPoller | None = None
        """Likewise: finds the requests that others have made; None: they come in by messages alone."""

    @property
    def _parts(self) -> SchedulerParts:
        """Made when they are first asked for."""
        parts = self._made_parts
        if parts is None:
            from orderdesk_sdk.runtime.scheduler_parts import SchedulerParts

            with self._parts_lock:
                parts = self._made_parts = self._made_parts or SchedulerParts(self._dependencies, self._actions)
        return parts

    @property
    def extender(self) -> CancellationExtender:
        """Lets the cancellations of an order reach a connection at which it was registered later."""
        return self._parts.extender

    def process(self, cases: Sequence[CancelCase], context: Mapping[str, CaseContext]) -> tuple[CancelCase, ...]:
        """Advance these new cases now and return them as they are then.

        Args:
            context: per connection, what was just read. Raises what kept an attempt from being written down,
                StorageError say; the cases are in the ledger and go on when they are due.
        """
        after: dict[str, CancelCase] = {}

        def step(group: CaseGroup, watch: Watchdog) -> None:
            (case,) = group
            assert isinstance(case, CancelCase), "what was just read is about cancels"
            after[case.id] = self._parts.cancellations.handle(case, watch, context.get(case.connection))

        for error in self._parts.runner.errors(self._parts.runner.run([(case,) for case in cases], step)).values():
            raise error
        # Only the ledger knows where a case is that raised, was given up, or is handled by another process.
        return tuple(after.get(case.id) or self._ledger.case(case.id, CancelCase) for case in cases)

    def open(self, opening: CancellationOpening, context: Mapping[str, CaseContext]) -> tuple[CancelCase, ...] | None:
        """Record a cancellation and advance its new cases now; they as they are then.

        None where another cancellation was faster. Raises what `process` raises.

        Args:
            context: per connection, what was just read.
        """
        if not self._goes_with_intent(opening):
            if not opening.record()[1]:
                return None
            return self.process((*opening.cases, *opening.followed_cases()), context)[: len(opening.cases)]
        (case,) = opening.cases
        after: list[CancelCase] = []

        def step(_: CaseGroup, watch: Watchdog) -> None:
            after.append(self._parts.cancellations.handle_opening(opening, watch, context[case.connection]))

        started = self._parts.runner.submit([(case,)], step)
        is_done = all(job.done.wait(RECORD_AFTER) and not job.timed_out for _, job in started)
        if is_done or opening.record()[1]:  # Whatever it waits for, the cancellation does not.
            self._parts.runner.wait(started)
        is_new = opening.record()[1]
        for error in self._parts.runner.errors(started).values():
            raise error
        if not is_new:
            return None
        self.process(opening.followed_cases(), {})
        return tuple(after) or (self._ledger.case(case.id, CancelCase),)

    def _goes_with_intent(self, opening: CancellationOpening) -> bool:
        """Whether a cancellation is recorded together with the intent of its case.

        Not where a listener may forbid it or hears of it, nor where a thread for it is not free, or is not waited for.
        """
        if len(opening.cases) != 1 or opening.cases[0].state is not State.PENDING:
            return False
        if self._listeners.can_veto or self._listeners.are_told:
            return False
        return self._parts.runner.waits and self._connections.bulkhead(opening.cases[0].connection).has_room

    def request_for(self, case_id: str) -> CancelRequest:
        """What an open case's present route is asked to do. Raises InvalidStateError for a settled one."""
        case = self._ledger.case(case_id, CancelCase)
        if not case.is_open:
            raise InvalidStateError(f"nothing is sent while the case is {case.state.value}", location=f"case {case_id}")
        return self._parts.cancellations.build_request(case)

    def poll(self, case: C) -> C:
        """Ask the service now what became of it; the case as it is then. Raises what the poll raises."""
        self._process_one(case, lambda _, watch: self._parts.handler(case).poll(case, watch))
        return self._latest(case)

    def retry(self, case: C, requested_by: str) -> C:
        """Send a request again on a person's word. Raises InvalidStateError where the state forbids it."""
        handler = self._parts.handler(case)
        self._process_one(case, lambda _, watch: handler.retry(case, watch, requested_by))
        return self._latest(case)

    def settle(self, case: C, event: Event, *notes: str) -> C:
        """Settle a case by a person's verdict, whatever its kind. Raises InvalidStateError where it cannot be."""
        self._parts.handler(case).before_verdict(case, event)
        return self._parts.loader.apply(case, event, *notes)

    def resubmit(self, case: ResubmitCase, coverage: CancellationCoverage) -> ResubmitCase:
        """Do what is due of a resubmission that was just opened; it as it is then.

        Args:
            coverage: what was read for it.
        """
        return self._process_opened(case, lambda watch: self._parts.resubmissions.handle(case, watch, coverage))

    def change_status(self, case: StatusCase, order: Order, remote_order: RemoteOrder) -> StatusCase:
        """Do what is due of a status change that was just opened; it as it is then."""
        handler, context = self._parts.status_changes, (order, remote_order)
        return self._process_opened(case, lambda watch: handler.handle(case, watch, context))

    def finish_withdrawal(self, case: CancelCase) -> CancelCase:
        """Do what is due of a case that is being withdrawn; it as it is then."""
        return self._process_opened(case, lambda watch: self._parts.cancellations.handle(case, watch))

    def respond(self, case: ResponseCase) -> ResponseCase:
        """Do what is due of a response that was just opened or decided; it as it is then."""
        return self._process_opened(case, lambda watch: self._parts.responses.handle(case, watch))

    def may_have_answered(self, case: ResponseCase) -> bool:
        """Whether an answer of ours may have reached the asker."""
        return self._parts.responses.may_have_answered(case)

    def _actions(self) -> RequestActions:
        assert self.request_actions is not None, "a desk sets it when it is made"
        return self.request_actions

    def _process_opened(self, case: C, handle: Callable[[Watchdog], object]) -> C:
        if case.is_open:
            # What keeps it from being done now, leaves it due.
            self._parts.runner.run([(case,)], lambda _, watch: handle(watch))
        return self._latest(case)

    def handle_due_case(self, case: Case) -> bool:
        """Do what is due of one case, with those that are asked for together with it, and let the rules act.

        False where another has it, or took it meanwhile; where that is a thread of this process, once that is done with
        it. Raises what kept it from being handled.
        """
        groups = self._batches_of(case, True) or [(case,)]
        its = [group for group in groups if any(one.id == case.id for one in group)]
        started = self._parts.runner.submit(its, self._handle_group)
        if not started:
            self._parts.runner.wait_until_released([one for group in its for one in group], MAX_RELEASE_WAIT)
            return False
        self._parts.runner.wait(started)
        for _, job in started:
            if job.error is not None and not job.timed_out and not isinstance(job.error, ConflictError):
                raise job.error
        with self.without_waiting():
            self.process_events()
        return not any(isinstance(job.error, ConflictError) for _, job in started)

    def run_due(
        self, limit: int, observer: RoundObserver | None = None, *, overdue_by: timedelta = timedelta(0)
    ) -> RunReport:
        """Handle due cases, then the order events that are pending, until nothing is due; when the next case is due.

        Each connection's share is done by itself, one step of each case. Where more than `limit` cases are due, this
        returns when so many were begun, and where next steps wait for a slow connection alone, after a moment; whoever
        is slow then is finished beside the next call. Nothing is begun once the desk ends. What keeps events from being
        handled is a problem of the report, and they stay pending.

        Args:
            observer: is told of the cases that were handled, and may end the round; None: nobody.
            overdue_by: only what has been due for so long.
        """
        found = self.request_poller.poll_due() if self.request_poller is not None else ()
        handled, problems, is_complete = self._handle_due(limit, observer, overdue_by)
        problems = (*found, *problems)
        while True:
            with self.without_waiting():  # What rules want is asked by connection as well.
                events, troubles = self.process_events(limit)
            problems += troubles
            if not events or self._shutdown.is_requested or (observer is not None and observer.is_stopped):
                return RunReport(handled, self._ledger.next_due(), problems, is_complete)
            more, troubles, is_complete = self._handle_due(limit, observer, overdue_by)
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
    ) -> tuple[int, tuple[str, ...], bool]:
        """Handle due cases; how many were begun, the problems, a line each, and whether all was begun."""
        from orderdesk_sdk.runtime.due_round import DueRound, RoundHooks  # See `scheduler_parts`.

        troubles: dict[str, BaseException] = {}

        def end(running: RunningGroup) -> None:
            try:
                if running.job.timed_out:
                    self._parts.runner.abandon(running.cases, running.job.watchdog)
            except Exception as error:  # noqa: BLE001 - the ledger or the host may be away now; the others go on
                troubles[running.cases[0].id] = error
            troubles.update(self._parts.runner.errors([(running.cases, running.job)]))
            trouble = troubles.get(running.cases[0].id)
            if trouble is not None:
                _log.warning("not handled: %s; due again", type(trouble).__name__, about=LogSubject.of(*running.cases))
            if observer is not None:
                observer.on_handled(running.cases)

        self._ledger.correct_clock_skew(self._clock.now())
        problems = self._parts.extender.resume_registrations()
        left = self._parts.runner.take_unfinished()
        hooks = RoundHooks(
            self._start,
            end,
            self._batches_of,
            lambda: observer is not None and observer.is_stopped,
            self.take_up_changes,
        )
        due_round = DueRound(
            self._ledger, self._connections, lambda: self._clock.now() - overdue_by, self._shutdown, hooks, left
        )
        self._parts.runner.leave_unfinished(due_round.run(limit))
        problems += tuple(f"{work_id}: {error}" for work_id, error in troubles.items())
        return due_round.started, problems + self._ledger.damaged(), due_round.is_complete

    def without_waiting(self) -> AbstractContextManager[None]:
        """Within the block this thread waits for no slow connection: what is not done at once is recorded, and due."""
        return self._parts.runner.without_waiting()

    def wait_until_idle(self) -> None:
        """Return when nothing is under way any more. The desk's ending must have begun."""
        while not self._connections.are_idle():
            time.sleep(WAIT_INTERVAL)
        self._shutdown.wait_until_idle()

    def _start(self, group: CaseGroup, read_at: float, on_done: Callable[[], None]) -> Job | None:
        def step(group: CaseGroup, watch: Watchdog) -> None:
            # A queue may be long: what another process has done meanwhile is seen before anything is read for it.
            if time.monotonic() - read_at > MAX_AGE:
                group = tuple(case for case in group if self._latest(case).version == case.version)
            if group:
                self._handle_group(group, watch)

        started = self._parts.runner.submit([group], step, on_done)
        return started[0][1] if started else None

    def apply(self, case: C, event: Event, *notes: str) -> C:
        """Change a case by what a person decided or reported, and tell the listeners."""
        return self._parts.loader.apply(case, event, *notes)

    def now(self) -> datetime:
        """The time by the desk's clock."""
        return self._clock.now()

    def _batches_of(self, case: Case, is_first: bool) -> Sequence[CaseGroup] | None:
        """The groups that a case goes in, all those of its connection; none but for the first that asks.

        None for one that goes by itself.
        """
        handler = self._parts.handler(case)
        batch = handler.batch_key(case)
        if batch is None:
            return None
        return [tuple(group) for group in handler.batches(case.connection, batch)] if is_first else ()

    def _handle_group(self, group: CaseGroup, watchdog: Watchdog) -> None:
        first = group[0]
        handler = self._parts.handler(first)
        if handler.batch_key(first) is not None:
            handler.handle_batch(group, watchdog)
        else:
            handler.handle(first, watchdog)

    def _latest(self, case: C) -> C:
        return self._ledger.case(case.id, type(case))

    def _process_one(self, case: Case, step: GroupStep) -> None:
        started = self._parts.runner.submit([(case,)], step)
        if not started:
            raise ConflictError("The case is being processed", location=case.id, hint="try again in a moment")
        self._parts.runner.wait(started)
        job = started[0][1]
        if job.error is not None and not job.timed_out:
            raise job.error
