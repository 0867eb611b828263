"""What an answer may rest on: a response of this attempt, about this order, that covers what was asked for.

A plugin reads its service; whether what it read counts (law 4) is decided here, from the responses that the core
itself received. `canceled`, `partly_canceled`, `changed` and `pending` rest on a success; `asked` and `refused` may
rest on a client error too, but for 408, 425 and 429. Anything else is a fault of the plugin, and the case is unclear.
Where the response states another number than the order's, or none where `Integration.identified_by` says that it does,
the answer is `unclear`; so it is where it is declared to state none and its request names none either, and where its
quantities do not cover what was to be canceled. `not_done` after a request that is not repeatable needs a client error
but 408, or a success that says so in its body; else it is a fault.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from html import unescape
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus

from attrs import evolve, field, frozen

from orderdesk_sdk.errors import PluginFault
from orderdesk_sdk.orders.order import Order, Placement
from orderdesk_sdk.plugin.answer import Answer, Answers, Outcome
from orderdesk_sdk.plugin.identity import AnyOf, Identity, NotStated, NumberKind, StatedAt
from orderdesk_sdk.plugin.lines import uncovered
from orderdesk_sdk.plugin.plain_values import MOST_ITEMS, name_of, plain_text
from orderdesk_sdk.plugin.requests import CancelRequest, CheckRequest, ResubmitRequest, StatusRequest
from orderdesk_sdk.plugin.toolkit.json_response import MalformedReply, json_object

if TYPE_CHECKING:
    import httpx

__all__ = ["About", "Grounds", "Received", "Unfounded"]

VERDICTS = frozenset({Outcome.CANCELED, Outcome.PARTLY_CANCELED, Outcome.CHANGED})
"""What settles a case as done. Only a response that states the order's number may say so."""
_READ = VERDICTS | {Outcome.PENDING}
"""What only a success may say."""
_SAID = frozenset({Outcome.ASKED, Outcome.REFUSED})
"""What a client error may say too; those that say nothing of the order are `_NOTHING_SAID`."""
TIMED_OUT = 408
PARTIAL = 206
_NOTHING_SAID = frozenset({TIMED_OUT, 425, 429})
LONGEST = 80
"""Characters of a number that are looked at, or told."""
_IN_PART = f"the service gave only a part of its reply ({PARTIAL}), and nobody asked for a part"
_STATES_NONE = "the response does not state which order it is about"


class Unfounded(PluginFault):
    """A plugin asserts what no response of this attempt says."""


@frozen
class Received:
    """A response that the core received whole in this attempt, and the operation of its request.

    changes: a second such request may do more than the first. request: what it answers.
    """

    operation: str
    response: httpx.Response
    changes: bool = False
    request: httpx.Request | None = None

    @property
    def proves_nothing_done(self) -> bool:
        """Whether the status alone says that the request had no effect."""
        return self.response.is_client_error and self.response.status_code != TIMED_OUT

    @property
    def is_whole(self) -> bool:
        """Whether it is a success that is not a part of one, which nobody asked for."""
        return self.response.is_success and self.response.status_code != PARTIAL


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
            case Answer() if len(self.about) > 1:
                return Answers(tuple(self._held(ended, about, received) for about in self.about))
            case Answer():
                return self._held(ended, self.about[0], received)
            case Placement():
                return self._placed(ended, received)
            case _:
                return ended

    def _held(self, answer: Answer, about: About, received: Mapping[int, Received]) -> Answer:
        source = self._source(answer, about, received)
        if source is None:
            return answer
        if answer.outcome in _READ and not source.is_whole:
            return _unclear(answer, _IN_PART)
        if answer.outcome in VERDICTS:
            rule = self._rule(source, answer.outcome.value)
            if isinstance(rule, NotStated):
                if not _names(source.request, about):
                    return _unclear(answer, "neither the response nor its request says which order it is about")
                answer = evolve(answer, unidentified=rule.why)
            elif other := _other_than(about, rule, source.response, must_state=True):
                return _unclear(answer, other)
        elif answer.outcome in _READ | _SAID and (other := self._another(about, source)):
            return _unclear(answer, other)
        lacking = _uncovered(answer, about) if answer.outcome is Outcome.CANCELED else None
        return _unclear(answer, lacking) if lacking else answer

    def _source(self, answer: Answer, about: About, received: Mapping[int, Received]) -> Received | None:
        """The response that an answer rests on; None for one that needs none. Raises Unfounded."""
        said = f"it answered {answer.outcome.value!r}"
        if answer.outcome is Outcome.NOT_DONE:
            self._demand_undone(answer, about, received)
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

    def _demand_undone(self, answer: Answer, about: About, received: Mapping[int, Received]) -> None:
        """Law 3: what may have worked is not sent again because a plugin says that it did not. Raises Unfounded.

        A success may say in its body that nothing was done; then the answer rests on it. Of several orders a request
        counts for those that it names.
        """
        for number, one in received.items():
            said_so = number == answer.exchange and one.is_whole
            concerns = one.changes and (len(self.about) == 1 or _names(one.request, about))
            if concerns and not one.proves_nothing_done and not said_so:
                raise Unfounded(
                    f"it answered 'not done' after its request {number} was answered {one.response.status_code},"
                    " which does not prove that nothing was done",
                    remedy="answer unclear there; or declare the request repeatable, where the service's document does",
                )

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
        """What speaks against a response being about this order, in words; None where it states no other number.

        How a plugin's callable reads an error is not known, so only of a success is it asked.
        """
        rule = self.declared.get(source.operation, self.declared.get("*"))
        if rule is None or not (source.response.is_success or isinstance(rule, StatedAt | AnyOf)):
            return None
        return _other_than(about, rule, source.response, must_state=False)

    def _placed(self, placement: Placement, received: Mapping[int, Received]) -> object:
        """A resubmission's end rests on the last response: it must be a success and about the number that was made."""
        source = received[max(received)] if received else None
        if source is None or not source.response.is_success:
            raise Unfounded("it called the order submitted, and its last response does not say so")
        if not source.is_whole:
            return Answer(Outcome.UNCLEAR, text=_IN_PART, exchange=max(received))
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


def _names(request: httpx.Request | None, about: About) -> bool:
    """Whether a request says by one of the order's numbers which order it is about, in its URL or its body."""
    if request is None:
        return False
    body = request.content.decode("utf-8", "replace")
    with suppress(ValueError, RecursionError):
        body = f"{body} {json.loads(body)}"
    said = f"{unquote_plus(str(request.url))} {unquote(str(request.url))} {body} {unquote_plus(body)} {unescape(body)}"
    numbers = filter(None, (about.remote_id, about.order_number, about.reference))
    return any(re.search(rf"(?<![^\W_]){re.escape(number)}(?![^\W_])", said) for number in numbers)


def _numbers_by(
    rule: StatedAt | Callable[[httpx.Response], Sequence[str]], response: httpx.Response
) -> tuple[str | None, ...]:
    """The numbers that a response states; None for one that should be there and is not. Raises MalformedReply."""
    return _numbers_at(json_object(response), rule.path) if isinstance(rule, StatedAt) else _told(rule(response))


def _told(numbers: object) -> tuple[str, ...]:
    """The numbers that a callable of a plugin read. A single text is none: each of its letters would be one."""
    several = () if isinstance(numbers, str | bytes) or not isinstance(numbers, Iterable) else numbers
    told = tuple(plain_text(number) for number in islice(several, MOST_ITEMS + 1))
    if several is not numbers or len(told) > MOST_ITEMS:
        raise Unfounded(
            f"its identified_by gave {name_of(numbers)}, not a list of at most {MOST_ITEMS} numbers",
            remedy="let it give a list of every number that the response states",
        )
    return told


def _same(stated: str, ours: str | None, normalize: Callable[[str], str]) -> bool:
    """Whether a number is ours, spelled as it is or as the service spells it.

    Raises Unfounded for a `normalize` that makes other numbers equal to it as well, as one that cuts them does.
    """
    if ours is None or stated == ours:
        return ours is not None
    plain = plain_text(normalize(ours))
    if plain_text(normalize(stated)) != plain:
        return False
    for other in (*_neighbors(stated), *_neighbors(ours)):
        if not plain or plain_text(normalize(other)) == plain:
            raise Unfounded(
                f"its normalize makes {other[:LONGEST]!r} equal to {ours[:LONGEST]!r}, which is another number",
                remedy="let it change the spelling only",
            )
    return True


def _neighbors(number: str) -> Iterator[str]:
    """Numbers that are surely others: each differs in one digit; where there is none, in one letter."""
    digits = [at for at, sign in enumerate(number[:LONGEST]) if sign.isascii() and sign.isdigit()]
    for at in digits or range(len(number[:LONGEST])):
        changed = str((int(number[at]) + 1) % 10) if digits else ("q" if number[at] in "xX" else "x")
        yield number[:at] + changed + number[at + 1 :]


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
    odd = next((line for line in answer.lines if not 0 <= line.canceled <= line.ordered), None)
    if by_numbers and odd is not None:
        return f"it says that {odd.canceled} of {odd.ordered} of {odd.line} are canceled"
    lacking = uncovered(about.order, about.wanted, answer.lines) if by_numbers and about.order is not None else None
    return f"it is not shown as canceled: {lacking}" if lacking else None
