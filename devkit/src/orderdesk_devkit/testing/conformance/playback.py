"""A flow driven by replies that were heard before, without a network: fast enough for thousands of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar, assert_never, cast

import httpx
from attrs import evolve, frozen

from orderdesk_devkit.testing.conformance.mutations import Reply
from orderdesk_devkit.testing.fake_client import NOW, FakeJournal, exchange_of, intent_of
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.evidence_check import About, Grounds, Unfounded
from orderdesk_sdk.cases.exchange import Exchange, Intent, Loss
from orderdesk_sdk.cases.policy import requesting
from orderdesk_sdk.cases.policy.deadlines import PATIENCE
from orderdesk_sdk.cases.state_machine import Event, EventKind, transition
from orderdesk_sdk.orders.order import Placement
from orderdesk_sdk.plugin.answer import EXCHANGE_NUMBER, Answer, Outcome
from orderdesk_sdk.plugin.guard import Guard
from orderdesk_sdk.plugin.requests import CancelRequest, CheckRequest, ResubmitRequest
from orderdesk_sdk.runtime.connections import Connection
from orderdesk_sdk.runtime.context import LEASE
from orderdesk_sdk.runtime.flow_runner import Driven, Fault, drive
from orderdesk_sdk.transport.http.failures import turned_away

if TYPE_CHECKING:
    from orderdesk_sdk.plugin.service import Flow
    from orderdesk_sdk.transport.http.client import ConnectionClient

__all__ = ["Playback", "Played"]

T = TypeVar("T")


@frozen
class Played:
    """What came of a flow.

    requests: those it made. fault: the plugin's own, None where there is none. case: the case after it; None for a
    resubmission. says_canceled: whether a cancel was answered with canceled, whatever the case made of it.
    is_submitted: whether a resubmission ended with the order being there. is_unfounded: whether the fault is an answer
    that its response cannot give.
    """

    requests: tuple[httpx.Request, ...]
    fault: str | None
    case: Case | None
    says_canceled: bool = False
    is_submitted: bool = False
    is_unfounded: bool = False

    @property
    def says_done(self) -> bool:
        """Whether the case is canceled by it, in whole or in part, or the order submitted."""
        states = (State.CANCELED, State.PARTLY_CANCELED)
        return self.is_submitted or (self.case is not None and self.case.state in states)

    @property
    def calls(self) -> int:
        """How many requests it made."""
        return len(self.requests)


_CANCELED = (Outcome.CANCELED, Outcome.PARTLY_CANCELED)
_NOBODYS = 99
"""The number of an exchange that no flow has."""
_NOTHING = Reply("nothing that was heard", 200, {"content-type": "application/json"}, b"{}")
"""The reply where none was heard, because no call of the flow was ever answered."""


class Playback:
    """Plays the flows of one connection for one open case of one order.

    forging: every answer is said to rest on an exchange that nobody had.
    """

    def __init__(self, connection: Connection, cancel: CancelRequest, case: Case, *, forging: bool = False) -> None:
        self._forging = forging
        self._connection = connection
        self._request = cancel
        self._case = case
        self._now = case.opened_at

    def cancel(self, replies: Sequence[Reply]) -> Played:
        """Ask to cancel; the last reply answers all further calls."""
        sending = transition(self._case, Event(EventKind.SEND, self._now, due_at=self._now + LEASE, repeatable=True))
        hook = self._connection.loaded.manager.hook
        if hook.orderdesk_cancel.get_hookimpls():
            driven, requests = self._drive(
                lambda: hook.orderdesk_cancel(request=self._request, service=self._service),
                Answer,
                replies,
                self._request,
            )
        else:
            many = (self._request,)
            driven, requests = self._drive(
                lambda: _alone(hook.orderdesk_cancel_many(requests=many, service=self._service)),
                Answer,
                replies,
                self._request,
            )
        sent = evolve(sending, repeatable=driven.repeatable and driven.wrote)
        declared, placement = self._connection.integration, self._request.placement
        match driven.outcome:
            case Answer() as answer:
                event = requesting.after_cancel(sent, declared, placement, answer, self._now)
            case Loss() as loss:
                event = requesting.after_loss(sent, declared, loss, self._now)
            case Fault() as fault:
                return _failed(requests, fault)
            case _:
                assert_never(driven.outcome)
        says = isinstance(driven.outcome, Answer) and driven.outcome.outcome in _CANCELED
        return Played(requests, None, transition(sending, event), says)

    def check(self, replies: Sequence[Reply], state: State = State.ASKED, reference: str | None = None) -> Played:
        """Read back a case that is asked or unclear."""
        until = self._now + PATIENCE.give_up
        case = evolve(self._case, state=state, asked_at=self._now, give_up_at=until, reference=reference)
        checking = transition(case, Event(EventKind.CHECK, self._now, due_at=self._now + LEASE))
        request = CheckRequest(self._request.order, self._request.placement, self._now, {}, reference)
        hook = self._connection.loaded.manager.hook
        driven, requests = self._drive(
            lambda: hook.orderdesk_check(request=request, service=self._service), Answer, replies, request
        )
        declared, placement = self._connection.integration, self._request.placement
        match driven.outcome:
            case Answer() as answer:
                event = requesting.after_check(checking, declared, placement, answer, self._now)
            case Loss() as loss:
                event = requesting.after_check(checking, declared, placement, requesting.unread(loss), self._now)
            case Fault() as fault:
                return _failed(requests, fault)
            case _:
                assert_never(driven.outcome)
        return Played(requests, None, transition(checking, event))

    def resubmit(self, replies: Sequence[Reply]) -> Played:
        """Submit the order again."""
        request = ResubmitRequest(evolve(self._request.order, number=f"{self._request.order.number}-1"), None)
        hook = self._connection.loaded.manager.hook
        driven, requests = self._drive(
            lambda: hook.orderdesk_resubmit(request=request, service=self._service), Placement, replies, request
        )
        if isinstance(driven.outcome, Fault):
            return _failed(requests, driven.outcome)
        return Played(requests, None, None, is_submitted=isinstance(driven.outcome, Placement))

    @property
    def _service(self) -> object:
        return self._connection.service(self._now)

    def _drive(
        self,
        start: Callable[[], object],
        result: type[T],
        replies: Sequence[Reply],
        request: CancelRequest | CheckRequest | ResubmitRequest,
    ) -> tuple[Driven[T], tuple[httpx.Request, ...]]:
        client = _Parrot(self._connection, replies or (_NOTHING,))
        grounds = Grounds(self._connection.identities, (About.of(request),))
        told = (lambda: _forged(start())) if self._forging else start
        driven = drive(told, result, cast("ConnectionClient", client), FakeJournal(), grounds)
        return driven, tuple(client.requests)


class _Parrot:
    """As much of a client as `drive` uses: says what was heard before."""

    def __init__(self, connection: Connection, replies: Sequence[Reply]) -> None:
        self.redactor = connection.client.redactor
        self._throttled = connection.integration.throttled
        self.requests: list[httpx.Request] = []
        self._replies = replies

    def call(
        self,
        request: httpx.Request,
        number: int,
        intend: Callable[[Intent], None],
        guard: Guard | None = None,  # noqa: ARG002 - nothing of the plugin's runs in here
        newer_than: datetime | None = None,  # noqa: ARG002 - nothing is shared
    ) -> tuple[Exchange, httpx.Response | None]:
        intend(intent_of(request, number))
        reply = self._replies[min(len(self.requests), len(self._replies) - 1)]
        self.requests.append(request)
        response = httpx.Response(reply.status, headers=reply.headers, content=reply.body, request=request)
        response.extensions[EXCHANGE_NUMBER] = number
        exchange = exchange_of(request, number, status=reply.status, body=reply.body.decode(errors="replace"))
        told = self._throttled(response) if self._throttled is not None else None
        away = turned_away(response, NOW, reads_only=exchange.intent.reads_only, told=told)
        return (exchange, response) if away is None else (evolve(exchange, failure=away, whole=False), None)


def _failed(requests: tuple[httpx.Request, ...], fault: Fault) -> Played:
    return Played(requests, fault.text, None, is_unfounded=fault.kind == Unfounded.__name__)


def _alone(flow: Flow[Sequence[Answer]]) -> Flow[object]:
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
    return evolve(ended, exchange=_NOBODYS) if isinstance(ended, Answer) else ended
