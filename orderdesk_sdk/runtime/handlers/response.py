"""Responses: somebody else's request to cancel is answered, once, and only after what is behind it has settled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from attrs import evolve, frozen

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.coverage import CancellationCoverage
from orderdesk_sdk.cases.evidence import Evidence
from orderdesk_sdk.cases.policy import responding
from orderdesk_sdk.cases.policy.responding import PlacesVerdict, VerdictKind
from orderdesk_sdk.cases.response import ResponseCase, ResponseDecision
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.errors import ConflictError, InvalidStateError, NotFoundError, OrderDeskError, StorageError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.orders.store_by_id import OrderStoreById
from orderdesk_sdk.plugin.answer import Answer, Outcome
from orderdesk_sdk.plugin.cancel_requests import ResponseAnswer, SilenceMeans
from orderdesk_sdk.plugin.guard import Watchdog
from orderdesk_sdk.plugin.requests import RespondRequest
from orderdesk_sdk.runtime.connections import Connection, Connections
from orderdesk_sdk.runtime.context import ContextLoader, read_coverage
from orderdesk_sdk.runtime.handlers.read_first import ReadFirstHandler
from orderdesk_sdk.runtime.journal import SendCondition

__all__ = ["RequestActions", "ResponseContext", "ResponseHandler"]

_UNDECIDED = "no answer was decided yet"


class RequestActions(Protocol):
    """What a request to cancel leads to beside its answer. Done again after a crash, each does nothing new."""

    def cancel_at(self, case: ResponseCase, places: Sequence[RemoteOrder]) -> None:
        """Open the cancellation of what was requested at these fulfillment services. Raises what `Desk.cancel` does."""

    def report_accepted(self, case: ResponseCase) -> None:
        """Have the order read at the asker, where it counts as canceled now."""


@frozen
class ResponseContext:
    """What a response is decided by, as it was read at one moment."""

    order: Order
    remote_order: RemoteOrder
    coverage: CancellationCoverage


class ResponseHandler(ReadFirstHandler[ResponseCase, RespondRequest, Answer, ResponseContext]):
    """Handles responses.

    Args:
        actions: gives what a request leads to; None where nobody acts, so that requests wait for a person.
    """

    kind = ResponseCase
    result_type = Answer
    find_out_hint = "find out at the service whether our answer was taken, then confirm or reject the case"

    def __init__(
        self,
        loader: ContextLoader,
        order_store: OrderStoreById,
        connections: Connections,
        actions: Callable[[], RequestActions],
    ) -> None:
        super().__init__(loader, order_store, connections)
        self._actions = actions

    def handle(self, case: ResponseCase, watchdog: Watchdog, context: ResponseContext | None = None) -> ResponseCase:
        while case.state in (State.PENDING, State.ACTION_REQUIRED) and not self._attempts_of_unknown_outcome(case):
            event = self._next_step(case)
            if event is None:
                break
            case = self._loader.apply(case, event)
            if event.kind is not EventKind.DECIDED:
                return case
        return super().handle(case, watchdog, context)

    def may_have_answered(self, case: ResponseCase) -> bool:
        """Whether an answer of ours may have reached the asker."""
        return bool(self._attempts_of_unknown_outcome(case))

    def _next_step(self, case: ResponseCase) -> Event | None:
        """What happens to a case of which nothing may be on its way; None: its answer is sent."""
        now = self._clock.now()
        why = self._why_closed(case, now)
        if why is not None:
            if case.silence is SilenceMeans.ACCEPTED:
                self._actions().report_accepted(case)
            return responding.expire(case, now, why or None)
        if case.decision is None:
            return _until_decided(case, now)
        try:
            return self._toward_answer(case, case.decision, now)
        except StorageError:
            raise
        except OrderDeskError as error:  # A connection that cannot be used, an order store that is away: it passes.
            waits = PlacesVerdict(VerdictKind.WAIT, f"cannot be decided now: {error}")
            return responding.wait_for_places(case, waits, now)

    def _toward_answer(self, case: ResponseCase, decision: ResponseDecision, now: datetime) -> Event | None:
        if decision.by is None or decision.answer is None:
            verdict = self._verdict(case, self.read(case).coverage)
            if verdict.kind is VerdictKind.WAIT and (event := self._ask_places(case, now)):
                return event
            if verdict.kind in (VerdictKind.WAIT, VerdictKind.PERSON):
                return responding.wait_for_places(case, verdict, now)
            event = responding.decide(case, verdict, now)
            if event is not None:
                return event
        if case.state is State.ACTION_REQUIRED:
            return responding.remind(case, now)
        by_hand = self._by_hand(case)
        if by_hand is None:
            return None
        text = f"A person answers this request: {case.answer.value if case.answer else ''}; {case.message or ''}"
        return responding.escalate_response(case, now, text.strip("; "), f"{by_hand}; then confirm the case")

    def _ask_places(self, case: ResponseCase, now: datetime) -> Event | None:
        """Have the fulfillment services asked that were not; the event of one that cannot be, None where all are."""
        try:
            places = responding.uncovered_places(self.read(case).coverage, case)
            if places:
                self._actions().cancel_at(case, places)
        except (StorageError, ConflictError, InvalidStateError):
            raise
        except OrderDeskError as error:
            if case.state is State.ACTION_REQUIRED:
                return responding.remind(case, now)
            text = f"The fulfillment services cannot be asked: {error}"
            return responding.escalate_response(case, now, text, error.hint)
        return None

    def _verdict(self, case: ResponseCase, coverage: CancellationCoverage) -> PlacesVerdict:
        declared = self._connections.get(case.connection).cancel_requests
        return responding.places_verdict(coverage, case, by_line=declared is not None and declared.by_line)

    def _why_closed(self, case: ResponseCase, now: datetime) -> str | None:
        """What closed the request: "" for the clock, a sentence for anything else; None while it is open."""
        if case.is_overdue(now):
            return ""
        with suppress(OrderDeskError):  # A folder or a connection that cannot be read closes nothing.
            folder = self._connections.describe(case.connection).request_folder
            # By the store's spelling, and an error where there is no such folder: it was renamed, and closes nothing.
            named = self._order_store.resolve_folder_name(folder) if folder is not None else None
            if named is not None and self._order_store.folder_of(case.order_id) != named:
                return f"The order left the folder {folder!r}, which closed the request"
        return None

    def _by_hand(self, case: ResponseCase) -> str | None:
        declared = self._connections.get(case.connection).cancel_requests
        if declared is None:
            return "the integration answers no requests any more: answer at the service"
        return declared.by_hand(case.answer) if case.answer is not None else None

    def start_flow(self, request: RespondRequest, connection: Connection, now: datetime) -> object:
        hook = connection.plugin.manager.hook.orderdesk_respond
        started: object = hook(request=request, service=connection.service(now))
        return started

    def read(self, case: ResponseCase) -> ResponseContext:
        order = self._order_store.get_order(case.order_id)
        coverage = read_coverage(self._ledger, self._order_store, order)
        for remote_order in coverage.remote_orders:
            if remote_order.connection == case.connection:
                return ResponseContext(order, remote_order, coverage)
        raise NotFoundError(
            "the order is no longer registered at this connection",
            location=f"order {case.order_number} at {case.connection}",
            hint="register it again with `orderdesk register`",
        )

    def build_request(self, case: ResponseCase, context: ResponseContext, *, may_exist: bool) -> RespondRequest:
        decision = case.decision
        if decision is None or decision.answer is None:
            raise InvalidStateError(_UNDECIDED, location=f"case {case.id}", hint="decide with `orderdesk answer`")
        declared = self._connections.get(case.connection).cancel_requests
        codes = declared.codes if declared is not None else {}
        rejection = decision.rejection
        return RespondRequest(
            context.order,
            context.remote_order,
            case.request.request_id,
            decision.answer,
            case.lines,
            decision.lines,
            rejection,
            codes.get(rejection) if rejection is not None else None,
            decision.text,
            may_exist,
        )

    def why_blocked(self, context: ResponseContext) -> str | None:  # noqa: ARG002 - `send_condition` asks each time
        return None

    def send_condition(self, case: ResponseCase) -> SendCondition:
        def why() -> str | None:
            try:
                return self._why_not(case)
            except OrderDeskError as error:
                return error.message

        return SendCondition(why, case.order_id)

    def _why_not(self, case: ResponseCase) -> str | None:
        """Why this answer must not be given now; None where what is behind it has settled, and says so still."""
        decision, coverage = case.decision, self.read(case).coverage
        if decision is None or decision.answer is None:
            return _UNDECIDED
        if case.is_overdue(self._clock.now()):
            return "the deadline has passed"
        verdict = self._verdict(case, coverage)
        if decision.by is not None:
            behind = {place.connection for place in responding.places_behind(coverage, case)}
            unsettled = [one.connection for one in coverage.open() if one.connection in behind]
            return f"the cancellation is not settled at {', '.join(unsettled)}" if unsettled else None
        event = responding.decide(case, verdict, self._clock.now())
        is_settled = verdict.kind not in (VerdictKind.WAIT, VerdictKind.PERSON)
        return None if is_settled and event is None else f"the answer would be another now: {verdict.message}"

    def description(self, case: ResponseCase) -> str:
        answer = case.answer.value if case.answer is not None else "nothing"
        return f"answering {answer} to the request {case.request.request_id} about {case.remote_id}"

    def settle_by_result(
        self,
        sending_case: ResponseCase,
        outcome: Answer,
        evidence: Evidence | None,
        now: datetime,
        *,
        may_have_sent: bool,  # noqa: ARG002 - what it is, counts
    ) -> Event | None:
        if outcome.outcome is not Outcome.CHANGED:
            return None
        if sending_case.answer is ResponseAnswer.ACCEPT:
            # Before it is settled: after a crash between the two it is found answered again, and this does nothing new.
            self._actions().report_accepted(sending_case)
        decided = sending_case.decision.text if sending_case.decision is not None else None
        message = outcome.message or decided
        return Event(EventKind.DONE, now, message=message, service_status=outcome.status, evidence=evidence)

    def save_confirmed(self, case: ResponseCase, by: str) -> None:  # noqa: ARG002 - whoever it was, it is read there
        if case.answer is ResponseAnswer.ACCEPT:
            self._actions().report_accepted(case)

    def due_in_time(self, case: ResponseCase, event: Event) -> Event:
        if event.due_at is None:
            return event
        return evolve(event, due_at=responding.due_before_deadline(case, event.due_at, event.at))


def _until_decided(case: ResponseCase, now: datetime) -> Event:
    """The event of a request of which nobody has decided what becomes of it."""
    if case.state is State.ACTION_REQUIRED:
        return responding.remind(case, now)
    when = f"; answer by {case.answer_by:%Y-%m-%d %H:%M} UTC" if case.answer_by is not None else ""
    why = f": {case.request.reason}" if case.request.reason else ""
    return responding.escalate_response(case, now, f"{case.requested_by} asks us to cancel{why}{when}")
