"""The inline engine: due work is done when somebody asks, on the threads of its connections."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.advance import CaseAdvancer, Known
from orderdesk_sdk.case import Case, Event
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.connections import Connections
from orderdesk_sdk.errors import ConflictError
from orderdesk_sdk.hosts import Host
from orderdesk_sdk.ledger import Ledger, Work
from orderdesk_sdk.listeners import Listeners
from orderdesk_sdk.order import Order
from orderdesk_sdk.posting import Post
from orderdesk_sdk.request import CancelRequest
from orderdesk_sdk.resubmission import Resubmission
from orderdesk_sdk.resubmit import Resubmitter
from orderdesk_sdk.workers import HUNG, Ticket, Watch

__all__ = ["InlineEngine", "Report"]

LOOK = 0.25
"""Seconds between two looks at whether a plugin hangs."""


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
        self, ledger: Ledger, host: Host, connections: Connections, listeners: Listeners, post: Post, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._connections = connections
        self._clock = clock
        self._listeners = listeners
        self._advancer = CaseAdvancer(ledger, host, connections, listeners, post, clock)
        self._resubmitter = Resubmitter(ledger, host, connections, clock)
        self._lock = threading.Lock()
        self._under_way: set[str] = set()

    def work(self, cases: Sequence[Case], known: Mapping[str, Known]) -> tuple[Case, ...]:
        """Advance these new cases now and return them as they are then.

        known: per connection, what was just read. Raises what kept an attempt from being written down, LedgerError
        say; the cases are in the ledger and go on when they are due.
        """
        after: dict[str, Case] = {}

        def step(work: Work, watch: Watch) -> None:
            after[work.id] = self._advancer.advance(_case(work), watch, known=known.get(work.connection))

        for error in self._errors(self._run(cases, step)).values():
            raise error
        # Only the ledger knows where a case is that raised, was given up, or is in somebody else's hands.
        return tuple(after.get(case.id) or self._ledger.case(case.id) for case in cases)

    def request(self, case: Case) -> CancelRequest:
        """What a case's present route is asked to do."""
        return self._advancer.request(case)

    def read_back(self, case: Case) -> Case:
        """Check a case now. Raises what the check raises."""
        self._one(case, lambda work, watch: self._advancer.advance(_case(work), watch, check=True))
        return self._ledger.case(case.id)

    def send_again(self, case: Case, by: str) -> Case:
        """Send a case's request again on a person's word. Raises IllegalTransition where the state forbids it."""
        self._one(case, lambda work, watch: self._advancer.advance(_case(work), watch, person=by))
        return self._ledger.case(case.id)

    def resubmit(self, order: Order, *, by: str, at: str | None, number: str | None) -> Resubmission:
        """Open (or find) the resubmission of an order, do what is due, and return it as it is then."""
        opened = self._resubmitter.open(order, by=by, at=at, number=number)
        if opened.is_open:
            self._do([opened], self._advance)
        return self._ledger.resubmission(opened.id)

    def run_due(self, limit: int) -> Report:
        """Do all due work, at most `limit` pieces, each once."""
        due = self._ledger.due(self._clock.now(), limit)
        problems = self._do(due, self._advance)
        return Report(len(due), self._ledger.next_due(), problems)

    def tell(self, case: Case, event: Event) -> None:
        """Tell the listeners of a change that a person made."""
        for fault in self._listeners.changed(case, event):
            self._ledger.append(case, [fault], fenced=False)

    def _advance(self, work: Work, watch: Watch) -> None:
        if isinstance(work, Case):
            self._advancer.advance(work, watch)
        else:
            self._resubmitter.advance(work, watch)

    def _one(self, case: Case, step: Callable[[Work, Watch], object]) -> None:
        tickets = self._submit([case], step)
        if not tickets:
            raise ConflictError(
                "it is being worked on right now", place=f"case {case.id}", remedy="try again in a moment"
            )
        self._wait(tickets)
        error = tickets[0][1].error
        if error is not None and not tickets[0][1].hung:
            raise error

    def _do(self, works: Iterable[Work], step: Callable[[Work, Watch], object]) -> tuple[str, ...]:
        return tuple(f"{work_id}: {error}" for work_id, error in self._errors(self._run(works, step)).items())

    def _run(self, works: Iterable[Work], step: Callable[[Work, Watch], object]) -> list[tuple[Work, Ticket]]:
        tickets = self._submit(works, step)
        self._wait(tickets)
        return tickets

    @staticmethod
    def _errors(tickets: Iterable[tuple[Work, Ticket]]) -> dict[str, BaseException]:
        """What went wrong, by work. A conflict is nothing wrong, and a hung ticket has been dealt with."""
        return {
            work.id: ticket.error
            for work, ticket in tickets
            if ticket.error is not None and not ticket.hung and not isinstance(ticket.error, ConflictError)
        }

    def _submit(self, works: Iterable[Work], step: Callable[[Work, Watch], object]) -> list[tuple[Work, Ticket]]:
        tickets: list[tuple[Work, Ticket]] = []
        for work in works:
            with self._lock:
                if work.id in self._under_way:
                    continue
                self._under_way.add(work.id)
            bulkhead = self._connections.bulkhead(work.connection)
            tickets.append((work, bulkhead.submit(lambda watch, work=work: self._guarded(work, watch, step))))  # type: ignore[misc]
        return tickets

    def _guarded(self, work: Work, watch: Watch, step: Callable[[Work, Watch], object]) -> None:
        try:
            step(work, watch)
        finally:
            with self._lock:
                self._under_way.discard(work.id)

    def _wait(self, tickets: Sequence[tuple[Work, Ticket]]) -> None:
        waiting = list(tickets)
        while waiting:
            work, ticket = waiting[0]
            if ticket.done.wait(LOOK):
                waiting.pop(0)
                if ticket.hung:
                    self._take_away(work)
                continue
            for name in {work.connection for work, _ in waiting}:
                self._connections.bulkhead(name).reap()

    def _take_away(self, work: Work) -> None:
        with self._lock:
            self._under_way.discard(work.id)
        # The plugin's thread may have come back just now, or heard that it was stopped, and settled the work itself.
        with suppress(ConflictError):
            if isinstance(work, Case):
                self._advancer.give_up(work.id, HUNG)
            else:
                self._resubmitter.give_up(work.id, HUNG)


def _case(work: Work) -> Case:
    assert isinstance(work, Case)
    return work
