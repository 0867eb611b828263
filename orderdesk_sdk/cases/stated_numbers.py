"""Which order numbers a response states, and whether one of them is ours. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.plugin.order_numbers import StatedAt
from orderdesk_sdk.plugin.plain_values import MAX_ITEMS, class_name, plain_text
from orderdesk_sdk.plugin.toolkit.json_response import json_object

if TYPE_CHECKING:
    import httpx

__all__ = ["UnverifiedAnswerError", "is_same_number", "numbers_by"]

MAX_COMPARED = 80
"""Characters of a number that are compared, or shown in a message."""


class UnverifiedAnswerError(PluginError):
    """A plugin asserts what no response of this attempt says."""


def numbers_by(
    rule: StatedAt | Callable[[httpx.Response], Sequence[str]], response: httpx.Response
) -> tuple[str | None, ...]:
    """The numbers that a response states; None for one that should be there and is not.

    Raises MalformedResponseError.
    """
    return (
        _numbers_at(json_object(response), rule.path)
        if isinstance(rule, StatedAt)
        else _validated_numbers(rule(response))
    )


def _validated_numbers(numbers: object) -> tuple[str, ...]:
    """The numbers that a callable of a plugin read. A single text is none: each of its letters would be one."""
    several = () if isinstance(numbers, str | bytes) or not isinstance(numbers, Iterable) else numbers
    texts = tuple(plain_text(number) for number in islice(several, MAX_ITEMS + 1))
    if several is not numbers or len(texts) > MAX_ITEMS:
        raise UnverifiedAnswerError(
            f"its identified_by gave {class_name(numbers)}, not a list of at most {MAX_ITEMS} numbers",
            hint="let it give a list of every number that the response states",
        )
    return texts


def is_same_number(stated: str, expected: str | None, normalize: Callable[[str], str]) -> bool:
    """Whether a number is ours, spelled as it is or as the service spells it.

    Raises UnverifiedAnswerError for a `normalize` that makes other numbers equal to it as well, as one that cuts them
    does.
    """
    if expected is None or stated == expected:
        return expected is not None
    plain = plain_text(normalize(expected))
    if plain_text(normalize(stated)) != plain:
        return False
    for other in (*_similar_numbers(stated), *_similar_numbers(expected)):
        if not plain or plain_text(normalize(other)) == plain:
            raise UnverifiedAnswerError(
                f"its normalize makes {other[:MAX_COMPARED]!r} equal to the other number {expected[:MAX_COMPARED]!r}",
                hint="let it change the spelling only",
            )
    return True


def _similar_numbers(number: str) -> Iterator[str]:
    """Numbers that are surely others: each differs in one digit; where there is none, in one letter."""
    digits = [at for at, sign in enumerate(number[:MAX_COMPARED]) if sign.isascii() and sign.isdigit()]
    for at in digits or range(len(number[:MAX_COMPARED])):
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
