"""Many cancels in one call, where each order is read first. An error of one order is an answer of that order only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from orderdesk_sdk.plugin.answer import Answer, not_processed, unknown
from orderdesk_sdk.plugin.toolkit.json_response import EndFlow, MalformedResponseError

if TYPE_CHECKING:
    from orderdesk_sdk.plugin.requests import CancelRequest
    from orderdesk_sdk.plugin.service import Flow

__all__ = ["run_batch"]

T = TypeVar("T")


def run_batch(
    requests: Sequence[CancelRequest],
    prepare: Callable[[CancelRequest], Flow[Answer | T]],
    submit: Callable[[Sequence[tuple[CancelRequest, T]]], Flow[Sequence[Answer]]],
) -> Flow[Sequence[Answer]]:
    """What `orderdesk_cancel_many` ends with: one answer per request.

    Args:
        prepare: a flow for one order. It ends with the order's answer where nothing is to be sent, else with what
            `submit` needs to know of the order. A malformed response makes the answer `not_processed`, so `prepare`
            must not write.
        submit: a flow for all orders that are left. It ends with one answer for each, in their order. A malformed
            response makes all of them unknown.
    """
    seen: list[Answer | T] = []
    for request in requests:
        seen.append((yield from _run_single(prepare(request))))  # noqa: PERF401 - a comprehension cannot yield
    left = [(request, known) for request, known in zip(requests, seen, strict=True) if not isinstance(known, Answer)]
    told = (yield from _run_all(submit(left), len(left))) if left else ()
    if len(told) != len(left):
        raise ValueError(f"there are {len(told)} answers for {len(left)} orders")
    rest = iter(told)
    return [known if isinstance(known, Answer) else next(rest) for known in seen]


def _run_single(flow: Flow[Answer | T]) -> Flow[Answer | T]:
    try:
        return (yield from flow)
    except EndFlow as over:
        return over.answer
    except MalformedResponseError as error:
        return not_processed(None, message=str(error))


def _run_all(flow: Flow[Sequence[Answer]], count: int) -> Flow[Sequence[Answer]]:
    try:
        return (yield from flow)
    except EndFlow as over:
        return [over.answer] * count
    except MalformedResponseError as error:
        return [unknown(None, message=str(error))] * count
