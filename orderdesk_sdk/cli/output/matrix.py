"""The matrix for people."""

from __future__ import annotations

from collections.abc import Sequence

from orderdesk_sdk.cli.output.screen import Screen
from orderdesk_sdk.desk.matrix import VARIES_MARK, MatrixRow
from orderdesk_sdk.errors import PluginError

__all__ = ["show_matrix"]

_TABLE_COLUMNS = 200
"""Columns below which a table of twelve columns would break words; each integration then has a block of lines."""


def show_matrix(screen: Screen, rows: Sequence[MatrixRow], errors: Sequence[PluginError]) -> None:
    """A row for each integration; on a narrow terminal, a block of lines."""
    if not rows and not errors:
        screen.line("No integration is installed. Install one, such as orderdesk-amazon-mcf.")
    if rows and screen.console.width >= _TABLE_COLUMNS:
        columns = ("integration", *rows[0].cells())
        screen.table(
            columns, [(row.title, *row.cells().values()) for row in rows], whole=("integration", "verified by")
        )
    else:
        for row in rows:
            _show_block(screen, row)
    if any(row.routes_vary for row in rows):
        screen.line(VARIES_MARK, "dim")
    for error in errors:
        screen.indented(f"{error.location}: {error.message}", style="red")
        screen.indented(f"What to do: {error.hint}", style="yellow")


def _show_block(screen: Screen, row: MatrixRow) -> None:
    cells = row.cells()
    screen.line(f"{row.title}  {row.slug}, {cells.pop('role')}, {cells.pop('verified by')}", "bold")
    longest = max(map(len, cells))
    for heading, text in cells.items():
        if text not in ("-", "none"):
            screen.hanging(heading.ljust(longest), text, indent=2)
    screen.line()
