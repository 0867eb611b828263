"""Advancing a case: what is due now is done, once, and what came of it is in the ledger before anybody hears of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from attrs import evolve, frozen

from orderdesk_sdk import followup
from orderdesk_sdk.answer import Answer, Outcome, Refusal
from orderdesk_sdk.case import Cancellation, Case, Event, EventKind, State, transition
from orderdesk_sdk.clock import Clock, minutes
from orderdesk_sdk.connections import Connection, Connections
from orderdesk_sdk.declaration import Email
from orderdesk_sdk.errors import ConfigurationError, InputError, NotFoundError, OrderDeskError, PluginFault
from orderdesk_sdk.exchange import Exchange, Intent
from orderdesk_sdk.flow import Driven, Fault, Recorded, drive
from orderdesk_sdk.hosts import Host
from orderdesk_sdk.journal import WorkJournal
from orderdesk_sdk.ledger import Ledger, Write
from orderdesk_sdk.listeners import Listeners
from orderdesk_sdk.order import Order, Placement, Role
from orderdesk_sdk.posting import Post, identity_of
from orderdesk_sdk.reasons import resolve_reason
from orderdesk_sdk.request import CancelRequest, CheckRequest
from orderdesk_sdk.workers import Watch

__all__ = ["LEASE", "CaseAdvancer", "Known"]

LEASE = minutes(5)
"""How long a claim holds. Whoever has not finished by then is taken for dead; what it still writes is fenced off."""
LOOK_AGAIN = minutes(1)
"""How often a cart that waits for the others looks again."""


@frozen
class Known:
    """What the opener of a case has just read, so that its first advance need not read it again."""

    order: Order
    placement: Placement
    wish: Cancellation


class CaseAdvancer:
    """Does for a case what is due. Runs on a thread of the connection's bulkhead."""

    def __init__(
        self, ledger: Ledger, host: Host, connections: Connections, listeners: Listeners, post: Post, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._host = host
        self._connections = connections
        self._listeners = listeners
        self._post = post
        self._clock = clock

    def advance(
        self, case: Case, watch: Watch, *, check: bool = False, person: str | None = None, known: Known | None = None
    ) -> Case:
        """Do what is due and return the case as it is then.

        check: read back now, whatever is due. person: somebody who decided that the request is to be sent again.
        known: what was read just now; None reads it.
        Raises ConflictError when somebody else has the case.
        """
        try:
            connection = self._connections.get(case.connection)
        except OrderDeskError as error:
            return self._unusable(case, error)
        integration = connection.integration
        now = self._clock.now()
        try:
            placement = known.placement if known is not None else self._placement(case)
        except NotFoundError as error:
            return self._unusable(case, error)
        if case.state is State.SENDING:
            return self._resume(case, connection, placement, watch)
        if check:
            return self._check(case, connection, placement, watch)
        if person is not None:
            return self._send(case, connection, placement, watch, person=person)
        event = followup.overdue(case, integration, placement, now)
        if event is not None:
            return self._apply(case, event)
        if case.state in (State.ASKED, State.UNCLEAR):
            if case.resend:
                return self._send(case, connection, placement, watch)
            return self._check(case, connection, placement, watch)
        if case.state is State.AWAITING_PERSON:
            return case
        event = self._others_first(case) or followup.begin(case, integration, placement, now)
        if event is None and integration.unavailable is not None:
            why = integration.unavailable(connection.settings)
            event = (
                followup.to_person(case, why, now, "cancel it there by hand, then confirm or refuse") if why else None
            )
        if event is not None:
            after = self._apply(case, event)
            climbed = event.kind is EventKind.CLIMB
            return self.advance(after, watch) if climbed else after
        return self._send(case, connection, placement, watch, known=known)

    def request(self, case: Case) -> CancelRequest:
        """What the case's present route is asked to do. Raises what keeps it from being asked."""
        return self._request(case, self._connections.get(case.connection), self._placement(case))

    def give_up(self, case_id: str, text: str) -> Case:
        """Settle what a hanging plugin left: its case is taken from it and goes on without it."""
        case = self._ledger.case(case_id)
        integration = self._connections.integration(case.connection)
        sent = any(isinstance(entry, Intent) and not entry.reads_only for entry in self._attempt(case))
        declared = None if isinstance(integration, str) else integration
        return self._apply(case, followup.after_fault(case, declared, text, self._clock.now(), sent=sent))

    def _send(
        self,
        case: Case,
        connection: Connection,
        placement: Placement,
        watch: Watch,
        *,
        person: str | None = None,
        known: Known | None = None,
    ) -> Case:
        now = self._clock.now()
        integration = connection.integration
        fault = integration.remote_id.fault(case.remote_id) if integration.remote_id is not None else None
        if fault is not None:
            remedy = "cancel it in the service's own portal, then confirm or refuse this case"
            return self._apply(case, followup.to_person(case, fault, now, remedy))
        try:
            request = self._request(case, connection, placement, known)
        except InputError as error:
            return self._apply(case, followup.to_person(case, error.text, now, error.remedy))
        notes: tuple[str, ...] = ()
        if case.state is State.REQUESTED and case.attempt == 0:
            veto, notes = self._listeners.veto(request)
            if veto is not None:
                text = connection.client.redactor.text(veto)
                return self._apply(case, Event(EventKind.REFUSED, now, refusal=Refusal.VETOED, text=text), *notes)
        event = Event(EventKind.SEND, now, due_at=now + LEASE, person=person, repeatable=True)
        sending = transition(case, event)
        journal = WorkJournal(self._ledger, case, sending, (*notes, event))
        route = integration.cancel[case.route]
        if isinstance(route, Email):
            return self._post_mail(sending, connection, request, route, journal)
        driven = drive(
            lambda: connection.loaded.manager.hook.orderdesk_cancel(request=request, service=connection.service(now)),
            Answer,
            connection.client,
            journal,
            watch=watch,
        )
        return self._finish(sending, connection, placement, journal, driven)

    def _resume(self, case: Case, connection: Connection, placement: Placement, watch: Watch) -> Case:
        """The sending process is gone: drive its flow again from the record, never past a write of unknown fate."""
        now = self._clock.now()
        entries = self._attempt(case)
        began = next((entry.at for entry in entries if isinstance(entry, Event) and entry.kind is EventKind.SEND), now)
        recorded = Recorded(
            {entry.number: entry for entry in entries if isinstance(entry, Intent)}
            | {entry.intent.number: entry.intent for entry in entries if isinstance(entry, Exchange)},
            {entry.intent.number: entry for entry in entries if isinstance(entry, Exchange)},
        )
        route = connection.integration.cancel[case.route]
        if isinstance(route, Email):
            identity = next(identity_of(entry) for entry in entries if isinstance(entry, Intent))
            text = "the process ended while the mail was on its way"
            return self._apply(case, followup.after_loss_of_mail(case, text, identity, now))
        event = Event(EventKind.RESUME, now, due_at=now + LEASE)
        resumed = transition(case, event)
        journal = WorkJournal(self._ledger, case, resumed, (event,))
        request = self._request(case, connection, placement)
        driven = drive(
            lambda: connection.loaded.manager.hook.orderdesk_cancel(request=request, service=connection.service(began)),
            Answer,
            connection.client,
            journal,
            recorded,
            watch,
        )
        return self._finish(resumed, connection, placement, journal, driven)

    def _finish(
        self, sending: Case, connection: Connection, placement: Placement, journal: WorkJournal, driven: Driven[Answer]
    ) -> Case:
        now = self._clock.now()
        integration = connection.integration
        sent = evolve(sending, repeatable=driven.repeatable and driven.wrote)
        match driven.outcome:
            case Answer() as answer:
                event = followup.after_cancel(sent, integration, placement, answer, now)
                self._note_status(sending, answer)
            case followup.Loss() as loss:
                event = followup.after_loss(sent, integration, loss, now)
            case Fault(text):
                event = followup.after_fault(sent, integration, text, now, sent=driven.wrote)
            case _:
                assert_never(driven.outcome)
        after = transition(sending, event)
        journal.finish(after, event)
        self._tell(after, event)
        return after

    def _check(self, case: Case, connection: Connection, placement: Placement, watch: Watch) -> Case:
        now = self._clock.now()
        integration = connection.integration
        if not connection.loaded.manager.hook.orderdesk_check.get_hookimpls():
            return self._cannot_check(case)
        event = Event(EventKind.CHECK, now, due_at=now + LEASE)
        checking = transition(case, event)
        journal = WorkJournal(self._ledger, case, checking, (event,))
        order, lines = self._host.order(case.order_id), self._wish(case).lines
        request = CheckRequest(order, placement, case.asked_at, lines, case.reference)
        driven = drive(
            lambda: connection.loaded.manager.hook.orderdesk_check(request=request, service=connection.service(now)),
            Answer,
            connection.client,
            journal,
            watch=watch,
        )
        now = self._clock.now()
        match driven.outcome:
            case Answer(outcome=Outcome.UNCLEAR) if not journal.has_called:
                # The flow knows without asking that this connection has nothing to read: asking again tells no more.
                return self._cannot_check(case)
            case Answer() as answer:
                result = followup.after_check(checking, integration, placement, answer, now)
                self._note_status(case, answer)
            case followup.Loss() as loss:
                result = followup.after_check(checking, integration, placement, followup.unread(loss), now)
            case Fault(text):
                result = followup.after_fault(checking, integration, text, now, sent=False)
            case _:
                assert_never(driven.outcome)
        after = transition(checking, result)
        journal.finish(after, result)
        self._tell(after, result)
        return after

    def _cannot_check(self, case: Case) -> Case:
        if case.state in (State.ASKED, State.UNCLEAR):
            text = "nobody knows what the request did, and the service cannot be read back"
            return self._apply(case, followup.to_person(case, text, self._clock.now()))
        raise PluginFault(
            "this integration cannot be read back",
            place=f"case {case.id}",
            remedy="find out at the service, then confirm or refuse the case",
        )

    def _unusable(self, case: Case, error: OrderDeskError) -> Case:
        now = self._clock.now()
        if case.state is State.SENDING:
            sent = any(isinstance(entry, Intent) and not entry.reads_only for entry in self._attempt(case))
            event = followup.after_fault(case, None, str(error), now, sent=sent)
        else:
            event = followup.unusable(case, error, now)
        return self._apply(case, event)

    def _others_first(self, case: Case) -> Event | None:
        """Law 8: a cart is told last, after every fulfillment case settled as canceled; None when it may be told."""
        if case.role is not Role.CART:
            return None
        now = self._clock.now()
        # Of all wishes: a cart that was registered after the first one must wait for what that one asked elsewhere.
        latest = {other.connection: other for other in self._ledger.cases(order_id=case.order_id)}
        others = [other for other in latest.values() if other.role is not Role.CART]
        against = [
            f"{other.connection} ({other.state.value})"
            for other in others
            if not other.is_open and other.state is not State.CANCELED
        ]
        against += [
            f"{placement.connection} (never asked)"
            for placement in self._host.placements(case.order_id)
            if placement.role is not Role.CART and placement.connection not in latest
        ]
        if against:
            text = f"the cart was left alone, because of {', '.join(against)}"
            if case.asked_at is not None:  # An earlier way has asked it already, so the wish cannot be taken back.
                return followup.to_person(case, text, now)
            return Event(EventKind.WITHDRAW, now, text=text)
        if any(other.is_open for other in others):
            return Event(EventKind.WAIT, now, due_at=now + LOOK_AGAIN, text="waits for the fulfillment services")
        return None

    def _apply(self, case: Case, event: Event, *notes: str) -> Case:
        after = transition(case, event)
        self._ledger.write(Write(case, after, [*notes, event]))
        self._tell(after, event)
        return after

    def _tell(self, case: Case, event: Event) -> None:
        for fault in self._listeners.changed(case, event):
            self._ledger.append(case, [fault], fenced=False)

    def _placement(self, case: Case) -> Placement:
        for placement in self._host.placements(case.order_id):
            if placement.connection == case.connection:
                return placement
        raise NotFoundError(
            f"order {case.order_number} is no longer registered at {case.connection}",
            place=f"case {case.id}",
            remedy="register it again with `orderdesk place`",
        )

    def _wish(self, case: Case) -> Cancellation:
        return next(wish for wish in self._ledger.cancellations(case.order_id) if wish.id == case.cancellation_id)

    def _request(
        self, case: Case, connection: Connection, placement: Placement, known: Known | None = None
    ) -> CancelRequest:
        """What the present route is asked to do. Raises InputError for a reason that it does not take."""
        wish = known.wish if known is not None else self._wish(case)
        order = known.order if known is not None else self._host.order(case.order_id)
        rule = connection.integration.cancel[case.route].reasons
        reason = resolve_reason(rule, wish.reason, connection.settings, order, f"case {case.id}")
        return CancelRequest(order, placement, case.cancellation_id, reason, wish.lines)

    def _post_mail(
        self, sending: Case, connection: Connection, request: CancelRequest, route: Email, journal: WorkJournal
    ) -> Case:
        wish = self._wish(sending)
        try:
            mail = self._post.write(sending, route, connection.settings, wish, request.order, request.placement)
            event = self._post.send(sending, route, mail, journal, connection.client.redactor)
        except ConfigurationError as error:
            # Before a byte of the mail left: it is tried again until somebody mends it.
            event = followup.not_sent(sending, error.text, self._clock.now(), error.remedy)
        after = transition(sending, event)
        journal.finish(after, event)
        self._tell(after, event)
        return after

    def _note_status(self, case: Case, answer: Answer) -> None:
        if answer.status is not None:
            self._host.note_status(case.order_id, case.connection, answer.status, self._clock.now())

    def _attempt(self, case: Case) -> Sequence[object]:
        return [entry.content for entry in self._ledger.history(case.id) if entry.attempt == case.attempt]
