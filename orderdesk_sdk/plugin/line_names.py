"""Which line is meant: names that people give become ids, ids become what a service calls a line, and back. Pure.

Inside the SDK a line is its id and nothing else (`OrderLine.id`). People, hosts and the command line may say the code:
`resolve_lines` finds the line they mean, or refuses. Services know SKUs, item ids or line numbers: `LineNames`
translates at the plugin's edge, in both directions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import evolve

from orderdesk_sdk.errors import NotFoundError, ValidationError
from orderdesk_sdk.orders.order import Order, OrderLine
from orderdesk_sdk.plugin.answer import Answer, LineAnswer

__all__ = ["LineNames", "line_label", "resolve_recorded_lines", "resolve_lines", "lines_not_canceled"]


def line_label(order: Order, line_id: str) -> str:
    """A line as people know it: its code; its name where it has none; more where that is not one line's alone."""
    try:
        line = order.line(line_id)
    except NotFoundError:
        return line_id
    short = line.code.strip() or line.name.strip()
    alike = [other for other in order.lines if short in (other.id, other.code.strip(), other.name.strip())]
    if short and alike == [line]:
        return short
    named = line.name.strip() if line.name.strip() != short else ""
    details = [f"{key}: {value}" for key, value in line.variations.items()]
    told = ", ".join(part for part in (named, *details, f"line {line.id}") if part)
    return f"{short} ({told})".strip()


def resolve_lines(order: Order, named: Mapping[str, int]) -> dict[str, int]:
    """The lines that somebody names by id or code, by id, with their quantities.

    A code that several lines have stands for all of them where its quantity is what they have together. `id:` and
    `code:` before a name say which it is. Raises ValidationError, with the lines that could be meant, for a name that
    no line or more than one has, for a line that is named twice, and for a quantity that is no whole number from 1 to
    what is ordered.
    """
    found: dict[str, int] = {}
    for name, quantity in named.items():
        lines = _lines_named(order, name) if type(name) is str else []  # A host may give the id as a number.
        ordered = sum(line.quantity for line in lines)
        if not lines:
            raise _ambiguous_line_error(order, f"no line is called {name!r}", order.lines)
        if len(lines) > 1 and (quantity != ordered or len({line.code for line in lines}) > 1):
            raise _ambiguous_line_error(order, f"{len(lines)} lines are called {name!r}", lines)
        if type(quantity) is not int or not 0 < quantity <= ordered:  # A host may give True, 1.0 or "1".
            raise _ambiguous_line_error(
                order, f"{quantity!r} of {name!r} cannot be canceled, {ordered} are ordered", lines
            )
        twice = [line for line in lines if line.id in found]
        if twice:
            raise _ambiguous_line_error(
                order, "a line is named twice", twice, "name each line once, with its whole quantity: "
            )
        found |= {lines[0].id: quantity} if len(lines) == 1 else {line.id: line.quantity for line in lines}
    return found


def _lines_named(order: Order, name: str) -> list[OrderLine]:
    """The lines that a name may stand for; those of which nothing is ordered only where there is no other."""
    of_id, of_code = ({name, name.removeprefix(f"{kind}:").strip()} - {""} for kind in ("id", "code"))
    bare = {name} if name.strip() else set()
    found = [
        line
        for line in order.lines
        if line.id in (of_id if name.startswith("id:") else bare)
        or line.code in (of_code if name.startswith("code:") else bare)
    ]
    return [line for line in found if line.quantity] or found


def _ambiguous_line_error(
    order: Order, message: str, lines: Iterable[OrderLine], hint_prefix: str = "name one of "
) -> ValidationError:
    listed = ", ".join(
        f"{line.code}:{line.quantity}"
        if _lines_named(order, line.code) == [line]
        else f"id:{line.id}:{line.quantity} ({line_label(order, line.id)})"
        for line in lines
    )
    return ValidationError(
        message, location=f"order {order.number}", hint=f"{hint_prefix}{listed}" if listed else "it has no lines"
    )


def resolve_recorded_lines(order: Order, lines: Mapping[str, int]) -> dict[str, int]:
    """The lines of a cancellation that an early version recorded, by id: it kept their names as they were typed.

    A name was a line's id, or else a code, of which the first lines were taken. What the order has no more stays in,
    and whoever needs it says so.
    """
    found: dict[str, int] = {}
    for name, quantity in lines.items():
        mine = [line for line in order.lines if line.id == name]
        mine = mine or [line for line in order.lines if name and line.code == name]
        left = quantity
        for line in mine:
            count = left if line is mine[-1] else min(left, line.quantity)
            found |= {line.id: found.get(line.id, 0) + count} if count else {}
            left -= count
        found |= {} if mine else {name: quantity}
    return found


def lines_not_canceled(order: Order, wanted: Mapping[str, int], line_answers: Sequence[LineAnswer]) -> str | None:
    """What is not canceled of what was to be, as line quantities tell it, in words; None where all of it is.

    Args:
        wanted: by line id; empty means the whole order, of which then nothing that was told of may be left either. What
            is told of a code that several lines have counts for them together; what could be either of two lines, for
            none.
    """
    canceled = Counter[str]()
    for each in line_answers:
        canceled[_line_id_of(order, each.line) if each.id is None else each.id] += each.canceled
    needed = dict(wanted) or {line.id: line.quantity for line in order.lines if line.quantity}
    missing = {line_id: count - canceled[line_id] for line_id, count in needed.items() if count > canceled[line_id]}
    for line in order.lines:
        alike = f"code:{line.code}"
        covered = min(missing.get(line.id, 0), canceled[alike])
        if covered:
            canceled[alike] -= covered
            missing[line.id] -= covered
    lacking = [f"{count} of {line_label(order, line_id)}" for line_id, count in missing.items() if count]
    if not wanted:
        lacking += [
            f"{each.ordered - each.canceled} of {each.line}" for each in line_answers if each.canceled < each.ordered
        ]
    return ", ".join(dict.fromkeys(lacking)) or None


def _line_id_of(order: Order, name: str) -> str:
    """The id of the line that a service's word names; for a code of several lines "code:" and it; else ""."""
    lines = [line for line in order.lines if name and name in (line.id, line.code)]
    if len(lines) == 1:
        return lines[0].id
    return f"code:{name}" if lines and all(line.code == name and line.id != name for line in lines) else ""


class LineNames:
    """Translates between our line ids and what a service calls the lines.

        names = LineNames(request.order, lambda line: line.code)  # it knows SKUs
        wanted = names.to_service_names(request.lines)
        ...
        return names.to_line_ids(answer_from_quantities(response, lines, wanted))

    Lines with the same name at the service are canceled together, or not at all.
    """

    def __init__(self, order: Order, name: Callable[[OrderLine], str]) -> None:
        """name: what the service calls a line; "" where it has no name for it."""
        self._order = order
        self._names = {line.id: name(line).strip() for line in order.lines}
        self._lines: dict[str, list[OrderLine]] = {}
        for line in order.lines:
            if self._names[line.id]:
                self._lines.setdefault(self._names[line.id], []).append(line)

    def knows(self, name: str) -> bool:
        """Whether the service calls a line of the order so."""
        return name in self._lines

    def to_service_names(self, lines: Mapping[str, int]) -> dict[str, int]:
        """The lines of a request (`lines`, by our ids) in the service's words.

        Raises ValidationError for a line that the service has no name for, that is not in the order, or that it cannot
        tell from another line which is not to be canceled whole.
        """
        found: dict[str, int] = {}
        for line_id, count in lines.items():
            line = self._order.line(line_id)
            name = self._names[line_id]
            if not name:
                raise ValidationError(
                    f"the service has no name for the line {line_label(self._order, line_id)}",
                    location=f"order {self._order.number}",
                    hint="give the line what the service knows it by, such as its code, or cancel the whole order",
                )
            alike = self._lines[name]
            if len(alike) > 1 and any(lines.get(other.id, 0) != other.quantity for other in alike):
                text = f"the service calls {len(alike)} lines {name!r}, and cannot tell which of them is meant"
                raise _ambiguous_line_error(self._order, text, alike, "cancel these lines whole and together: ")
            found[name] = found.get(name, 0) + (count if len(alike) == 1 else line.quantity)
        return found

    def to_line_ids(self, answer: Answer) -> Answer:
        """An answer whose lines are in the service's words, each with the id of our line that it is."""
        return evolve(answer, lines=tuple(evolve(line, id=self._id_of(line.line)) for line in answer.lines))

    def _id_of(self, name: str) -> str | None:
        alike = self._lines.get(name, [])
        if len(alike) == 1:
            return alike[0].id
        # Of several lines that share a code, that is known which they are together; of any others, nothing is.
        return None if alike and all(line.code == name for line in alike) else ""
