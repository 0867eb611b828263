"""What an answer may rest on: a response of this attempt, about this order, that covers what was asked for.

A plugin reads its service; whether what it read counts (law 4) is decided here, from the responses that the core
itself received. `canceled`, `partly_canceled`, `changed` and `pending` rest on a success; `asked` and `refused` may
rest on a client error too, but for 408, 425 and 429. Anything else is a fault of the plugin, and the case is unclear.
Where the response states another number than the order's, or none where `Integration.identified_by` says that it does,
the answer is `unclear`; and so it is where its quantities do not cover what was to be canceled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from orderdesk_sdk.answer import Answer, Answers, Outcome
from orderdesk_sdk.errors import PluginFault
from orderdesk_sdk.identity import AnyOf, Identity, NotStated, NumberKind, StatedAt
from orderdesk_sdk.lines import uncovered
from orderdesk_sdk.order import Order, Placement
from orderdesk_sdk.plain import plain_text
from orderdesk_sdk.reading import MalformedReply, json_object
from orderdesk_sdk.request import CancelRequest, CheckRequest, ResubmitRequest, StatusRequest

if TYPE_CHECKING:
    import httpx

__all__ = ["About", "Grounds", "Received", "Unfounded"]

VERDICTS = frozenset({Outcome.CANCELED, Outcome.PARTLY_CANCELED, Outcome.CHANGED})
"""What settles a case as done. Only a response that states the order's number may say so."""
_READ = VERDICTS | {Outcome.PENDING}
"""What only a success may say."""
_SAID = frozenset({Outcome.ASKED, Outcome.REFUSED})
"""What a client error may say too; those that say nothing of the order are `_NOTHING_SAID`."""
_NOTHING_SAID = frozenset({408, 425, 429})
_STATES_NONE = "the response does not state which order it is about"


class Unfounded(PluginFault):
    """A plugin asserts what no response of this attempt says."""


@frozen
class Received:
    """A response that the core received whole in this attempt, and the operation of its request."""

    operation: str
    response: httpx.Response


@frozen
class About:
    """The order that a flow is about.

    remote_id, order_number, reference: the numbers by which its service may call it; reference None: it gave none.
    wanted: how many of each line, by its id, are to be canceled; empty means all. order: whose lines these are;
    None for a flow that cancels nothing.
    """

    remote_id: str
    order_number: str
    reference: str | None = None
    wanted: Mapping[str, int] = field(factory=dict, hash=False)
    order: Order | None = field(default=None, hash=False)

    @classmethod
    def of(cls, request: CancelRequest | CheckRequest | StatusRequest | ResubmitRequest) -> About:
        """What a request is about; a resubmission is about the new order, under its new number."""
        match request:
            case ResubmitRequest(order=order):
                return cls(order.number, order.number)
            case StatusRequest(order=order):
                return cls(request.remote_id, order.number)
            case CheckRequest(order=order, lines=wanted):
                return cls(request.remote_id, order.number, request.reference, wanted, order)
            case CancelRequest(order=order, lines=wanted):
                return cls(request.remote_id, order.number, None, wanted, order)

    def number(self, kind: NumberKind) -> str | None:
        """One of its numbers; None where it has none of the kind."""
        match kind:
            case NumberKind.REMOTE_ID:
                return self.remote_id
            case NumberKind.ORDER_NUMBER:
                return self.order_number
            case NumberKind.REFERENCE:
                return self.reference


@frozen
class Grounds:
    """Holds what flows end with against what was received. declared: `Integration.identified_by`. about: in order."""

    declared: Mapping[str, Identity]
    about: tuple[About, ...]

    def hold(self, ended: object, received: Mapping[int, Received]) -> object:
        """What the flow's end amounts to: itself, or an unclear answer where its response is not about this order.

        received: by the number of the exchange. Raises Unfounded where the plugin asserts what no response of this
        attempt says, MalformedReply where a response that should state a number cannot be read.
        """
        match ended:
            case Answers(answers):
                pairs = zip(answers, self.about, strict=True)
                return Answers(tuple(self._held(answer, about, received) for answer, about in pairs))
            case Answer():
                held = [self._held(ended, about, received) for about in self.about]
                return next((one for one in held if one != ended), ended)
            case Placement():
                return self._placed(ended, received)
            case _:
                return ended

    def _held(self, answer: Answer, about: About, received: Mapping[int, Received]) -> Answer:
        source = self._source(answer, received)
        if source is None:
            return answer
        if answer.outcome in VERDICTS:
            rule = self._rule(source, answer.outcome.value)
            if isinstance(rule, NotStated):
                answer = evolve(answer, unidentified=rule.why)
            elif other := _other_than(about, rule, source.response, must_state=True):
                return _unclear(answer, other)
        elif answer.outcome in _READ | _SAID and (other := self._another(about, source)):
            return _unclear(answer, other)
        lacking = _uncovered(answer, about) if answer.outcome is Outcome.CANCELED else None
        return _unclear(answer, lacking) if lacking else answer

    def _source(self, answer: Answer, received: Mapping[int, Received]) -> Received | None:
        """The response that an answer rests on; None for one that needs none. Raises Unfounded."""
        said = f"it answered {answer.outcome.value!r}"
        if answer.exchange is None:
            if answer.outcome in _READ or (answer.outcome in _SAID and received) or answer.outcome is Outcome.ASKED:
                raise Unfounded(f"{said} and named no response that says so", remedy="give the answer its response")
            return None
        source = received.get(answer.exchange)
        if source is None:
            raise Unfounded(
                f"{said} by exchange {answer.exchange}, which this attempt has not received",
                remedy="give the answer a response that this flow was sent",
            )
        status = source.response.status_code
        silent = status >= 500 or status < 200 or 300 <= status < 400 or status in _NOTHING_SAID
        if (answer.outcome in _READ and not source.response.is_success) or (answer.outcome in _SAID and silent):
            raise Unfounded(f"{said} by a response of {status}, which cannot say so", remedy="answer unclear there")
        return source

    def _rule(self, source: Received, said: str) -> Identity:
        rule = self.declared.get(source.operation, self.declared.get("*"))
        if rule is None:
            raise Unfounded(
                f"it answered {said!r} by a response of the operation {source.operation!r},"
                " of which identified_by does not tell where it states the order's number",
                remedy=f"add {source.operation!r} to Integration.identified_by: StatedAt(...), or NotStated(why)",
            )
        return rule

    def _another(self, about: About, source: Received) -> str | None:
        """What speaks against a success being about this order, in words; None where it states no other number."""
        rule = self.declared.get(source.operation, self.declared.get("*"))
        if rule is None or not source.response.is_success:
            return None
        return _other_than(about, rule, source.response, must_state=False)

    def _placed(self, placement: Placement, received: Mapping[int, Received]) -> object:
        """A resubmission's end rests on the last response: it must be a success and about the number that was made."""
        source = received[max(received)] if received else None
        if source is None or not source.response.is_success:
            raise Unfounded("it called the order submitted, and its last response does not say so")
        rule = self._rule(source, "submitted")
        made = About(placement.remote_id, self.about[0].order_number)
        other = None if isinstance(rule, NotStated) else _other_than(made, rule, source.response, must_state=True)
        if isinstance(rule, NotStated):  # Whatever was read before it must not be about another order.
            other = next(filter(None, (self._another(made, one) for one in received.values())), None)
        return placement if other is None else Answer(Outcome.UNCLEAR, text=other, exchange=max(received))


def _unclear(answer: Answer, text: str) -> Answer:
    return Answer(Outcome.UNCLEAR, status=answer.status, text=text, exchange=answer.exchange)


def _other_than(about: About, rule: Identity, response: httpx.Response, *, must_state: bool) -> str | None:
    """What speaks against a response being about this order, in words; None where nothing does."""
    if isinstance(rule, NotStated):
        return None
    if isinstance(rule, AnyOf):
        found = [_other_than(about, place, response, must_state=True) for place in rule.places]
        return None if None in found else next((one for one in found if must_state or one != _STATES_NONE), None)
    ours, normalize = (
        (about.number(rule.number), rule.normalize) if isinstance(rule, StatedAt) else (about.remote_id, str)
    )
    try:
        stated = _numbers_by(rule, response)
    except MalformedReply:
        if must_state:
            raise
        stated = ()
    if not stated or None in stated:
        return _STATES_NONE if must_state else None
    others = sorted({number for number in stated if number is not None and not _same(number, ours, normalize)})
    return f"the response is about {', '.join(others)[:200]}, not about {ours}" if others else None


def _numbers_by(
    rule: StatedAt | Callable[[httpx.Response], Sequence[str]], response: httpx.Response
) -> tuple[str | None, ...]:
    """The numbers that a response states; None for one that should be there and is not. Raises MalformedReply."""
    if isinstance(rule, StatedAt):
        return _numbers_at(json_object(response), rule.path)
    return tuple(plain_text(number) for number in rule(response))


def _same(stated: str, ours: str | None, normalize: Callable[[str], str]) -> bool:
    return ours is not None and plain_text(normalize(stated)) == plain_text(normalize(ours))


def _numbers_at(document: object, path: Sequence[str]) -> tuple[str | None, ...]:
    """The numbers at a path, one for each entry of a list; None for an entry that states none."""
    if not path:
        whole = isinstance(document, int) and not isinstance(document, bool)
        return (str(document) if whole or (isinstance(document, str) and document) else None,)
    if path[0] == "*":
        entries = document if isinstance(document, list) else []
        return tuple(number for entry in entries for number in _numbers_at(entry, path[1:]))
    step = path[0]
    match document:
        case Mapping():
            return _numbers_at(document.get(step), path[1:])
        case list() if step.isascii() and step.isdecimal() and int(step) < len(document):
            return _numbers_at(document[int(step)], path[1:])
        case _:
            return (None,)


def _uncovered(answer: Answer, about: About) -> str | None:
    """What was asked for and is not covered by a canceled answer's quantities, in words; None where nothing lacks.

    Where the service's own word says that the order is canceled, and all of it was asked for, no quantities are needed.
    """
    by_numbers = bool(about.wanted) or (answer.status is None and bool(answer.lines))
    lacking = uncovered(about.order, about.wanted, answer.lines) if by_numbers and about.order is not None else None
    return f"it is not shown as canceled: {lacking}" if lacking else None
