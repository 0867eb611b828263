"""Requests to cancel that others make of us: taken in once, decided, withdrawn. The answer is sent when it is due."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from attrs import evolve

from orderdesk_sdk.cases.case import OPEN, State
from orderdesk_sdk.cases.events import OrderEvent, OrderEventKind
from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger
from orderdesk_sdk.cases.policy.responding import VerdictKind, places_behind, places_verdict
from orderdesk_sdk.cases.response import ResponseCase, ResponseDecision, response_key
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.validation import is_whole
from orderdesk_sdk.clock import hours
from orderdesk_sdk.desk.parts import DeskParts, require_actor
from orderdesk_sdk.desk.request_actions import DeskRequestActions
from orderdesk_sdk.desk.rule_trigger import then_rules_act
from orderdesk_sdk.errors import InProgressError, InvalidStateError, ValidationError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.cancel_requests import CancelRequests, RequestedCancellation, ResponseAnswer
from orderdesk_sdk.plugin.line_names import resolve_lines
from orderdesk_sdk.runtime.connection_config import Answering
from orderdesk_sdk.runtime.connections import Connection
from orderdesk_sdk.runtime.context import read_coverage

__all__ = ["ResponseService"]

_log = RoomLogger("desk")
ATTENTION_AFTER = hours(24)
"""When a person is told of a request without an answer, where no deadline is known."""


class ResponseService:
    """What others request of us, and what we answer. Reached as `desk.responses`."""

    def __init__(self, parts: DeskParts, actions: DeskRequestActions) -> None:
        self._ledger = parts.ledger
        self._order_store = parts.order_store
        self._connections = parts.connections
        self._scheduler = parts.scheduler
        self._clock = parts.clock
        self.rule_trigger = parts.rule_trigger
        self._actions = actions

    def list(self, *, order: str | None = None, open_only: bool = False) -> tuple[ResponseCase, ...]:
        """The requests that others made, oldest first; at most 1000.

        Args:
            order: an order's id or number; None takes all.
        """
        order_id = self._order_store.resolve(order).id if order is not None else None
        return self._ledger.cases(ResponseCase, order_id=order_id, states=tuple(OPEN) if open_only else ())

    def receive(self, order: Order, connection: Connection, request: RequestedCancellation, *, by: str) -> ResponseCase:
        """Take a request in; its case as it is then. The same request again gives the same case, and changes nothing.

        For whoever has read it at the service, or cannot. The rules do not act on it at once.

        Args:
            by: who tells of it, for the history.

        Raises InvalidStateError where the connection takes no requests, InProgressError where another request about the
        order is open there: it is taken in when that one has its answer.
        """
        declared = connection.cancel_requests
        if declared is None:
            raise InvalidStateError(
                "the connection takes no requests to cancel", location=f"connection {connection.name!r}"
            )
        remote = self._remote_order(order, connection.name)
        wanted = self._draft(order, remote, connection, declared, request)
        opened, is_new = self._open(wanted)
        if opened.request.request_id != request.request_id:
            raise InProgressError(
                f"the request {opened.request.request_id} about the order is open",
                location=f"order {order.number} at {connection.name}",
                hint="answer that one first",
            )
        values = {"connection": opened.connection, "integration": opened.integration}
        told = OrderEvent(
            f"requested {opened.id}", OrderEventKind.CANCEL_REQUESTED, order.id, opened.created_at, values
        )
        self._ledger.add_events([told])
        if is_new:
            _log.info(
                "request to cancel taken in", about=LogSubject(order_number=order.number, connection=connection.name)
            )
            self._ledger.append(opened, [f"{by} tells of the request {request.request_id}"], if_unchanged=False)
            return self._scheduler.respond(opened)
        return opened

    def _remote_order(self, order: Order, connection: str) -> RemoteOrder:
        for remote in self._order_store.remote_orders(order.id):
            if remote.connection == connection:
                return remote
        raise InvalidStateError(
            "the order is not registered at this connection", location=f"order {order.number} at {connection}"
        )

    def _open(self, wanted: ResponseCase) -> tuple[ResponseCase, bool]:
        """Record the case, or find the one of its request. One that was withdrawn and is made again is a new one."""

        def under_way(cases: Sequence[ResponseCase]) -> ResponseCase | None:
            return next((one for one in cases if one.is_open and one.connection == wanted.connection), None)

        key = response_key(wanted.connection, wanted.request.request_id)
        generation = 0
        while True:
            named = key if not generation else f"{key} (again {generation})"
            opened, is_new = self._ledger.open_case(wanted, named, under_way)
            if is_new or opened.state is not State.WITHDRAWN:
                return opened, is_new
            generation += 1

    def _draft(
        self,
        order: Order,
        remote: RemoteOrder,
        connection: Connection,
        declared: CancelRequests,
        request: RequestedCancellation,
    ) -> ResponseCase:
        now = self._clock.now()
        made = min(request.requested_at or now, now)
        answer_by = request.answer_by or (made + declared.deadline if declared.deadline is not None else None)
        escalate_at = answer_by - declared.escalate_before if answer_by is not None else made + ATTENTION_AFTER
        return ResponseCase(
            id=f"q{secrets.token_hex(6)}",
            order_id=order.id,
            order_number=order.number,
            connection=connection.name,
            integration=connection.integration.slug,
            remote_id=remote.remote_id,
            role=remote.role,
            requested_by=connection.integration.title,
            state=State.PENDING,
            created_at=now,
            updated_at=now,
            due_at=now,
            request=evolve(request, lines=_by_id(order, request), requested_at=made),
            silence=declared.silence,
            answer_by=answer_by,
            escalate_at=max(escalate_at, now),
            decision=ResponseDecision() if connection.answering is Answering.AUTOMATIC else None,
        )

    def withdraw(self, case: ResponseCase, *, by: str) -> ResponseCase:
        """The asker took a request back: withdraw what was not sent for it. What is canceled stays so, and is told.

        A request that may have been answered already stays as it is; reading finds out.
        """
        if case.state not in (State.PENDING, State.ACTION_REQUIRED):
            return case
        late = self._actions.withdraw(case, by=by)
        text = f"{by}: the request was withdrawn" + (f"; it was too late at {', '.join(late)}" if late else "")
        event = Event(EventKind.WITHDRAWN, self._clock.now(), message=text)
        try:
            return self._scheduler.settle(case, event)
        except InvalidStateError:  # Our answer may be on its way: whoever reads it there finds out.
            return self._ledger.case(case.id, ResponseCase)

    @then_rules_act
    def accept(self, case_id: str, *, by: str, note: str | None = None) -> ResponseCase:
        """Accept a request: the fulfillment services are asked to cancel, and when all have settled that is answered.

        Where they have all settled and what they said decides nothing, it is accepted on this person's word. Raises
        InvalidStateError where a service has refused, or has not settled.
        """
        case, person = self._undecided(case_id), require_actor(by)
        decision = ResponseDecision(None, person, text=note)
        was_rejected = case.decision is not None and case.decision.answer is ResponseAnswer.REJECT and case.decision.by
        if case.decision is not None and not was_rejected:
            self._require_clear(case)
            decision = ResponseDecision(ResponseAnswer.ACCEPT, person, text=note)
        return self._decide(case, decision, f"{person} accepts the request{_noted(note)}")

    @then_rules_act
    def reject(
        self, case_id: str, *, by: str, rejection: Rejection = Rejection.NOT_ALLOWED, note: str | None = None
    ) -> ResponseCase:
        """Reject a request. Raises InvalidStateError while a fulfillment service is being asked to cancel.

        Args:
            rejection: why, which is told in the asker's own code where it has one.
            note: the same in words, for the asker.
        """
        case, person = self._undecided(case_id), require_actor(by)
        coverage = read_coverage(self._ledger, self._order_store, self._order_store.get_order(case.order_id))
        behind = {place.connection for place in places_behind(coverage, case)}
        being_asked = [one.connection for one in coverage.open() if one.connection in behind]
        if being_asked:
            raise InvalidStateError(
                f"the order is being canceled at {', '.join(being_asked)}",
                location=f"case {case.id}",
                hint="withdraw that cancellation, or wait until it is settled",
            )
        decision = ResponseDecision(ResponseAnswer.REJECT, person, rejection, note)
        return self._decide(case, decision, f"{person} rejects the request ({rejection.value}){_noted(note)}")

    def _undecided(self, case_id: str) -> ResponseCase:
        """A case whose answer may still be decided. Raises InvalidStateError."""
        case = self._ledger.case(case_id, ResponseCase)
        if case.state not in (State.PENDING, State.ACTION_REQUIRED) or self._scheduler.may_have_answered(case):
            hint = (
                "confirm or reject the case, or send the answer again with `orderdesk retry`" if case.is_open else None
            )
            raise InvalidStateError(
                f"the answer cannot be decided any more: the case is {case.state.value}",
                location=f"case {case_id}",
                hint=hint,
            )
        return case

    def _require_clear(self, case: ResponseCase) -> None:
        """Raises InvalidStateError unless a person may accept what the services have not all canceled."""
        declared = self._connections.get(case.connection).cancel_requests
        coverage = read_coverage(self._ledger, self._order_store, self._order_store.get_order(case.order_id))
        verdict = places_verdict(coverage, case, by_line=declared is not None and declared.by_line)
        if verdict.kind in (VerdictKind.WAIT, VerdictKind.REJECT):
            raise InvalidStateError(
                f"the request cannot be accepted: {verdict.message}",
                location=f"case {case.id}",
                hint="settle the cancellation there first; what the service says decides",
            )

    def _decide(self, case: ResponseCase, decision: ResponseDecision, text: str) -> ResponseCase:
        now: datetime = self._clock.now()
        event = Event(EventKind.DECIDED, now, due_at=now, message=text, person=decision.by, decision=decision)
        return self._scheduler.respond(self._scheduler.apply(case, event))


def _by_id(order: Order, request: RequestedCancellation) -> dict[str, int]:
    """What is requested, by line id; as it came where the order has no such line."""
    try:
        lines = resolve_lines(order, request.lines)
    except ValidationError:
        return dict(request.lines)
    return {} if is_whole(order, lines) else lines


def _noted(note: str | None) -> str:
    return f": {note}" if note else ""
