"""The figures as a page of the docs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.figure import Figure, Scale
from bench.loopback import ROOT
from bench.table import HEAD, cells, machine

__all__ = ["PAGE", "as_page", "write_page"]

PAGE = ROOT / "docs" / "reference" / "performance.md"
_INTRODUCTION = """\
# Performance

Ratios, each measured beside its yardstick in the same run. Absolute numbers say more about the machine than about the
code; only the ratio is meant to be quoted. A goal that is missed is shown as such.

Written by `python3 tools/dev.py bench --report`, which measures anew; do not edit it.
"""
_READING = """\
## How to read it

- A durable cancel is on disk twice: the cancellation, its case and the intent before a byte leaves, the result before
  the caller has it. Bare httpx keeps nothing.
- The floor, "httpx + 2 grouped commits of the same rows", is bare httpx between two transactions that write the rows of
  a cancel and nothing else: what no ledger of this kind can be below.
- CPU is that of the whole process, with the ledger's file in memory where there is such a place. It hardly changes on
  a busy machine; rates do.
- Medians, with the lowest and the highest ratio of a round in brackets.
"""


def as_page(figures: Sequence[Figure], effort: Scale) -> str:
    """The page: what was measured where, the table, the notes, and how to read it."""
    kind = "quick" if effort.quick else "full" if effort.full else "normal"
    measured = f"Measured on {datetime.now(UTC):%d %B %Y}, a {kind} run: {machine()}."
    rows = [HEAD, tuple("---" for _ in HEAD), *map(cells, figures)]
    table = "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows)
    notes = "\n".join(f"- {figure.name}: {figure.note}" for figure in figures if figure.note)
    parts = [_INTRODUCTION, measured + "\n", "## Figures\n", table + "\n", notes + "\n" if notes else "", _READING]
    return "\n".join(part for part in parts if part)


def write_page(figures: Sequence[Figure], effort: Scale) -> Path:
    """Write it where the docs have it."""
    PAGE.write_text(as_page(figures, effort), encoding="utf-8")
    return PAGE
