"""Canceling by line and quantity: how many of each line to ask for, and what a service's own numbers prove. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from orderdesk_sdk import answer
from orderdesk_sdk.answer import Answer, LineAnswer, Outcome, Refusal, Reply
from orderdesk_sdk.order import Order
from orderdesk_sdk.reading import MalformedReply, TextReply, count_in, objects_at, text_at

__all__ = ["LineQuantities", "judge", "nothing_to_ask", "same_lines", "shares", "told_lines"]


@frozen
class LineQuantities:
    """One line as the service has it, in its own words. Several lines may have one code.

    `orderdesk_sdk.lines.LineNames` says what the service calls the lines of a request, and translates an answer back.
    """

    code: str
    ordered: int
    canceled: int
    shipped: int

    @property
    def left(self) -> int:
        """How many are neither canceled nor shipped."""
        return max(0, self.ordered - self.canceled - self.shipped)


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
    reached = all(
        sum(line.canceled for line in mine if line.code == code) >= count for code, count in wanted.items()
    )  # fmt: skip
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
