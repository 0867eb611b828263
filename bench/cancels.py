"""Durable cancels, against a bare httpx.Client that makes the same PUT and keeps nothing.

A durable cancel is: the cancellation in the ledger; the intent committed; the PUT sent; the response, its reading and
the new state committed. Each commit is flushed to disk (SQLite, WAL, synchronous=FULL).

Two ways lead there. `desk.cancel` is the headline, because every step of the above is timed in it. `desk.run_due` finds
cancellations that were recorded before the clock started; it is what a worker does. Beside them stands the floor of
what any such ledger costs over httpx: the same rows in two grouped commits around the call, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from bench.clients import Run
from bench.commit_count import commits_per_cancel
from bench.figure import Bound, Figure, Goal, Scale, Spread, compare, interleaved
from bench.loopback import Loopback
from bench.measured_process import Contender

__all__ = ["cancels", "rivals"]

BASELINE = "httpx"
FLOOR = "httpx + 2 commits"
HEADLINE = "desk.cancel"
DUE = "desk.run_due"
GOALS = {(HEADLINE, BASELINE, 8): 0.6, (HEADLINE, FLOOR, 8): 0.8, (HEADLINE, BASELINE, 1): 0.4}
NOTES = {DUE: "its cancellations were recorded before the clock started"}
AGAINST = {BASELINE: "bare httpx", FLOOR: "httpx + 2 grouped commits of the same rows"}


def cancels(effort: Scale) -> Iterator[Figure]:
    """Both ways at 8 threads and at 1, over bare httpx and over the floor; then CPU and commits of one cancel."""
    for threads in (8, 1):
        calls = effort.pick(150, 400)
        runs = _runs((BASELINE, FLOOR, HEADLINE, DUE), calls, threads, effort)
        rates = {name: [calls / run.seconds for run in taken] for name, taken in runs.items()}
        for name, against in ((HEADLINE, BASELINE), (HEADLINE, FLOOR), (DUE, BASELINE), (FLOOR, BASELINE)):
            wanted = GOALS.get((name, against, threads))
            yield compare(
                f"{'durable cancels, ' if name != FLOOR else ''}{name}, {_threads(threads)}",
                "1/s",
                AGAINST[against],
                rates[name],
                rates[against],
                goal=Goal(Bound.AT_LEAST, wanted) if wanted is not None else None,
                note=NOTES.get(name, ""),
            )
    yield from _cpu(effort)
    goal = Goal(Bound.AT_MOST, 2)
    yield Figure("durable commits of a cancel", "count", Spread.of([commits_per_cancel()]), goal=goal)


def _cpu(effort: Scale) -> Iterator[Figure]:
    """CPU of one cancel in a process of one thread, with the ledger in memory: a busy disk changes nothing of it."""
    calls = effort.pick(60, 100)
    runs = _runs((BASELINE, FLOOR, HEADLINE, DUE), calls, 1, effort, in_memory=True)
    cpu = {name: [run.cpu_seconds / calls * 1e6 for run in taken] for name, taken in runs.items()}
    for name, goal in ((HEADLINE, Goal(Bound.AT_MOST, 2)), (DUE, None), (FLOOR, None)):
        yield compare(f"CPU of a cancel, {name}", "us", AGAINST[BASELINE], cpu[name], cpu[BASELINE], goal=goal)
    yield compare(f"CPU of a cancel, {DUE}", "us", HEADLINE, cpu[DUE], cpu[HEADLINE], goal=Goal(Bound.AT_MOST, 1))


def rivals(effort: Scale) -> Iterator[Figure]:
    """The headline over the clients that a user of Amazon has today; neither keeps anything."""
    calls = effort.pick(150, 400)
    names = (HEADLINE, "python-amazon-sp-api", "amzn-sp-api")
    rates = {name: [calls / run.seconds for run in runs] for name, runs in _runs(names, calls, 8, effort).items()}
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


def _runs(
    names: tuple[str, ...], calls: int, threads: int, effort: Scale, *, in_memory: bool = False
) -> dict[str, list[Run]]:
    """The runs of each contender, taken in turns."""
    with ExitStack() as stack:
        loopback = stack.enter_context(Loopback())
        contenders = [stack.enter_context(Contender(name, loopback.url, in_memory=in_memory)) for name in names]
        for contender in contenders:
            contender.run(50, threads)
        takes = [lambda contender=contender: contender.run(calls, threads) for contender in contenders]
        return dict(zip(names, interleaved(effort.pick(3, 9, 15), takes), strict=True))


def _threads(count: int) -> str:
    return f"{count} thread{'s' if count != 1 else ''}"
