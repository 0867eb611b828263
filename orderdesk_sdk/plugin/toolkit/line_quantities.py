"""Canceling by line and quantity: how many of each line to ask for, and what a service's own numbers prove. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from orderdesk_sdk.errors import InputError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, LineAnswer, Outcome, Refusal, Reply
from orderdesk_sdk.plugin.lines import LineNames
from orderdesk_sdk.plugin.routes import fold
from orderdesk_sdk.plugin.toolkit.json_response import Ended, MalformedReply, TextReply, count_in, objects_at, text_at

__all__ = [
    "LineQuantities",
    "LineShape",
    "LinesThere",
    "judge",
    "nothing_to_ask",
    "same_lines",
    "shares",
    "to_ask",
    "told_lines",
]


@frozen
class LineQuantities:
    """One line as the service has it, in its own words. Several lines may have one code.

    `plugin.lines.LineNames` says what the service calls the lines of a request, and translates an answer back.
    """

    code: str
    ordered: int
    canceled: int
    shipped: int

    @property
    def left(self) -> int:
        """How many are neither canceled nor shipped."""
        return max(0, self.ordered - self.canceled - self.shipped)


@frozen
class LineShape:
    """How a service writes the lines of an order; every text but those of `canceled_in` is a key.

    items: of the list of lines in an order. owner: what all orders that are read together must have alike, being parts
    of one. codes: what callers may know a line by; whichever most of our lines are called by is taken for all of them.
    names: what names a line in a cancel: the first of these that it has, with `beside` where it has that.
    canceled: what is canceled, or else will never be shipped; these add up. status: a word for what no quantity tells
    of, and so for the whole line where none does; folded, it is one of `canceled_in` where that is canceled.
    accepted: a quantity that such a word does not speak of.
    """

    items: str
    owner: str
    codes: tuple[str, ...]
    names: tuple[str, ...]
    beside: str
    ordered: str
    canceled: tuple[str, ...]
    shipped: str
    accepted: str
    status: str
    canceled_in: frozenset[str]

    def read(self, reply: TextReply, orders: Sequence[Mapping[str, object]], order: Order, **stated: str) -> LinesThere:
        """The lines of all parts of an order there, called as ours are, by their codes. null is as nothing.

        stated: what each part must state, by its key: the number that was asked for, so that nothing is asked for by
        another order's lines. Raises MalformedReply where one does not, where the parts are not of one order, and where
        a quantity is none.
        """
        for key, value in stated.items():
            if any(str(part.get(key)) != value for part in orders):
                raise MalformedReply(f"it is not about {value}, or not only", place=f"reply {reply.status_code}, {key}")
        if len({str(part.get(self.owner)) for part in orders}) > 1:
            raise MalformedReply("it tells of orders with one number that are not one", place=f"reply, {self.owner}")
        ours = LineNames(order, lambda line: line.code)
        items = [item for part in orders for item in objects_at(reply, self.items, within=part)]
        given = [{key: value for key, value in item.items() if value is not None} for item in items]
        by = max(self.codes, key=lambda key: sum(ours.knows(str(item.get(key, ""))) for item in given))
        lines = tuple(self._line(reply, item, by) for item in given)
        return LinesThere(lines, tuple(self._name(item) for item in given), ours)

    def _line(self, reply: TextReply, item: Mapping[str, object], by: str) -> LineQuantities:
        ordered = count_in(reply, item, self.ordered)
        shipped, accepted = (count_in(reply, item, key, 0) for key in (self.shipped, self.accepted))
        canceled = sum(count_in(reply, item, key, 0) for key in self.canceled)
        if fold(str(item.get(self.status, ""))) in self.canceled_in:
            canceled += max(0, ordered - canceled - max(accepted, shipped))
        return LineQuantities(str(item.get(by, "")) or str(self._name(item)), ordered, canceled, shipped)

    def _name(self, item: Mapping[str, object]) -> dict[str, object]:
        first = next((name for name in self.names if name in item), self.beside)
        return {key: item[key] for key in (first, self.beside) if key in item}


@frozen
class LinesThere:
    """The lines of an order as its service told them. names: what names each in a cancel. ours: what ours are there."""

    lines: tuple[LineQuantities, ...]
    names: tuple[Mapping[str, object], ...]
    ours: LineNames

    def to_ask(self, reply: Reply, wanted: Mapping[str, int]) -> list[tuple[Mapping[str, object], int]]:
        """What names each line in a cancel, and how many of it to cancel now; see the function `to_ask`."""
        counts = to_ask(reply, self.lines, self.ours, wanted)
        return [(name, count) for name, count in zip(self.names, counts, strict=True) if count]

    def judge(
        self,
        reply: Reply,
        wanted: Mapping[str, int],
        *,
        done: bool | None = None,
        status: str | None = None,
        text: str | None = None,
        remedy: str | None = None,
    ) -> Answer:
        """What became of the lines of a request (`wanted`, by our ids), in our words; see the function `judge`."""
        named = self.ours.wanted(wanted)
        return self.ours.told(judge(reply, self.lines, named, done=done, status=status, text=text, remedy=remedy))


def told_lines(
    reply: TextReply, *path: str, code: str, ordered: str, canceled: str | None = None
) -> tuple[LineAnswer, ...]:
    """The lines in the list at a path of keys: code, how many were ordered, how many of these are canceled.

    code, ordered, canceled: the keys of an entry; without the last, none is canceled. Empty where no list is there,
    or where an entry cannot be read: a status word beside it says what it says all the same.
    """
    try:
        return tuple(
            LineAnswer(
                text_at(reply, code, within=item),
                count_in(reply, item, ordered),
                0 if canceled is None else count_in(reply, item, canceled, 0),
            )
            for item in objects_at(reply, *path)
        )
    except MalformedReply:
        return ()


def same_lines(lines: Sequence[LineAnswer], order: Order) -> bool:
    """Whether a service's order has the codes and quantities of this one, in whatever order."""
    return sorted((line.line, line.ordered) for line in lines) == sorted(
        (line.code, line.quantity) for line in order.lines
    )


def shares(lines: Sequence[LineQuantities], wanted: Mapping[str, int]) -> tuple[int, ...]:
    """How many of each line to cancel now: what is left of it, and of a part (`wanted`, by code) no more than that."""
    still = dict(wanted)
    found: list[int] = []
    for line in lines:
        count = min(line.left, still.get(line.code, 0)) if wanted else line.left
        still[line.code] = still.get(line.code, 0) - count
        found.append(count)
    return tuple(found)


def nothing_to_ask(reply: Reply, lines: Sequence[LineQuantities], wanted: Mapping[str, int]) -> Answer | None:
    """What to answer, before anything is sent, where there is nothing to ask for; None where there is.

    That is where the service's order lacks a wanted line, or nothing of the wanted lines is left.
    """
    lacking = sorted(set(wanted) - {line.code for line in lines})
    if lacking:
        text = f"the service's order has no line {', '.join(lacking)}"
        return answer.refused(reply, Refusal.NOT_ALLOWED, text=text, remedy="look at it there: it is not as ours")
    if any(shares(lines, wanted)):
        return None
    verdict = judge(reply, lines, wanted)
    if verdict.outcome is not Outcome.PENDING:
        return verdict
    return answer.refused(reply, Refusal.SHIPPED, text="nothing of it is left to cancel", lines=verdict.lines)


def to_ask(
    reply: Reply, lines: Sequence[LineQuantities], ours: LineNames, wanted: Mapping[str, int]
) -> tuple[int, ...]:
    """How many of each line to cancel now, of what a request wants (its `lines`, by our ids).

    Raises Ended with the answer that the flow then has: where there is nothing to ask for, and where the service cannot
    tell a wanted line from another.
    """
    try:
        named = ours.wanted(wanted)
    except InputError as error:
        refusal = answer.refused(reply, Refusal.NOT_ALLOWED, text=error.text, remedy=error.remedy)
        raise Ended(refusal) from None
    known = nothing_to_ask(reply, lines, named)
    if known is not None:
        raise Ended(ours.told(known))
    return shares(lines, named)


def judge(
    reply: Reply,
    lines: Sequence[LineQuantities],
    wanted: Mapping[str, int],
    *,
    done: bool | None = None,
    status: str | None = None,
    text: str | None = None,
    remedy: str | None = None,
) -> Answer:
    """What became of the wish to cancel `wanted`, by code (empty: everything), as the numbers in `reply` tell it.

    done: what the service said of the request itself: carried out (True), failed (False), nothing yet (None). Where a
    part was wanted the numbers alone prove little, because the same number may have been canceled before we asked.
    status: the word by which it said so; None where only the numbers speak. text, remedy: for a refusal.
    """
    mine = [line for line in lines if not wanted or line.code in wanted]
    told = tuple(LineAnswer(line.code, line.ordered, line.canceled) for line in lines)
    if not mine or not set(wanted) <= {line.code for line in mine}:
        return answer.unclear(reply, text="the service's order has not the lines that were to be canceled")
    if odd := sorted({line.code for line in mine if line.canceled and line.canceled + line.shipped > line.ordered}):
        text = f"more is canceled and shipped than was ordered: {', '.join(odd)}"
        return answer.unclear(reply, status=status, text=text)
    reached = all(sum(line.canceled for line in mine if line.code == code) >= count for code, count in wanted.items())
    canceled, left = any(line.canceled for line in mine), any(line.left for line in mine)
    if all(line.canceled >= line.ordered for line in mine) or (wanted and done and reached):
        return answer.canceled(reply, status=status, lines=told)
    if not canceled and not left:
        return answer.refused(reply, Refusal.SHIPPED, status=status, text=text, remedy=remedy, lines=told)
    if canceled and (done is False or (not left and (done or not wanted))):
        return answer.partly_canceled(reply, told, status=status)
    if done is False:
        return answer.refused(reply, Refusal.NOT_ALLOWED, status=status, text=text, remedy=remedy, lines=told)
    return answer.pending(reply, status=status, lines=told)
