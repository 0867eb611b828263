"""What an answer may rest on: a response of this attempt, about this order, that covers what was asked for.

A plugin reads its service; whether what it read counts (law 4) is decided here, from the responses that the core itself
received. `canceled`, `partially_canceled`, `changed` and `pending` rest on a success; `acknowledged` and `rejected` may
rest on a client error too, but for 408, 425 and 429. The call of a prior step settles nothing. Anything else is an
error of the plugin, and the case is unknown.
Where the response states another number than the order's, or none where `Integration.identified_by` says that it does,
the answer is `unknown`; so it is where it is declared to state none and its request names none either, and where its
quantities do not cover what was to be canceled. `not_processed` after a request that is not idempotent needs a client
error but 408, or a success that says so in its body; else it is an error of the plugin.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus

from attrs import evolve, field, frozen

from orderdesk_sdk.cases.stated_numbers import UnverifiedAnswerError, is_same_number, numbers_by
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.plugin.answer import Answer, Answers, Outcome
from orderdesk_sdk.plugin.line_names import lines_not_canceled
from orderdesk_sdk.plugin.order_numbers import AnyOf, Identity, NotStated, NumberKind, StatedAt
from orderdesk_sdk.plugin.requests import (
    CancelRequest,
    PollRequest,
    RespondRequest,
    ResubmitRequest,
    StatusChangeRequest,
)
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError

if TYPE_CHECKING:
    import httpx

__all__ = ["ExpectedOrder", "AnswerVerifier", "ReceivedResponse"]

SETTLING_OUTCOMES = frozenset({Outcome.CANCELED, Outcome.PARTIALLY_CANCELED, Outcome.CHANGED})
"""What settles a case as done. Only a response that states the order's number may say so."""
_NEEDS_SUCCESS = SETTLING_OUTCOMES | {Outcome.PENDING}
"""What only a success may say."""
_NEEDS_STATEMENT = frozenset({Outcome.ACKNOWLEDGED, Outcome.REJECTED})
"""What a client error may say too; those that say nothing of the order are `_INCONCLUSIVE`."""
REQUEST_TIMEOUT = 408
PARTIAL_CONTENT = 206
_INCONCLUSIVE = frozenset({REQUEST_TIMEOUT, 425, 429})
_PARTIAL_RESPONSE = f"the service gave only a part of its response ({PARTIAL_CONTENT}), not all of it"
_NO_NUMBER_STATED = "the response does not state which order it is about"


@frozen
class ReceivedResponse:
    """A response that the core received whole in this attempt, and the operation of its request.

    Args:
        may_write: a second such request may do more than the first.
        request: what it answers.
        step: the name of the prior step whose own call it answers; None: of none.
    """

    operation: str
    response: httpx.Response
    may_write: bool = False
    request: httpx.Request | None = None
    step: str | None = None

    @property
    def proves_not_processed(self) -> bool:
        """Whether the status alone says that the request had no effect."""
        return self.response.is_client_error and self.response.status_code != REQUEST_TIMEOUT

    @property
    def is_complete(self) -> bool:
        """Whether it is a success, and the whole response: a part of one was never requested."""
        return self.response.is_success and self.response.status_code != PARTIAL_CONTENT


@frozen
class ExpectedOrder:
    """The order that a flow is about.

    Args:
        remote_id, order_number, reference: the numbers by which its service may call it; reference None: it gave none.
        lines: how many of each line, by its id, are to be canceled; empty means all.
        order: whose lines these are; None for a flow that cancels nothing.
    """

    remote_id: str
    order_number: str
    reference: str | None = None
    lines: Mapping[str, int] = field(factory=dict, hash=False)
    order: Order | None = field(default=None, hash=False)

    @classmethod
    def from_request(
        cls, request: CancelRequest | PollRequest | StatusChangeRequest | ResubmitRequest | RespondRequest
    ) -> ExpectedOrder:
        """What a request is about; a resubmission is about the new order, under its new number."""
        match request:
            case ResubmitRequest(order=order):
                return cls(order.number, order.number)
            case StatusChangeRequest(order=order):
                return cls(request.remote_id, order.number)
            case RespondRequest(order=order):  # What it answers is named by the service itself.
                return cls(request.remote_id, order.number, request.request_id)
            case PollRequest(order=order, lines=wanted):
                return cls(request.remote_id, order.number, request.request_reference, wanted, order)
            case CancelRequest(order=order, lines=wanted):
                return cls(request.remote_id, order.number, None, wanted, order)

    def number(self, kind: NumberKind) -> str | None:
        """One of its numbers; None where it has none of the kind."""
        match kind:
            case NumberKind.REMOTE_ID:
                return self.remote_id
            case NumberKind.ORDER_NUMBER:
                return self.order_number
            case NumberKind.REQUEST_REFERENCE:
                return self.reference


@frozen
class AnswerVerifier:
    """Holds what flows end with against what was received.

    Args:
        identified_by: `Integration.identified_by`.
        orders: in order.
    """

    identified_by: Mapping[str, Identity]
    orders: tuple[ExpectedOrder, ...]

    def verify(self, result: object, received: Mapping[int, ReceivedResponse]) -> object:
        """What the flow's end amounts to: itself, or an unclear answer where its response is not about this order.

        Args:
            received: by the number of the exchange.

        Raises UnverifiedAnswerError where the plugin asserts what no response of this attempt says,
        MalformedResponseError where a response that should state a number cannot be read.
        """
        match result:
            case Answers(answers):
                pairs = zip(answers, self.orders, strict=True)
                return Answers(tuple(self._verify_answer(answer, about, received) for answer, about in pairs))
            case Answer() if len(self.orders) > 1:
                return Answers(tuple(self._verify_answer(result, about, received) for about in self.orders))
            case Answer():
                return self._verify_answer(result, self.orders[0], received)
            case RemoteOrder():
                return self._verify_submission(result, received)
            case _:
                return result

    def _verify_answer(
        self, answer: Answer, expected: ExpectedOrder, received: Mapping[int, ReceivedResponse]
    ) -> Answer:
        source = self._source_of(answer, expected, received)
        if source is None:
            return answer
        if answer.outcome in _NEEDS_SUCCESS and not source.is_complete:
            return _as_unknown(answer, _PARTIAL_RESPONSE)
        if answer.outcome in SETTLING_OUTCOMES:
            rule = self._rule_for(source, answer.outcome.value)
            if isinstance(rule, NotStated):
                if not _mentions_order(source.request, expected):
                    return _as_unknown(answer, "neither the response nor its request says which order it is about")
                answer = evolve(answer, unidentified_reason=rule.reason)
            elif other := _mismatch(expected, rule, source.response, must_state=True):
                return _as_unknown(answer, other)
        elif answer.outcome in _NEEDS_SUCCESS | _NEEDS_STATEMENT and (other := self._contradiction(expected, source)):
            return _as_unknown(answer, other)
        lacking = _uncanceled_lines(answer, expected) if answer.outcome is Outcome.CANCELED else None
        return _as_unknown(answer, lacking) if lacking else answer

    def _source_of(
        self, answer: Answer, expected: ExpectedOrder, received: Mapping[int, ReceivedResponse]
    ) -> ReceivedResponse | None:
        """The response that an answer rests on; None for one that needs none. Raises UnverifiedAnswerError."""
        claim = f"the plugin answered {answer.outcome.value!r}"
        if answer.outcome is Outcome.NOT_PROCESSED:
            self._require_not_processed(answer, expected, received)
        if answer.exchange is None:
            if (
                answer.outcome in _NEEDS_SUCCESS
                or (answer.outcome in _NEEDS_STATEMENT and received)
                or answer.outcome is Outcome.ACKNOWLEDGED
            ):
                raise UnverifiedAnswerError(
                    f"{claim} and named no response that says so", hint="pass the response to the answer"
                )
            return None
        source = received.get(answer.exchange)
        if source is None:
            raise UnverifiedAnswerError(
                f"{claim} by exchange {answer.exchange}, which this attempt has not received",
                hint="give the answer a response that this flow was sent",
            )
        if answer.outcome in SETTLING_OUTCOMES and source.step is not None:
            raise UnverifiedAnswerError(
                f"{claim} by the response to its step {source.step!r}, which is done before the order is canceled",
                hint="ask to cancel, or read the order, and rest the answer on the response to that",
            )
        status = source.response.status_code
        silent = status >= 500 or status < 200 or 300 <= status < 400 or status in _INCONCLUSIVE
        if (answer.outcome in _NEEDS_SUCCESS and not source.response.is_success) or (
            answer.outcome in _NEEDS_STATEMENT and silent
        ):
            raise UnverifiedAnswerError(
                f"{claim} by a response of {status}, which cannot say so", hint="return answer.unknown() in this case"
            )
        return source

    def _require_not_processed(
        self, answer: Answer, expected: ExpectedOrder, received: Mapping[int, ReceivedResponse]
    ) -> None:
        """Law 3: what may have worked is not sent again because a plugin says that it did not.

        Raises UnverifiedAnswerError.

        A success may say in its body that nothing was done; then the answer rests on it. Of several orders a request
        counts for those that it names.
        """
        for number, one in received.items():
            said_so = number == answer.exchange and one.is_complete
            concerns = one.may_write and (len(self.orders) == 1 or _mentions_order(one.request, expected))
            if concerns and not one.proves_not_processed and not said_so:
                raise UnverifiedAnswerError(
                    f"the plugin answered 'not processed' after its request {number} was answered"
                    f" {one.response.status_code}, which does not prove that nothing was done",
                    hint="return answer.unknown() in this case; or declare the request idempotent, where the service's"
                    " documentation does",
                )

    def _rule_for(self, source: ReceivedResponse, outcome: str) -> Identity:
        rule = self.identified_by.get(source.operation, self.identified_by.get("*"))
        if rule is None:
            raise UnverifiedAnswerError(
                f"the plugin answered {outcome!r} by a response of the operation {source.operation!r},"
                " of which identified_by does not tell where it states the order's number",
                hint=f"add {source.operation!r} to Integration.identified_by: StatedAt(...), or NotStated(why)",
            )
        return rule

    def is_about_order(self, received: ReceivedResponse) -> bool:
        """Whether a response is about one of the orders: it states the number, or its request names it and it states
        no other.
        """
        return any(
            self._contradiction(expected, received) is None
            and (_mentions_order(received.request, expected) or self._states_number(expected, received))
            for expected in self.orders
        )

    def _states_number(self, expected: ExpectedOrder, received: ReceivedResponse) -> bool:
        rule = self.identified_by.get(received.operation, self.identified_by.get("*"))
        if rule is None or isinstance(rule, NotStated) or not received.response.is_success:
            return False
        return _mismatch(expected, rule, received.response, must_state=True) is None

    def _contradiction(self, expected: ExpectedOrder, source: ReceivedResponse) -> str | None:
        """What speaks against a response being about this order, in words; None where it states no other number.

        How a plugin's callable reads an error is not known, so only of a success is it asked.
        """
        rule = self.identified_by.get(source.operation, self.identified_by.get("*"))
        if rule is None or not (source.response.is_success or isinstance(rule, StatedAt | AnyOf)):
            return None
        return _mismatch(expected, rule, source.response, must_state=False)

    def _verify_submission(self, remote_order: RemoteOrder, received: Mapping[int, ReceivedResponse]) -> object:
        """A resubmission's end rests on the last response: it must be a success and about the number that was made."""
        source = received[max(received)] if received else None
        if source is None or not source.response.is_success:
            raise UnverifiedAnswerError("the plugin called the order submitted, and its last response does not say so")
        if not source.is_complete:
            return Answer(Outcome.UNKNOWN, message=_PARTIAL_RESPONSE, exchange=max(received))
        rule = self._rule_for(source, "submitted")
        submitted = ExpectedOrder(remote_order.remote_id, self.orders[0].order_number)
        other = None if isinstance(rule, NotStated) else _mismatch(submitted, rule, source.response, must_state=True)
        if isinstance(rule, NotStated):  # Whatever was read before it must not be about another order.
            other = next(filter(None, (self._contradiction(submitted, one) for one in received.values())), None)
        return remote_order if other is None else Answer(Outcome.UNKNOWN, message=other, exchange=max(received))


def _as_unknown(answer: Answer, message: str) -> Answer:
    return Answer(Outcome.UNKNOWN, status=answer.status, message=message, exchange=answer.exchange)


def _mismatch(expected: ExpectedOrder, rule: Identity, response: httpx.Response, *, must_state: bool) -> str | None:
    """What speaks against a response being about this order, in words; None where nothing does."""
    if isinstance(rule, NotStated):
        return None
    if isinstance(rule, AnyOf):
        mismatches = [_mismatch(expected, alternative, response, must_state=True) for alternative in rule.alternatives]
        return (
            None
            if None in mismatches
            else next((one for one in mismatches if must_state or one != _NO_NUMBER_STATED), None)
        )
    ours, normalize = (
        (expected.number(rule.number), rule.normalize) if isinstance(rule, StatedAt) else (expected.remote_id, str)
    )
    try:
        stated = numbers_by(rule, response)
    except MalformedResponseError:
        if must_state:
            raise
        stated = ()
    if not stated or None in stated:
        return _NO_NUMBER_STATED if must_state else None
    others = sorted({number for number in stated if number is not None and not is_same_number(number, ours, normalize)})
    return f"the response is about {', '.join(others)[:200]}, not about {ours}" if others else None


def _mentions_order(request: httpx.Request | None, expected: ExpectedOrder) -> bool:
    """Whether a request says by one of the order's numbers which order it is about, in its URL or its body."""
    if request is None:
        return False
    body = request.content.decode("utf-8", "replace")
    with suppress(ValueError, RecursionError):
        body = f"{body} {json.loads(body)}"
    request_text = (
        f"{unquote_plus(str(request.url))} {unquote(str(request.url))} {body} {unquote_plus(body)} {unescape(body)}"
    )
    numbers = filter(None, (expected.remote_id, expected.order_number, expected.reference))
    return any(re.search(rf"(?<![^\W_]){re.escape(number)}(?![^\W_])", request_text) for number in numbers)


def _uncanceled_lines(answer: Answer, expected: ExpectedOrder) -> str | None:
    """What was asked for and is not covered by a canceled answer's quantities, in words; None where nothing lacks.

    Where the service's own word says that the order is canceled, and all of it was asked for, no quantities are needed.
    """
    by_numbers = bool(expected.lines) or (answer.status is None and bool(answer.lines))
    odd = next((line for line in answer.lines if not 0 <= line.canceled <= line.ordered), None)
    if by_numbers and odd is not None:
        return f"the service says that {odd.canceled} of {odd.ordered} of {odd.line} are canceled"
    lacking = (
        lines_not_canceled(expected.order, expected.lines, answer.lines)
        if by_numbers and expected.order is not None
        else None
    )
    return f"not shown as canceled: {lacking}" if lacking else None
