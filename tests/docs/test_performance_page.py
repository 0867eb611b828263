"""The page of `bench --report`: every figure with its yardstick, its goal and whether that is met."""

from __future__ import annotations

from bench.figure import Bound, Figure, Goal, Scale, Spread, compare
from bench.report import as_page

GOAL = Goal(Bound.AT_LEAST, 0.6)


def test_each_figure_is_a_row_beside_its_yardstick() -> None:
    figures = [
        compare("cancels, 8 threads", "1/s", "bare httpx", [300.0, 500.0], [1000.0, 1000.0], goal=GOAL, note="a|b"),
        Figure("durable commits", "count", Spread.of([2.0]), goal=Goal(Bound.AT_MOST, 2)),
    ]
    page = as_page(figures, Scale(quick=True))
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert rows[2:] == [
        "| cancels, 8 threads | 1/s | 400 | 1000 | bare httpx | 0.400 (0.30-0.50) | >= 0.6 | NO |",
        "| durable commits | count | 2 |  |  |  | <= 2 | yes |",
    ]
    assert "- cancels, 8 threads: a|b\n" in page
    assert "a quick run" in page
