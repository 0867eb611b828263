"""What a flow about several orders must end with: one answer for each."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from orderdesk_sdk.plugin.answer import Answer, Answers

if TYPE_CHECKING:
    import httpx

__all__ = ["with_answer_count"]


def with_answer_count(flow: object, count: int) -> object:
    """The plugin's flow, which must end with one answer per order; what is no flow is given back as it is."""
    return _check_answer_count(flow, count) if isinstance(flow, Generator) else flow


def _check_answer_count(
    flow: Generator[httpx.Request, httpx.Response, object], count: int
) -> Generator[httpx.Request, httpx.Response, object]:
    ended: object = yield from flow
    if isinstance(ended, Answer):
        return ended
    answers = tuple(ended) if isinstance(ended, list | tuple) else None
    if answers is None or len(answers) != count or not all(isinstance(answer, Answer) for answer in answers):
        raise TypeError(f"the flow must end with {count} answers, one per request, in their order")
    return Answers(answers)
