"""The inline engine: due work is done when somebody asks, on the threads of its connections."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.errand import ErrandState
from orderdesk_sdk.cases.ledger import Ledger, Work
from orderdesk_sdk.cases.policy import requesting
from orderdesk_sdk.cases.resubmission import Resubmission
from orderdesk_sdk.cases.state_machine import Event
from orderdesk_sdk.cases.status_change import StatusChange
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import ConflictError, NotAllowedError
from orderdesk_sdk.orders.by_id import HostById
from orderdesk_sdk.orders.order import Order, Placement
from orderdesk_sdk.plugin.bulkhead import Ticket
from orderdesk_sdk.plugin.guard import HUNG, Watch
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.routes import Batch
from orderdesk_sdk.runtime.added_remote_orders import Reach
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.runtime.context import Casebook, Known
from orderdesk_sdk.runtime.handlers.cancellation import CaseAdvancer
from orderdesk_sdk.runtime.handlers.email import Post
from orderdesk_sdk.runtime.handlers.resubmission import Resubmitter
from orderdesk_sdk.runtime.handlers.status_change import StatusChanger
from orderdesk_sdk.runtime.listeners import Listeners
from orderdesk_sdk.runtime.rounds import LOOK, Flight, Job, Round
from orderdesk_sdk.transport.shutdown import Ending

__all__ = ["InlineEngine", "Report"]

TICK = 0.02
"""Seconds between two looks at whether all is finished."""
MOST_GATHERED = 100_000
"""How many gathered cases of a connection are looked at in one round; the others come with the next."""
STALE = 1.0
"""Seconds after which a piece of work that was read is read again before it is begun."""

Step = Callable[[Job, Watch], object]


@frozen
class Report:
    """What `run_due` did. next_due: when the next work is due; None when nothing is open. problems: one line each."""

    done: int
    next_due: datetime | None
    problems: tuple[str, ...] = ()


class InlineEngine:
    """Advances work on demand.

    One piece of work is never done twice at once in this process; the ledger's fence guards the rest.
    """

    def __init__(
        self,
        ledger: Ledger,
        host: HostById,
        connections: Connections,
        listeners: Listeners,
        post: Post,
        clock: Clock,
        ending: Ending,
    ) -> None:
        self._ledger = ledger
        self._ending = ending
        self._connections = connections
        self._clock = clock
        self._book = Casebook(ledger, host, connections, listeners, clock)
        self.reach = Reach(self._book, host, connections)
        self._advancer = CaseAdvancer(self._book, self.reach, connections, post)
        self._resubmitter = Resubmitter(ledger, host, connections, clock)
        self._status_changer = StatusChanger(ledger, host, connections, clock)
        self._lock = threading.Lock()
        self._under_way: set[str] = set()
        self._left: tuple[Flight, ...] = ()
        self._here = threading.local()

    def work(self, cases: Sequence[Case], known: Mapping[str, Known]) -> tuple[Case, ...]:
        """Advance these new cases now and return them as they are then.

        known: per connection, what was just read. Raises what kept an attempt from being written down, LedgerError
        say; the cases are in the ledger and go on when they are due.
        """
        after: dict[str, Case] = {}

        def step(job: Job, watch: Watch) -> None:
            (case,) = map(_case, job)
            after[case.id] = self._advancer.advance(case, watch, known=known.get(case.connection))

        for error in self._errors(self._run([(case,) for case in cases], step)).values():
            raise error
        # Only the ledger knows where a case is that raised, was given up, or is in somebody else's hands.
        return tuple(after.get(case.id) or self._ledger.case(case.id) for case in cases)

    def request(self, case_id: str) -> CancelRequest:
        """What an open case's present route is asked to do. Raises NotAllowedError for a settled one."""
        case = self._ledger.case(case_id)
        if not case.is_open:
            raise NotAllowedError(f"nothing is asked while it is {case.state.value}", place=f"case {case_id}")
        return self._advancer.request(case)

    def read_back(self, work: Work) -> Work:
        """Read back now what became of it; the work as it is then. Raises what the read-back raises."""
        self._one(work, lambda job, watch: self._drive(job[0], watch, look=True))
        return self._latest(work)

    def send_again(self, work: Work, by: str) -> Work:
        """Send a request again on a person's word. Raises ConflictError where the state forbids it."""
        self._one(work, lambda job, watch: self._drive(job[0], watch, person=by))
        return self._latest(work)

    def decide(self, errand: Resubmission | StatusChange, verdict: ErrandState, *, by: str, note: str | None) -> Work:
        """What a person says of an errand. Raises ConflictError where its state forbids it."""
        match errand:
            case Resubmission():
                return self._resubmitter.decide(errand, verdict, by, note)
            case StatusChange():
                return self._status_changer.decide(errand, verdict, by, note)

    def resubmit(self, order: Order, *, by: str, at: str | None, number: str | None) -> Resubmission:
        """Open (or find) the resubmission of an order, do what is due, and return it as it is then."""
        opened, known = self._resubmitter.open(order, by=by, at=at, number=number)

        def step(job: Job, watch: Watch) -> None:  # noqa: ARG001 - of the one job
            self._resubmitter.advance(opened, watch, known=known)

        if opened.is_open:
            self._run([(opened,)], step)  # What keeps it from being done now, leaves it due.
        return self._ledger.resubmission(opened.id)

    def change_status(
        self, order: Order, placement: Placement, status: str, *, by: str, key: str | None, chain: tuple[str, ...]
    ) -> StatusChange:
        """Open (or find) a status change, do what is due, and return it as it is then."""
        opened = self._status_changer.open(order, placement, status, by=by, key=key, chain=chain)

        def step(job: Job, watch: Watch) -> None:  # noqa: ARG001 - of the one job
            self._status_changer.advance(opened, watch, known=(order, placement))

        if opened.is_open:
            self._run([(opened,)], step)  # What keeps it from being done now, leaves it due.
        return self._ledger.status_change(opened.id)

    def run_due(self, limit: int) -> Report:
        """Do all due work, each piece once, and say when the next is due.

        Each connection's share is done by itself. Where more than `limit` pieces are due, this returns when so many
        were begun; whoever is slow then is finished beside the next call. Nothing is begun once the desk ends.
        """
        troubles: dict[str, BaseException] = {}

        def end(flight: Flight) -> None:
            try:
                if flight.ticket.hung:
                    self._take_away(flight.job, flight.ticket.watch)
            except Exception as error:  # noqa: BLE001 - the ledger or the host may be away now; the others go on
                troubles[flight.job[0].id] = error
            troubles.update(self._errors([(flight.job, flight.ticket)]))

        self._ledger.mind_clock(self._clock.now())
        problems = self.reach.catch_up()
        with self._lock:
            left, self._left = self._left, ()
        turn = Round(self._ledger, self._connections, self._clock, self._ending, self._start, end, self._group, left)
        left = turn.run(limit)
        with self._lock:
            self._left += left
        problems += tuple(f"{work_id}: {error}" for work_id, error in troubles.items())
        problems += tuple(self._ledger.damaged())
        return Report(turn.begun, self._ledger.next_due(), problems)

    @contextmanager
    def in_passing(self) -> Iterator[None]:
        """Within the block this thread waits for nobody who is slow: what is not done at once is recorded, and due."""
        self._here.passes = True
        try:
            yield
        finally:
            self._here.passes = False

    def finish(self) -> None:
        """Return when nothing is under way any more. The desk's ending must have begun."""
        while not self._connections.are_idle():
            time.sleep(TICK)
        self._ending.wait()

    def _start(self, job: Job, read_at: float, then: Callable[[], None]) -> Ticket | None:
        def step(job: Job, watch: Watch) -> None:
            # A queue may be long: what another process has done meanwhile is seen before anything is read for it.
            if time.monotonic() - read_at > STALE:
                job = tuple(work for work in job if self._latest(work).version == work.version)
            if job:
                self._advance(job, watch)

        tickets = self._submit([job], step, then)
        return tickets[0][1] if tickets else None

    def apply(self, case: Case, event: Event, *notes: str) -> Case:
        """Change a case by what a person decided or somebody let us know, and tell the listeners."""
        return self._book.apply(case, event, *notes)

    def now(self) -> datetime:
        """The time by the desk's clock."""
        return self._clock.now()

    def _group(self, work: Work, is_first: bool) -> Sequence[Job] | None:
        """The groups that a piece of work goes in, all those of its connection; none but for the first that asks.

        None for one that goes by itself.
        """
        batch = self._advancer.batch(work) if isinstance(work, Case) else None
        if batch is None:
            return None
        return self._gathered(work.connection, batch) if is_first else ()

    def _gathered(self, connection: str, batch: Batch) -> list[Job]:
        """The groups that a connection is asked for together."""
        # Those that are not due yet as well: they wait for nothing but others to go with.
        waiting = self._ledger.cases(connection=connection, states=(State.REQUESTED,), limit=MOST_GATHERED)
        group = [case for case in waiting if self._advancer.batch(case) is not None]
        if batch.paced:
            group = self._next_call(group, batch)
        return [tuple(group[at : at + batch.most]) for at in range(0, len(group), batch.most)]

    def _next_call(self, group: Sequence[Case], batch: Batch) -> list[Case]:
        """Those of a group that go in the next call, longest due first; the others are told in which later one."""
        now = self._clock.now()
        due = [case for case in group if case.due_at is None or case.due_at <= now]
        if all(case.tries for case in due):  # Who is only tried again takes nobody along whose time has not come.
            group = due
        turn = sorted(group, key=lambda case: case.due_at or now)
        for at, case in enumerate(turn[batch.most :]):
            event = requesting.gather(batch, now, calls=1 + at // batch.most)
            if case.due_at is None or event.due_at is None or case.due_at < event.due_at:
                with suppress(ConflictError):  # Somebody else has it: then it is they who know when it goes on.
                    self._book.apply(case, event)
        return turn[: batch.most]

    def _advance(self, job: Job, watch: Watch) -> None:
        first = job[0]
        if isinstance(first, Case) and self._advancer.batch(first) is not None:
            self._advancer.advance_many([_case(work) for work in job], watch)
        else:
            self._drive(first, watch)

    def _drive(self, work: Work, watch: Watch, *, look: bool = False, person: str | None = None) -> None:
        match work:
            case Resubmission():
                self._resubmitter.advance(work, watch, look=look, person=person)
            case StatusChange():
                self._status_changer.advance(work, watch, look=look, person=person)
            case Case():
                self._advancer.advance(work, watch, check=look, person=person)

    def _latest(self, work: Work) -> Work:
        match work:
            case Resubmission():
                return self._ledger.resubmission(work.id)
            case StatusChange():
                return self._ledger.status_change(work.id)
            case Case():
                return self._ledger.case(work.id)

    def _one(self, work: Work, step: Step) -> None:
        tickets = self._submit([(work,)], step)
        if not tickets:
            raise ConflictError("it is being worked on right now", place=work.id, remedy="try again in a moment")
        self._wait(tickets)
        error = tickets[0][1].error
        if error is not None and not tickets[0][1].hung:
            raise error

    def _run(self, jobs: Iterable[Job], step: Step) -> list[tuple[Job, Ticket]]:
        if getattr(self._here, "passes", False):
            return self._run_in_passing(jobs, step)
        tickets = self._submit(jobs, step)
        self._wait(tickets)
        return tickets

    def _run_in_passing(self, jobs: Iterable[Job], step: Step) -> list[tuple[Job, Ticket]]:
        """Begin what has a thread to itself; what has ended a moment later. The rest is left to the next round."""
        tickets = self._submit([job for job in jobs if self._connections.bulkhead(job[0].connection).has_room], step)
        until = time.monotonic() + LOOK
        ended = [pair for pair in tickets if pair[1].done.wait(max(0.0, until - time.monotonic()))]
        with self._lock:
            self._left += tuple(Flight(job, ticket) for job, ticket in tickets if (job, ticket) not in ended)
        self._wait(ended)
        return ended

    @staticmethod
    def _errors(tickets: Iterable[tuple[Job, Ticket]]) -> dict[str, BaseException]:
        """What went wrong, by work. A conflict is nothing wrong, and a hung ticket has been dealt with."""
        return {
            job[0].id: ticket.error
            for job, ticket in tickets
            if ticket.error is not None and not ticket.hung and not isinstance(ticket.error, ConflictError)
        }

    def _submit(
        self, jobs: Iterable[Job], step: Step, then: Callable[[], None] | None = None
    ) -> list[tuple[Job, Ticket]]:
        tickets: list[tuple[Job, Ticket]] = []
        for job in jobs:
            with self._lock:
                # A group goes together or not at all: who is missing from it now is asked for with the next one.
                if any(work.id in self._under_way for work in job):
                    continue
                self._under_way.update(work.id for work in job)
            bulkhead = self._connections.bulkhead(job[0].connection)
            tickets.append((job, bulkhead.submit(lambda watch, job=job: self._guarded(job, watch, step), then)))  # type: ignore[misc]  # mypy infers no default; it binds the value now
        return tickets

    def _guarded(self, job: Job, watch: Watch, step: Step) -> None:
        try:
            if self._ending.is_near:
                raise ConflictError("the desk ends", place=job[0].id, remedy="it goes on when a desk is opened again")
            step(job, watch)
        finally:
            if not watch.is_left:  # Else whoever left it has done so, and somebody may be at it again.
                self._done_with(job)

    def _done_with(self, job: Job) -> None:
        with self._lock:
            self._under_way.difference_update(work.id for work in job)

    def _wait(self, tickets: Sequence[tuple[Job, Ticket]]) -> None:
        waiting = list(tickets)
        while waiting:
            job, ticket = waiting[0]
            if ticket.done.wait(LOOK):
                waiting.pop(0)
                if ticket.hung:
                    self._take_away(job, ticket.watch)
                continue
            for name in {job[0].connection for job, _ in waiting}:
                self._connections.bulkhead(name).reap()

    def _take_away(self, job: Job, watch: Watch) -> None:
        self._done_with(job)
        if watch.at_leave is not None:
            watch.at_leave()
        for work in job:
            # Somebody else, in another process say, may have settled it meanwhile.
            with suppress(ConflictError):
                match work:
                    case Case():
                        self._advancer.give_up(work.id, HUNG)
                    case Resubmission():
                        self._resubmitter.give_up(work.id, HUNG)
                    case StatusChange():
                        self._status_changer.give_up(work.id, HUNG)


def _case(work: Work) -> Case:
    assert isinstance(work, Case)
    return work
