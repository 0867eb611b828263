"""Canceling by line and quantity: how many of each line to send, and what the service's numbers prove. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, LineAnswer, Outcome, Rejection, ResponseLike
from orderdesk_sdk.plugin.line_names import LineNames
from orderdesk_sdk.plugin.routes import normalize_status
from orderdesk_sdk.plugin.toolkit.json_response import (
    EndFlow,
    MalformedResponseError,
    TextResponse,
    integer_at,
    objects_at,
    text_at,
)

__all__ = [
    "LineQuantities",
    "LineFormat",
    "ServiceLines",
    "answer_from_quantities",
    "answer_if_nothing_to_cancel",
    "lines_match",
    "quantities_to_cancel",
    "quantities_to_request",
    "line_answers_at",
]


@frozen
class LineQuantities:
    """One line as the service has it. Several lines may have one code.

    `LineNames` says what the service calls the lines of a request, and translates an answer back.
    """

    code: str
    ordered: int
    canceled: int
    shipped: int

    @property
    def remaining(self) -> int:
        """Pieces that are neither canceled nor shipped."""
        return max(0, self.ordered - self.canceled - self.shipped)


@frozen
class LineFormat:
    """How a service writes the lines of an order; every text but those of `canceled_statuses` is a key.

    Args:
        items: of the list of lines in an order.
        owner_key: what all orders that are read together must have alike, being parts of one.
        codes: what callers may know a line by; whichever most of our lines are called by is taken for all of them.
        names: what names a line in a cancel: the first of these that it has, with `extra_name` where it has that.
        canceled: what is canceled, or else will never be shipped; these add up.
        status: a word for what no quantity tells of, and so for the whole line where none does; folded, it is one of
            `canceled_statuses` where that is canceled.
        accepted: a quantity that such a word does not speak of.
    """

    items: str
    owner_key: str
    codes: tuple[str, ...]
    names: tuple[str, ...]
    extra_name: str
    ordered: str
    canceled: tuple[str, ...]
    shipped: str
    accepted: str
    status: str
    canceled_statuses: frozenset[str]

    def read(
        self, response: TextResponse, orders: Sequence[Mapping[str, object]], order: Order, **stated: str
    ) -> ServiceLines:
        """The lines of all parts of an order there, called as ours are, by their codes. null is as nothing.

        Args:
            stated: what each part must state, by its key: the number that was asked for, so that nothing is asked for
                by another order's lines.

        Raises MalformedResponseError where one does not, where the parts are not of one order, and where a quantity is
        none.
        """
        for key, value in stated.items():
            if any(str(part.get(key)) != value for part in orders):
                raise MalformedResponseError(
                    f"it is not about {value}, or not only", location=f"reply {response.status_code}, {key}"
                )
        if len({str(part.get(self.owner_key)) for part in orders}) > 1:
            raise MalformedResponseError(
                "it tells of orders with one number that are not one", location=f"reply, {self.owner_key}"
            )
        ours = LineNames(order, lambda line: line.code)
        items = [item for part in orders for item in objects_at(response, self.items, within=part)]
        given = [{key: value for key, value in item.items() if value is not None} for item in items]
        by = max(self.codes, key=lambda key: sum(ours.knows(str(item.get(key, ""))) for item in given))
        lines = tuple(self._line(response, item, by) for item in given)
        return ServiceLines(lines, tuple(self._name(item) for item in given), ours)

    def _line(self, response: TextResponse, item: Mapping[str, object], code_key: str) -> LineQuantities:
        ordered = integer_at(response, item, self.ordered)
        shipped, accepted = (integer_at(response, item, key, 0) for key in (self.shipped, self.accepted))
        canceled = sum(integer_at(response, item, key, 0) for key in self.canceled)
        if normalize_status(str(item.get(self.status, ""))) in self.canceled_statuses:
            canceled += max(0, ordered - canceled - max(accepted, shipped))
        return LineQuantities(str(item.get(code_key, "")) or str(self._name(item)), ordered, canceled, shipped)

    def _name(self, item: Mapping[str, object]) -> dict[str, object]:
        first = next((name for name in self.names if name in item), self.extra_name)
        return {key: item[key] for key in (first, self.extra_name) if key in item}


@frozen
class ServiceLines:
    """The lines of an order as its service told them.

    Args:
        identifiers: what names each in a cancel.
        line_names: what ours are there.
    """

    lines: tuple[LineQuantities, ...]
    identifiers: tuple[Mapping[str, object], ...]
    line_names: LineNames

    def quantities_to_request(
        self, response: ResponseLike, wanted: Mapping[str, int]
    ) -> list[tuple[Mapping[str, object], int]]:
        """What names each line in a cancel, and how many of it to cancel now.

        See the function `quantities_to_request`.
        """
        counts = quantities_to_request(response, self.lines, self.line_names, wanted)
        return [(name, count) for name, count in zip(self.identifiers, counts, strict=True) if count]

    def answer_for(
        self,
        response: ResponseLike,
        wanted: Mapping[str, int],
        *,
        carried_out: bool | None = None,
        status: str | None = None,
        message: str | None = None,
        hint: str | None = None,
    ) -> Answer:
        """What became of the lines of a request (`wanted`, by our ids), in our words. See `answer_from_quantities`."""
        named = self.line_names.to_service_names(wanted)
        return self.line_names.to_line_ids(
            answer_from_quantities(
                response, self.lines, named, carried_out=carried_out, status=status, message=message, hint=hint
            )
        )


def line_answers_at(
    response: TextResponse, *path: str, code: str, ordered: str, canceled: str | None = None
) -> tuple[LineAnswer, ...]:
    """The lines in the list at a path of keys: code, how many were ordered, how many of these are canceled.

    Args:
        code, ordered, canceled: the keys of an entry; without the last, none is canceled. Empty where no list is there,
            or where an entry cannot be read: a status word beside it says what it says all the same.
    """
    try:
        return tuple(
            LineAnswer(
                text_at(response, code, within=item),
                integer_at(response, item, ordered),
                0 if canceled is None else integer_at(response, item, canceled, 0),
            )
            for item in objects_at(response, *path)
        )
    except MalformedResponseError:
        return ()


def lines_match(lines: Sequence[LineAnswer], order: Order) -> bool:
    """Whether a service's order has the codes and quantities of this one, in whatever order."""
    return sorted((line.line, line.ordered) for line in lines) == sorted(
        (line.code, line.quantity) for line in order.lines
    )


def quantities_to_cancel(lines: Sequence[LineQuantities], wanted: Mapping[str, int]) -> tuple[int, ...]:
    """How many of each line to cancel now: what is left of it, and no more than was wanted.

    Args:
        wanted: how many to cancel, by code; empty: the whole order.
    """
    still = dict(wanted)
    found: list[int] = []
    for line in lines:
        count = min(line.remaining, still.get(line.code, 0)) if wanted else line.remaining
        still[line.code] = still.get(line.code, 0) - count
        found.append(count)
    return tuple(found)


def answer_if_nothing_to_cancel(
    response: ResponseLike, lines: Sequence[LineQuantities], wanted: Mapping[str, int]
) -> Answer | None:
    """The answer where nothing is to be sent; None where something is.

    Nothing is sent where the service's order lacks a wanted line, or where nothing of the wanted lines is left.
    """
    lacking = sorted(set(wanted) - {line.code for line in lines})
    if lacking:
        text = f"the service's order has no line {', '.join(lacking)}"
        return answer.rejected(
            response, Rejection.NOT_ALLOWED, message=text, hint="look at it there: it is not as ours"
        )
    if any(quantities_to_cancel(lines, wanted)):
        return None
    verdict = answer_from_quantities(response, lines, wanted)
    if verdict.outcome is not Outcome.PENDING:
        return verdict
    return answer.rejected(response, Rejection.SHIPPED, message="nothing of it is left to cancel", lines=verdict.lines)


def quantities_to_request(
    response: ResponseLike, lines: Sequence[LineQuantities], line_names: LineNames, wanted: Mapping[str, int]
) -> tuple[int, ...]:
    """How many of each line to cancel now, for the `lines` of a request, by our ids.

    Raises EndFlow with an answer where nothing is to be sent, and where the service cannot tell a wanted line from
    another.
    """
    try:
        named = line_names.to_service_names(wanted)
    except ValidationError as error:
        rejection = answer.rejected(response, Rejection.NOT_ALLOWED, message=error.message, hint=error.hint)
        raise EndFlow(rejection) from None
    known = answer_if_nothing_to_cancel(response, lines, named)
    if known is not None:
        raise EndFlow(line_names.to_line_ids(known))
    return quantities_to_cancel(lines, named)


def answer_from_quantities(
    response: ResponseLike,
    lines: Sequence[LineQuantities],
    wanted: Mapping[str, int],
    *,
    carried_out: bool | None = None,
    status: str | None = None,
    message: str | None = None,
    hint: str | None = None,
) -> Answer:
    """What became of a cancellation, as the numbers in `response` tell it.

    Args:
        wanted: how many to cancel, by code; empty: the whole order.
        carried_out: what the service said of the request itself: carried out (True), failed (False), nothing yet
            (None). Where a part was wanted the numbers alone prove little, because the same number may have been
            canceled before we asked.
        status: the word by which it said so; None where only the numbers speak.
        message, hint: for a rejection.
    """
    mine = [line for line in lines if not wanted or line.code in wanted]
    told = tuple(LineAnswer(line.code, line.ordered, line.canceled) for line in lines)
    if not mine or not set(wanted) <= {line.code for line in mine}:
        return answer.unknown(response, message="The service's order does not contain the requested lines")
    if odd := sorted({line.code for line in mine if line.canceled and line.canceled + line.shipped > line.ordered}):
        message = f"more is canceled and shipped than was ordered: {', '.join(odd)}"
        return answer.unknown(response, status=status, message=message)
    reached = all(sum(line.canceled for line in mine if line.code == code) >= count for code, count in wanted.items())
    canceled, left = any(line.canceled for line in mine), any(line.remaining for line in mine)
    if all(line.canceled >= line.ordered for line in mine) or (wanted and carried_out and reached):
        return answer.canceled(response, status=status, lines=told)
    if not canceled and not left:
        return answer.rejected(response, Rejection.SHIPPED, status=status, message=message, hint=hint, lines=told)
    if canceled and (carried_out is False or (not left and (carried_out or not wanted))):
        return answer.partially_canceled(response, told, status=status)
    if carried_out is False:
        return answer.rejected(response, Rejection.NOT_ALLOWED, status=status, message=message, hint=hint, lines=told)
    return answer.pending(response, status=status, lines=told)
