"""Durable cancels per second, against a bare httpx.Client that makes the same PUT and keeps nothing.

A durable cancel is: the cancellation in the ledger; the intent committed; the PUT sent; the response, its reading and
the new state committed. Each commit is flushed to disk (SQLite, WAL, synchronous=FULL).

Two ways lead there. `desk.cancel` is the headline, because every step of the above is timed in it. `desk.run_due` finds
cancellations that were recorded before the clock started, so it is one commit short; it is what a worker does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from bench.figure import Bound, Figure, Goal, Scale, compare, interleaved
from bench.loopback import Loopback
from bench.measured_process import Contender

__all__ = ["cancels", "rivals"]

BASELINE = "httpx"
HEADLINE = "desk.cancel"


def cancels(effort: Scale) -> Iterator[Figure]:
    """Both ways at 8 threads and at 1, over bare httpx."""
    for threads in (8, 1):
        rates = _rates((BASELINE, HEADLINE, "desk.run_due"), threads, effort)
        for name in (HEADLINE, "desk.run_due"):
            is_headline = name == HEADLINE and threads == 8
            yield compare(
                f"durable cancels, {name}, {_threads(threads)}",
                "1/s",
                "bare httpx",
                rates[name],
                rates[BASELINE],
                goal=Goal(Bound.AT_LEAST, 0.85) if is_headline else None,
                note="" if name == HEADLINE else "its cancellations were recorded before the clock started",
            )


def rivals(effort: Scale) -> Iterator[Figure]:
    """The headline over the clients that a user of Amazon has today; neither keeps anything."""
    rates = _rates((HEADLINE, "python-amazon-sp-api", "amzn-sp-api"), 8, effort)
    yield compare(
        "durable cancels, desk.cancel, 8 threads",
        "1/s",
        "python-amazon-sp-api",
        rates[HEADLINE],
        rates["python-amazon-sp-api"],
        goal=Goal(Bound.AT_LEAST, 1.0),
        note="python-amazon-sp-api was handed a marketplace and a token client that name the loopback service",
    )
    yield compare(
        "durable cancels, desk.cancel, 8 threads",
        "1/s",
        "amzn-sp-api",
        rates[HEADLINE],
        rates["amzn-sp-api"],
    )


def _rates(names: tuple[str, ...], threads: int, effort: Scale) -> dict[str, list[float]]:
    calls = effort.pick(150, 400)
    with ExitStack() as stack:
        loopback = stack.enter_context(Loopback())
        contenders = [stack.enter_context(Contender(name, loopback.url)) for name in names]
        for contender in contenders:
            contender.rate(50, threads)
        takes = [lambda contender=contender: contender.rate(calls, threads) for contender in contenders]
        return dict(zip(names, interleaved(effort.pick(3, 9, 15), takes), strict=True))


def _threads(count: int) -> str:
    return f"{count} thread{'s' if count != 1 else ''}"
