"""Output for people: plain columns on a terminal of any width; no colors where the output is not a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cli.output.times import zone

__all__ = ["Screen", "printable", "state_text"]

_UNLIMITED_WIDTH = 1000
"""Columns where the output goes into a file or a pipe, whose lines are not broken."""
_STYLES = {
    State.CANCELED: "green",
    State.PARTIALLY_CANCELED: "yellow",
    State.REJECTED: "yellow",
    State.UNSUPPORTED: "yellow",
    State.EXPIRED: "bold red",
    State.ACKNOWLEDGED: "cyan",
    State.UNKNOWN: "magenta",
    State.ACTION_REQUIRED: "bold magenta",
    State.SHIPPED_ANYWAY: "bold red",
}


def printable(text: str) -> str:
    """The text on one line, with whatever could move a cursor or turn a line around shown as an escape."""
    return "".join(
        char if char.isprintable() else " " if char.isspace() else char.encode("unicode_escape").decode()
        for char in text
    )


def state_text(state: State) -> Text:
    """A state in its color."""
    return Text(state.value, _STYLES.get(state, ""))


def _plain_text(cell: str | Text) -> str:
    return printable(cell.plain if isinstance(cell, Text) else cell)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


class Screen:
    """Stdout, for people. Texts are shown literally: what a service says is not markup."""

    def __init__(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            # A character that the terminal's encoding lacks must not end the command.
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        self.console = Console(markup=False, highlight=False, emoji=False)
        if not self.console.is_terminal and not os.environ.get("COLUMNS"):
            self.console = Console(markup=False, highlight=False, emoji=False, width=_UNLIMITED_WIDTH)

    @property
    def is_terminal(self) -> bool:
        """Whether the output is a terminal."""
        return self.console.is_terminal

    def line(self, text: str | Text = "", style: str = "") -> None:
        """A line, broken between words at the terminal's width."""
        self._print(text if isinstance(text, Text) else Text(printable(text), style), 0)

    def indented(self, text: str | Text, by: int = 2, style: str = "") -> None:
        """A line whose continuation is indented as well."""
        self._print(text if isinstance(text, Text) else Text(printable(text), style), by)

    def hanging(self, head: str, text: str | Text, *, indent: int = 0, style: str = "") -> None:
        """A line whose continuation stands below its text, not below its head."""
        grid = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(Text(printable(head)), text if isinstance(text, Text) else Text(printable(text), style))
        self._print(grid, indent)

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[str | Text]],
        *,
        indent: int = 0,
        whole: Sequence[str] = (),
    ) -> None:
        """A table; the columns named in `whole` are never broken, the others where the terminal is narrow."""
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_header=any(columns))
        for column in columns:
            table.add_column(column, no_wrap=column in whole, overflow="fold")
        for row in rows:
            table.add_row(*(cell if isinstance(cell, Text) else Text(printable(cell)) for cell in row))
        self._print(table, indent)

    def pages(
        self,
        columns: Sequence[str],
        pages: Iterable[Sequence[Sequence[str | Text]]],
        *,
        whole: Sequence[str] = (),
    ) -> int:
        """A long table, page by page as the rows come; how many rows. Only one page is held.

        On a terminal every page has the header; elsewhere there is one, and the columns are as wide as the first page
        needs.
        """
        count = 0
        widths: list[int] = []
        for rows in pages:
            count += len(rows)
            if not widths or self.is_terminal:
                self.table(columns, rows, whole=whole)
                cells = [columns, *([_plain_text(cell) for cell in row] for row in rows)]
                widths = [max(cell_len(cell) for cell in column) for column in zip(*cells, strict=True)]
                continue
            # Laid out by hand: a table takes a thousandth of a second a row, which counts where there are 100,000.
            for row in rows:
                padded = (_padded(_plain_text(cell), width) for cell, width in zip(row, widths, strict=True))
                self.console.file.write("  ".join(padded).rstrip() + "\n")
            self.console.file.flush()
        return count

    def _print(self, shown: Table | Text, indent: int) -> None:
        self.console.print(Padding(shown, (0, 0, 0, indent), expand=False) if indent else shown)
        self.console.file.flush()  # So that a log of `work` can be followed.

    def zone(self, moment: datetime) -> None:
        """A line that names the zone of the times above."""
        self.line(f"Times are {zone(moment)}.", "dim")
