"""Figures as a table for people and as JSON for programs."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence

from attrs import asdict

from bench.figure import Figure, Spread

__all__ = ["HEAD", "as_json", "as_table", "cells", "machine"]

HEAD = ("figure", "unit", "ours", "yardstick", "against", "ratio (min-max)", "goal", "met")


def as_table(figures: Sequence[Figure]) -> str:
    """One row a figure, medians, the notes below."""
    rows = [HEAD, *(cells(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    notes = [f"{figure.name}: {figure.note}" for figure in figures if figure.note]
    return "\n".join([machine(), "", *lines, "", *notes])


def as_json(figures: Sequence[Figure]) -> str:
    """The same as a JSON document; `met` is null where there is no goal."""
    rows = [
        asdict(figure, filter=lambda field, _: field.name != "goal")
        | {"goal": str(figure.goal) if figure.goal else None, "met": figure.goal_met}
        for figure in figures
    ]
    return json.dumps({"machine": machine(), "figures": rows}, indent=2)


def cells(figure: Figure) -> tuple[str, ...]:
    """A figure as a row, in the order of HEAD."""
    ratio = figure.ratio
    return (
        figure.name,
        figure.unit,
        _number(figure.ours.median),
        _number(figure.yardstick.median) if figure.yardstick else "",
        figure.baseline,
        _ratio(ratio) if ratio else "",
        str(figure.goal) if figure.goal else "",
        {True: "yes", False: "NO", None: "-"}[figure.goal_met],
    )


def _ratio(ratio: Spread) -> str:
    return f"{ratio.median:.3f} ({ratio.low:.2f}-{ratio.high:.2f})"


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def machine() -> str:
    """What was measured on."""
    return f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
