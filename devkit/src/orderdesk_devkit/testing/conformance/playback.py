"""A flow driven by responses that were heard before, without a network: fast enough for thousands of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar, assert_never, cast

import httpx
from attrs import evolve, frozen

from orderdesk_devkit.testing.conformance.mutations import ReplayedResponse
from orderdesk_devkit.testing.fake_client import NOW, FakeJournal, exchange_of, intent_of
from orderdesk_sdk.cases.answer_verification import AnswerVerifier, ExpectedOrder
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Exchange, Intent, TransportLoss
from orderdesk_sdk.cases.policy import failures, polling, requesting
from orderdesk_sdk.cases.policy.deadlines import RETRY_POLICY
from orderdesk_sdk.cases.state_machine import Event, EventKind, transition
from orderdesk_sdk.cases.stated_numbers import UnverifiedAnswerError
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.plugin.answer import EXCHANGE_NUMBER, Answer, Outcome
from orderdesk_sdk.plugin.cancel_requests import CancelRequestList, RequestedCancellation, ResponseAnswer
from orderdesk_sdk.plugin.eligibility import Eligibility
from orderdesk_sdk.plugin.guard import Guard
from orderdesk_sdk.plugin.requests import (
    CancelRequest,
    EligibilityRequest,
    OpenRequestQuery,
    PollRequest,
    RespondRequest,
    ResubmitRequest,
    StatusChangeRequest,
)
from orderdesk_sdk.plugin.routes import Button
from orderdesk_sdk.runtime.connections import Connection
from orderdesk_sdk.runtime.context import LEASE
from orderdesk_sdk.runtime.eligibility_reader import EligibilityJournal
from orderdesk_sdk.runtime.flow_options import FlowOptions
from orderdesk_sdk.runtime.flow_record import Journal
from orderdesk_sdk.runtime.flow_runner import FlowResult, PluginFailure, run_flow
from orderdesk_sdk.runtime.step_log import RouteSteps
from orderdesk_sdk.transport.http.failures import throttling_failure

if TYPE_CHECKING:
    from orderdesk_sdk.plugin.service import Flow
    from orderdesk_sdk.transport.http.client import HttpClient

__all__ = ["EMPTY_RESPONSE", "FlowPlayback", "PlaybackResult"]

T = TypeVar("T")


@frozen
class PlaybackResult:
    """What came of a flow.

    Args:
        requests: those it made.
        plugin_error: the plugin's own, None where there is none.
        case: the case after it; None for a resubmission.
        says_canceled: whether a cancel was answered with canceled, whatever the case made of it.
        is_submitted: whether a resubmission ended with the order being there.
        is_changed: whether a status was set, or a request to cancel answered.
        is_listed: whether the open requests to cancel were listed.
        is_eligible: whether the service was read to say that it would cancel.
        is_without_evidence: whether the fault is an answer that its response cannot give.
    """

    requests: tuple[httpx.Request, ...]
    plugin_error: str | None
    case: CancelCase | None
    says_canceled: bool = False
    is_submitted: bool = False
    is_changed: bool = False
    is_listed: bool = False
    is_eligible: bool = False
    is_without_evidence: bool = False

    @property
    def says_done(self) -> bool:
        """Whether the case is canceled by it, in whole or in part, or what else it is about was done."""
        states = (State.CANCELED, State.PARTIALLY_CANCELED)
        is_canceled = self.case is not None and self.case.state in states
        return is_canceled or self.is_submitted or self.is_changed or self.is_listed or self.is_eligible

    @property
    def calls(self) -> int:
        """How many requests it made."""
        return len(self.requests)


_CANCELED = (Outcome.CANCELED, Outcome.PARTIALLY_CANCELED)
_UNKNOWN_EXCHANGE = 99
"""The number of an exchange that no flow has."""
EMPTY_RESPONSE = ReplayedResponse("nothing that was heard", 200, {"content-type": "application/json"}, b"{}")
"""The response where none was heard, because no call of the flow was ever answered."""


class FlowPlayback:
    """Plays the flows of one connection for one open case of one order.

    Args:
        forging: every answer is said to rest on an exchange that nobody had.
    """

    def __init__(
        self, connection: Connection, cancel: CancelRequest, case: CancelCase, *, forging: bool = False
    ) -> None:
        self._forging = forging
        self._connection = connection
        self._request = cancel
        self._case = case
        self._now = case.created_at

    def cancel(self, responses: Sequence[ReplayedResponse]) -> PlaybackResult:
        """Ask to cancel; the last response answers all further calls."""
        sending = transition(
            self._case, Event(EventKind.SEND_STARTED, self._now, due_at=self._now + LEASE, idempotent=True)
        ).case
        hook = self._connection.plugin.manager.hook
        if hook.orderdesk_cancel.get_hookimpls():
            driven, requests = self._run_flow(
                lambda: hook.orderdesk_cancel(request=self._request, service=self._service),
                Answer,
                responses,
                self._request,
            )
        else:
            many = (self._request,)
            driven, requests = self._run_flow(
                lambda: _single_answer(hook.orderdesk_cancel_many(requests=many, service=self._service)),
                Answer,
                responses,
                self._request,
            )
        sent = evolve(sending, idempotent=driven.idempotent and driven.may_have_written)
        declared, remote_order = self._connection.integration, self._request.remote_order
        match driven.outcome:
            case Answer() as answer:
                event = requesting.after_cancel(sent, declared, remote_order, answer, self._now)
            case TransportLoss() as loss:
                event = failures.after_loss(sent, declared, loss, self._now)
            case PluginFailure() as fault:
                return _failed(requests, fault)
            case _:
                assert_never(driven.outcome)
        says = isinstance(driven.outcome, Answer) and driven.outcome.outcome in _CANCELED
        return PlaybackResult(requests, None, transition(sending, event).case, says)

    def poll(
        self, responses: Sequence[ReplayedResponse], state: State = State.ACKNOWLEDGED, reference: str | None = None
    ) -> PlaybackResult:
        """Poll a case that is acknowledged or unknown."""
        until = self._now + RETRY_POLICY.give_up_after
        case = evolve(self._case, state=state, last_sent_at=self._now, deadline=until, request_reference=reference)
        checking = transition(case, Event(EventKind.POLL_STARTED, self._now, due_at=self._now + LEASE)).case
        request = PollRequest(self._request.order, self._request.remote_order, self._now, {}, reference)
        hook = self._connection.plugin.manager.hook
        driven, requests = self._run_flow(
            lambda: hook.orderdesk_poll(request=request, service=self._service), Answer, responses, request
        )
        declared, remote_order = self._connection.integration, self._request.remote_order
        match driven.outcome:
            case Answer() as answer:
                event = polling.after_poll(checking, declared, remote_order, answer, self._now)
            case TransportLoss() as loss:
                event = polling.after_poll(
                    checking, declared, remote_order, polling.answer_of_lost_poll(loss), self._now
                )
            case PluginFailure() as fault:
                return _failed(requests, fault)
            case _:
                assert_never(driven.outcome)
        return PlaybackResult(requests, None, transition(checking, event).case)

    def resubmit(self, responses: Sequence[ReplayedResponse]) -> PlaybackResult:
        """Submit the order again."""
        request = ResubmitRequest(evolve(self._request.order, number=f"{self._request.order.number}-1"), None)
        hook = self._connection.plugin.manager.hook
        driven, requests = self._run_flow(
            lambda: hook.orderdesk_resubmit(request=request, service=self._service), RemoteOrder, responses, request
        )
        if isinstance(driven.outcome, PluginFailure):
            return _failed(requests, driven.outcome)
        return PlaybackResult(requests, None, None, is_submitted=isinstance(driven.outcome, RemoteOrder))

    def change_status(self, status: str, responses: Sequence[ReplayedResponse]) -> PlaybackResult:
        """Give the order a status."""
        request = StatusChangeRequest(self._request.order, self._request.remote_order, status)
        hook = self._connection.plugin.manager.hook
        driven, requests = self._run_flow(
            lambda: hook.orderdesk_change_status(request=request, service=self._service), Answer, responses, request
        )
        if isinstance(driven.outcome, PluginFailure):
            return _failed(requests, driven.outcome)
        is_changed = isinstance(driven.outcome, Answer) and driven.outcome.outcome is Outcome.CHANGED
        return PlaybackResult(requests, None, None, is_changed=is_changed)

    def read_eligibility(self, responses: Sequence[ReplayedResponse]) -> PlaybackResult:
        """Read whether the service would cancel."""
        request, journal = EligibilityRequest(self._request.order, self._request.remote_order), EligibilityJournal()
        hook = self._connection.plugin.manager.hook.orderdesk_read_eligibility
        driven, requests = self._run_flow(
            lambda: hook(request=request, service=self._service), Eligibility, responses, self._request, journal
        )
        if isinstance(driven.outcome, PluginFailure):
            return _failed(requests, driven.outcome)
        says_so = isinstance(driven.outcome, Eligibility) and driven.outcome.is_eligible is True
        return PlaybackResult(requests, None, None, is_eligible=says_so and journal.is_about_order)

    def list_requests(self, responses: Sequence[ReplayedResponse]) -> PlaybackResult:
        """List the requests to cancel that are open; no call where the plugin lists none."""
        hook = self._connection.plugin.manager.hook.orderdesk_list_cancel_requests
        if not hook.get_hookimpls():
            return PlaybackResult((), None, None)
        driven, requests = self._run_flow(
            lambda: hook(request=OpenRequestQuery(), service=self._service), CancelRequestList, responses, self._request
        )
        if isinstance(driven.outcome, PluginFailure):
            return _failed(requests, driven.outcome)
        return PlaybackResult(requests, None, None, is_listed=isinstance(driven.outcome, CancelRequestList))

    def respond(
        self, requested: RequestedCancellation, given: ResponseAnswer, responses: Sequence[ReplayedResponse]
    ) -> PlaybackResult:
        """Answer a request to cancel."""
        request = RespondRequest(
            self._request.order, self._request.remote_order, requested.request_id, given, requested.lines
        )
        hook = self._connection.plugin.manager.hook
        driven, requests = self._run_flow(
            lambda: hook.orderdesk_respond(request=request, service=self._service), Answer, responses, request
        )
        if isinstance(driven.outcome, PluginFailure):
            return _failed(requests, driven.outcome)
        is_changed = isinstance(driven.outcome, Answer) and driven.outcome.outcome is Outcome.CHANGED
        return PlaybackResult(requests, None, None, is_changed=is_changed)

    @property
    def _service(self) -> object:
        return self._connection.service(self._now)

    @property
    def _prior_steps(self) -> frozenset[str]:
        buttons = [route for route in self._connection.integration.cancel if isinstance(route, Button)]
        return frozenset(step.name for button in buttons for step in button.prior)

    def _run_flow(
        self,
        start: Callable[[], object],
        result: type[T],
        responses: Sequence[ReplayedResponse],
        request: CancelRequest | PollRequest | ResubmitRequest | StatusChangeRequest | RespondRequest,
        journal: Journal | None = None,
    ) -> tuple[FlowResult[T], tuple[httpx.Request, ...]]:
        client = _ReplayClient(self._connection, responses or (EMPTY_RESPONSE,))
        grounds = AnswerVerifier(self._connection.identified_by, (ExpectedOrder.from_request(request),))
        told = (lambda: _forged(start())) if self._forging else start
        options = FlowOptions(steps=RouteSteps(self._prior_steps))
        driven = run_flow(told, result, cast("HttpClient", client), journal or FakeJournal(), grounds, options)
        return driven, tuple(client.requests)


class _ReplayClient:
    """As much of a client as `drive` uses: says what was heard before."""

    def __init__(self, connection: Connection, responses: Sequence[ReplayedResponse]) -> None:
        self.redactor = connection.client.redactor
        self._throttled = connection.integration.retry_after
        self.requests: list[httpx.Request] = []
        self._replies = responses

    def call(
        self,
        request: httpx.Request,
        number: int,
        record_intent: Callable[[Intent], None],
        guard: Guard | None = None,  # noqa: ARG002 - nothing of the plugin's runs in here
        newer_than: datetime | None = None,  # noqa: ARG002 - nothing is shared
    ) -> tuple[Exchange, httpx.Response | None]:
        record_intent(intent_of(request, number))
        reply = self._replies[min(len(self.requests), len(self._replies) - 1)]
        self.requests.append(request)
        response = httpx.Response(reply.status, headers=reply.headers, content=reply.body, request=request)
        response.extensions[EXCHANGE_NUMBER] = number
        exchange = exchange_of(request, number, status=reply.status, body=reply.body.decode(errors="replace"))
        told = self._throttled(response) if self._throttled is not None else None
        away = throttling_failure(response, NOW, read_only=exchange.intent.read_only, plugin_wait=told)
        return (exchange, response) if away is None else (evolve(exchange, failure=away, is_complete=False), None)


def _failed(requests: tuple[httpx.Request, ...], fault: PluginFailure) -> PlaybackResult:
    return PlaybackResult(
        requests, fault.message, None, is_without_evidence=fault.error_type == UnverifiedAnswerError.__name__
    )


def _single_answer(flow: Flow[Sequence[Answer]]) -> Flow[object]:
    """The flow for one order of a group; an answer that is for all of the group is its as well."""
    answers = yield from flow
    return answers[0] if len(answers) == 1 else answers


def _forged(flow: object) -> object:
    """The flow, whose answer names an exchange that nobody had."""
    return _forging(flow) if isinstance(flow, Generator) else flow


def _forging(
    flow: Generator[httpx.Request, httpx.Response, object],
) -> Generator[httpx.Request, httpx.Response, object]:
    ended = yield from flow
    return evolve(ended, exchange=_UNKNOWN_EXCHANGE) if isinstance(ended, Answer) else ended
