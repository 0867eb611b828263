"""Asking for many orders at once, where each must be looked at first: what spoils one order stays that order's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from orderdesk_sdk.plugin.answer import Answer, not_done, unclear
from orderdesk_sdk.plugin.toolkit.json_response import Ended, MalformedReply

if TYPE_CHECKING:
    from orderdesk_sdk.plugin.requests import CancelRequest
    from orderdesk_sdk.plugin.service import Flow

__all__ = ["together"]

T = TypeVar("T")


def together(
    requests: Sequence[CancelRequest],
    look: Callable[[CancelRequest], Flow[Answer | T]],
    ask: Callable[[Sequence[tuple[CancelRequest, T]]], Flow[Sequence[Answer]]],
) -> Flow[Sequence[Answer]]:
    """What `orderdesk_cancel_many` ends with: one answer per request.

    look: ends with an order's answer where there is nothing to ask, else with what asking needs to know of it. A reply
    that it cannot read makes that order `not_done`, so it raises nothing once a write of its own may have worked.
    ask: asks for those that are left, with one answer for each. A reply that it cannot read leaves them all unclear.
    """
    seen: list[Answer | T] = []
    for request in requests:
        seen.append((yield from _alone(look(request))))  # noqa: PERF401 - a comprehension cannot yield
    left = [(request, known) for request, known in zip(requests, seen, strict=True) if not isinstance(known, Answer)]
    told = (yield from _all(ask(left), len(left))) if left else ()
    if len(told) != len(left):
        raise ValueError(f"there are {len(told)} answers for {len(left)} orders")
    rest = iter(told)
    return [known if isinstance(known, Answer) else next(rest) for known in seen]


def _alone(flow: Flow[Answer | T]) -> Flow[Answer | T]:
    try:
        return (yield from flow)
    except Ended as over:
        return over.answer
    except MalformedReply as error:
        return not_done(None, text=str(error))


def _all(flow: Flow[Sequence[Answer]], many: int) -> Flow[Sequence[Answer]]:
    try:
        return (yield from flow)
    except Ended as over:
        return [over.answer] * many
    except MalformedReply as error:
        return [unclear(None, text=str(error))] * many
