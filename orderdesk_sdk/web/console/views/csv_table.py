"""Tables for spreadsheets, in which no text of somebody else's becomes a formula. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

__all__ = ["csv_lines", "guarded_cell"]

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula, in its wide forms too."""


def guarded_cell(text: str) -> str:
    """A text behind an apostrophe where a spreadsheet would take it for a formula; without NUL."""
    kept = text.replace("\0", "")
    return f"'{kept}" if kept.lstrip(" ").startswith(_FORMULA_STARTS) else kept


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a CSV file, each with its end (RFC 4180)."""
    for row in chain((head,), rows):
        made = io.StringIO()
        csv.writer(made, quoting=csv.QUOTE_ALL).writerow([guarded_cell(cell) for cell in row])
        yield made.getvalue()
