"""Advancing a case: what is due now is done, once, and what came of it is in the ledger before anybody hears of it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import assert_never

from attrs import evolve

from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.damage import DamagedRow
from orderdesk_sdk.cases.evidence_check import About, Grounds
from orderdesk_sdk.cases.exchange import Certainty, Intent, Loss
from orderdesk_sdk.cases.policy import requesting
from orderdesk_sdk.cases.policy.deadlines import PATIENCE
from orderdesk_sdk.cases.policy.escalation import hand_over, is_window_open
from orderdesk_sdk.cases.policy.polling import entries_of
from orderdesk_sdk.cases.state_machine import Event, EventKind, transition
from orderdesk_sdk.errors import (
    ConfigurationError,
    InputError,
    NotAllowedError,
    NotFoundError,
    OrderDeskError,
    PluginFault,
)
from orderdesk_sdk.orders.order import Placement
from orderdesk_sdk.plugin.answer import Answer, Outcome
from orderdesk_sdk.plugin.guard import Watch
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.routes import Batch, Button
from orderdesk_sdk.runtime.added_remote_orders import Reach
from orderdesk_sdk.runtime.connections import Connection, Connections
from orderdesk_sdk.runtime.context import LEASE, Casebook, Known
from orderdesk_sdk.runtime.flow_runner import Fault, drive
from orderdesk_sdk.runtime.handlers.cancel_call import Asker
from orderdesk_sdk.runtime.handlers.email import Post
from orderdesk_sdk.runtime.journal import ReadingJournal

__all__ = ["CaseAdvancer"]

LOST_LOOK = Loss(Certainty.NOT_DONE, "the plugin failed")


class CaseAdvancer:
    """Does for a case what is due. Runs on a thread of the connection's bulkhead."""

    def __init__(self, book: Casebook, reach: Reach, connections: Connections, post: Post) -> None:
        self._book = book
        self._reach = reach
        self._connections = connections
        self._clock = book.clock
        self._asker = Asker(book, post)

    def advance(
        self, case: Case, watch: Watch, *, check: bool = False, person: str | None = None, known: Known | None = None
    ) -> Case:
        """Do what is due and return the case as it is then.

        check: read back now, whatever is due. person: somebody who decided that the request is to be sent again.
        known: what was read just now; None reads it.
        Raises ConflictError when somebody else has the case, and to whoever asked for it by name what kept it from
        being done; in the course of things that is written into the case.
        """
        try:
            return self._advanced(case, watch, check=check, person=person, known=known)
        except (InputError, ConfigurationError, PluginFault) as error:
            if check or person is not None:
                raise
            return self._unusable(self._book.ledger.case(case.id), error)
        except DamagedRow as error:  # Of its wish, its history or another case of its order: a backup may mend it.
            if check or person is not None:
                raise
            return self._damaged(self._book.ledger.case(case.id), error)

    def _advanced(self, case: Case, watch: Watch, *, check: bool, person: str | None, known: Known | None) -> Case:
        try:
            connection = self._connections.get(case.connection)
            placement = known.placement if known is not None else self._placement(case)
        except DamagedRow:
            raise
        except OrderDeskError as error:
            return self._unusable(case, error)
        integration = connection.integration
        now = self._clock.now()
        if case.state is State.SENDING:
            return self._asker.resume(case, connection, placement, watch)
        if check or case.state is State.HEARD:
            return self._check(case, connection, placement, watch)
        if person is not None:
            self._demand_turn(case)
            return self._ask(case, connection, known, watch, person=person)
        if requesting.is_overdue(case, now):
            return self._end_patience(case, connection, placement, watch)
        if case.state in (State.ASKED, State.UNCLEAR):
            first = self._book.others_first(case) if case.resend else None
            if first is not None and first.kind is EventKind.HAND_OVER:
                return self._book.apply(case, first)
            if first is not None and first.kind is EventKind.WAIT:
                # It is read again when the others are settled: what allows a second request must be fresh then.
                return self._book.apply(case, evolve(first, kind=EventKind.STILL_PENDING))
            # What was read before a pause allows nothing any more, nor does it once the way has closed.
            timely = now - case.updated_at < LEASE and is_window_open(case, integration, placement, now)
            if case.resend and first is None and timely:
                return self._ask(case, connection, known, watch)
            return self._check(case, connection, placement, watch)
        if case.state is State.AWAITING_PERSON:
            return case if case.remind_at is None else self._check(case, connection, placement, watch)
        event = self._before(case, connection, placement)
        if _is_by_time(case, event, now):
            case = self._read(case, connection, placement, watch) or case
            if case.state is not State.REQUESTED:
                return case
            event = self._before(case, connection, placement)
        if event is not None:
            after = self._instead(case, event, known or self._book.known(case))
            return self.advance(after, watch) if event.kind is EventKind.CLIMB else after
        after = self._ask(case, connection, known, watch)
        # That was the last try: whoever comes next is not kept waiting for another look at it.
        return self.advance(after, watch) if requesting.is_spent(after, self._clock.now()) else after

    def batch(self, case: Case) -> Batch | None:
        """How a requested case that was gathered is asked for together with others; None: by itself."""
        if case.state is not State.REQUESTED or not case.gathered:
            return None
        integration = self._connections.integration(case.connection)
        return None if isinstance(integration, str) else _batch(case, integration.cancel)

    def advance_many(self, cases: Sequence[Case], watch: Watch) -> None:
        """Do what is due for requested cases of one connection that are asked for together."""
        connection = self._connections.get(cases[0].connection)
        wanted = []
        for case in cases:
            try:
                self._placement(case)
                known = self._book.known(case)
            except NotFoundError as error:
                self._unusable(case, error)
                continue
            event = self._before(case, connection, known.placement)
            if event is None:
                wanted.append((case, known))
            elif _is_by_time(case, event, self._clock.now()):
                self.advance(case, watch, known=known)
            else:
                self._instead(case, event, known)
        if wanted:
            self._asker.ask_many(wanted, connection, watch)

    def request(self, case: Case) -> CancelRequest:
        """What the case's present route is asked to do. Raises what keeps it from being asked."""
        return self._book.cancel_request(case, self._connections.get(case.connection), self._book.known(case))

    def give_up(self, case_id: str, text: str) -> Case:
        """Settle what a hanging plugin left: its case is taken from it and goes on without it."""
        case = self._book.ledger.case(case_id)
        integration = self._connections.integration(case.connection)
        declared = None if isinstance(integration, str) else integration
        return self._book.apply(
            case, requesting.after_fault(case, declared, text, self._clock.now(), sent=self._has_sent(case))
        )

    def _placement(self, case: Case) -> Placement:
        """The placement of a case, after a look whether its order has come to a place that nobody has asked."""
        placements = self._book.placements(case)
        self._reach.cover(case.order_id, placements)
        return self._book.placement(case, placements)

    def _ask(
        self, case: Case, connection: Connection, known: Known | None, watch: Watch, *, person: str | None = None
    ) -> Case:
        return self._asker.ask(case, connection, known or self._book.known(case), watch, person=person)

    def _before(self, case: Case, connection: Connection, placement: Placement) -> Event | None:
        """What a requested case does instead of being asked for now; None: it is asked for."""
        now = self._clock.now()
        integration = connection.integration
        event = self._book.others_first(case) or requesting.begin(case, integration, placement, now)
        if event is None and integration.unavailable is not None:
            why = integration.unavailable(connection.settings)
            event = hand_over(case, now, why, "cancel it there by hand, then confirm or refuse") if why else None
        if event is None and not case.gathered:
            batch = _batch(case, integration.cancel)
            event = requesting.gather(batch, now) if batch is not None else None
        return event

    def _instead(self, case: Case, event: Event, known: Known) -> Case:
        """Apply what comes instead of asking. A person is not asked to do either what a listener forbids."""
        vetoed, notes = self._book.veto(case, known) if event.kind is EventKind.HAND_OVER else (None, ())
        return vetoed or self._book.apply(case, event, *notes)

    def _demand_turn(self, case: Case) -> None:
        """Law 8 holds for persons too."""
        first = self._book.others_first(case)
        if first is not None:
            raise NotAllowedError(
                first.text or "the cart has to wait",
                place=f"case {case.id}",
                remedy="a cart is told last: settle the others, or confirm what a person has done at the cart",
            )

    def _end_patience(self, case: Case, connection: Connection, placement: Placement, watch: Watch) -> Case:
        """Patience has run out: the case is read a last time, and only then goes on without the service's word."""
        read = self._read(case, connection, placement, watch) or case
        if (read.state, read.route) != (case.state, case.route):
            return read
        lapsed = evolve(read, due_at=case.due_at, remind_at=case.remind_at)
        event = requesting.overdue(lapsed, connection.integration, placement, self._clock.now())
        told_nothing = read is not case and case.state is not State.AWAITING_PERSON and read.tries > 0
        if event is None or (event.kind is EventKind.CLIMB and told_nothing and read.tries < PATIENCE.faults):
            return read  # After a pause a service that does not answer at once is asked again before others are.
        return self._book.apply(read, event)

    def _check(self, case: Case, connection: Connection, placement: Placement, watch: Watch) -> Case:
        return self._read(case, connection, placement, watch) or self._cannot_check(case)

    def _read(self, case: Case, connection: Connection, placement: Placement, watch: Watch) -> Case | None:
        """The case after a read-back; None, and nothing is written, where there is nothing to read."""
        now = self._clock.now()
        integration = connection.integration
        if not connection.loaded.manager.hook.orderdesk_check.get_hookimpls():
            return None
        event = Event(EventKind.CHECK, now, due_at=now + LEASE)
        checking = transition(case, event)
        journal = ReadingJournal(self._book.ledger, case, checking, (event,))
        request = self._book.check_request(case, placement)
        driven = drive(
            lambda: connection.loaded.manager.hook.orderdesk_check(request=request, service=connection.service(now)),
            Answer,
            connection.client,
            journal,
            Grounds(connection.identities, (About.of(request),)),
            watch=watch,
            since=case.updated_at,
        )
        now = self._clock.now()
        match driven.outcome:
            case Answer(outcome=Outcome.UNCLEAR) if not journal.has_called:
                # The flow knows without asking that this connection has nothing to read: asking again tells no more.
                return None
            case Answer() as answer:
                result = requesting.after_check(checking, integration, placement, answer, now)
                self._book.note_status(case, answer)
            case Loss() as loss:
                result = requesting.after_check(checking, integration, placement, requesting.unread(loss), now)
            case Fault(text) if case.state is State.REQUESTED:
                told = requesting.after_check(checking, integration, placement, requesting.unread(LOST_LOOK), now)
                result = evolve(told, fault=text)
            case Fault(text):
                result = requesting.after_fault(checking, integration, text, now, sent=False)
            case _:
                assert_never(driven.outcome)
        entries = entries_of(checking, result)
        after = checking
        for entry in entries:
            after = transition(after, entry)
        written = journal.finish(after, *entries)
        assert isinstance(written, Case)
        for entry in entries:
            self._book.tell(written, entry)
        return written

    def _cannot_check(self, case: Case) -> Case:
        if case.state in (State.HEARD, State.ASKED, State.UNCLEAR):
            heard = case.state is State.HEARD
            text = "it is said to be canceled there, and" if heard else "nobody knows what the request did, and"
            event = hand_over(case, self._clock.now(), f"{text} the service cannot be read back")
            return self._book.apply(case, event)
        raise PluginFault(
            "this integration cannot be read back",
            place=f"case {case.id}",
            remedy="find out at the service, then confirm or refuse the case",
        )

    def _damaged(self, case: Case, error: DamagedRow) -> Case:
        now = self._clock.now()
        if case.state is State.SENDING:  # What was sent cannot be read, so nothing of it may be sent again.
            return self._book.apply(case, hand_over(case, now, str(error), error.remedy))
        return self._book.apply(case, requesting.unusable(case, error, now))

    def _unusable(self, case: Case, error: OrderDeskError) -> Case:
        now = self._clock.now()
        if case.state is State.SENDING:
            event = requesting.after_fault(case, None, str(error), now, sent=self._has_sent(case))
        else:
            event = requesting.unusable(case, error, now)
        known: Known | None = None
        if case.state is State.REQUESTED:
            with suppress(NotFoundError):
                known = self._book.known(case)
        if known is None:
            return self._book.apply(case, event)
        return self._instead(case, self._book.others_first(case) or event, known)

    def _has_sent(self, case: Case) -> bool:
        return any(isinstance(entry, Intent) and not entry.reads_only for entry in self._book.attempt(case))


def _is_by_time(case: Case, event: Event | None, now: datetime) -> bool:
    """Whether a requested case would go another way, or on with one, by the clock alone, so that a look comes first.

    event: what it does instead of being asked for; None: it is asked for.
    """
    paused = now - case.updated_at >= LEASE
    if event is None:
        return paused and case.asked_at is not None
    decides = event.kind in (EventKind.CLIMB, EventKind.HAND_OVER, EventKind.NO_ROUTE)
    return decides and (paused or case.asked_at is not None)


def _batch(case: Case, ladder: Sequence[object]) -> Batch | None:
    route = ladder[case.route] if case.route < len(ladder) else None
    return route.batch if isinstance(route, Button) else None
