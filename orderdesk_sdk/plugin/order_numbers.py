"""Which order a response is about: where the responses of each operation state its number, as a plugin declares it.

The plugin says where; only the core reads the number there and compares it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    import httpx

__all__ = ["AnyOf", "Identity", "NotStated", "NumberKind", "StatedAt", "validated_identities"]


class NumberKind(enum.Enum):
    """Which of an order's numbers a service states."""

    REMOTE_ID = "remote_id"
    """The order's number at the service."""
    ORDER_NUMBER = "order_number"
    """The order's number here."""
    REQUEST_REFERENCE = "reference"
    """The service's own name for the request: the `request_reference` of `answer.acknowledged`."""


def _unchanged(number: str) -> str:
    return number


@frozen(init=False)
class StatedAt:
    """The body is JSON and states the number at a path of keys: `StatedAt("order", "number")`.

    Args:
        path: the keys, one by one or as one sequence. "*" stands for each entry of a list, all of which must state the
            order's number; "0" for its first.
        number: which one; the remote id unless another is named.
        normalize: applied to the stated number and to ours before they are compared, where the service spells it in
            another way than callers do. One that makes two numbers equal, as by cutting them, is a fault of the plugin.
    """

    path: tuple[str, ...]
    number: NumberKind
    normalize: Callable[[str], str] = field(repr=False)

    def __init__(
        self,
        *steps: str,
        path: Sequence[str] = (),
        number: str | NumberKind = NumberKind.REMOTE_ID,
        normalize: Callable[[str], str] = _unchanged,
    ) -> None:
        path = (*path, *steps)
        if not path or not all(path):
            raise TypeError('StatedAt takes a path of keys, as in StatedAt("order", "number")')
        self.__attrs_init__(path, NumberKind(number), normalize)


@frozen(init=False)
class AnyOf:
    """The body states several numbers of the order, and callers may know it by either: one of them must be its own."""

    alternatives: tuple[StatedAt, ...]

    def __init__(self, *either: StatedAt, alternatives: Sequence[StatedAt] = ()) -> None:
        alternatives = (*alternatives, *either)
        if len(alternatives) < 2:
            raise TypeError("AnyOf takes two places or more; a single one stands by itself")
        self.__attrs_init__(alternatives)


@frozen
class NotStated:
    """The responses state no number of an order, so only their request says which one they are about.

    Args:
        reason: what the service's documents say of it; the receipt repeats it beside each verdict that rests on one.
    """

    reason: str

    def __attrs_post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("NotStated needs a reason: what does the service's response hold instead?")


Identity = StatedAt | AnyOf | NotStated | Callable[["httpx.Response"], Sequence[str]]
"""The last for a body that is no JSON, or of several shapes: every number that it states, each a remote id."""


def validated_identities(given: object) -> Mapping[str, Identity]:
    """What `identified_by` holds, by operation. Raises TypeError for anything else."""
    if not isinstance(given, Mapping):
        raise TypeError(f"identified_by must be a mapping from operations, not {type(given).__name__}")
    for operation, identity in given.items():
        if not isinstance(operation, str) or not (
            isinstance(identity, StatedAt | AnyOf | NotStated) or callable(identity)
        ):
            raise TypeError(
                f"identified_by[{operation!r}] must be StatedAt(...), AnyOf(...), NotStated(...) or a callable"
            )
    return dict(given)
