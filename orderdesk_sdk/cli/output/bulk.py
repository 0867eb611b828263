"""A bulk on the screen: how far it is, and what became of it."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cli.output.screen import Screen, printable
from orderdesk_sdk.desk.bulk.result import BulkOutcome
from orderdesk_sdk.desk.bulk.summary import BulkSummary

__all__ = ["BulkProgress", "show_summary"]

PLAIN_LINES = 10
"""Lines of progress, in all, where stderr is no terminal."""


class BulkProgress:
    """A bar on a terminal, a plain line now and then elsewhere; on stderr, so that stdout has the result alone."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._counts = dict.fromkeys(BulkOutcome, 0)
        console = Console(file=sys.stderr, markup=False, highlight=False, emoji=False)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=console) if console.is_terminal else None
        self._task = self._bar.add_task("canceling", total=total) if self._bar is not None else None
        self._step = max(1, -(-total // PLAIN_LINES))

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def add(self, outcome: BulkOutcome) -> None:
        """Show that one more order has its result."""
        self._counts[outcome] += 1
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1, description=counts_text(self._counts))
            return
        done = sum(self._counts.values())
        if done % self._step == 0 or done == self._total:
            click.echo(f"{done:,} of {self._total:,}: {counts_text(self._counts)}", err=True)


def counts_text(counts: dict[BulkOutcome, int]) -> str:
    """How many orders have come to what; outcomes that none has are left out."""
    return ", ".join(f"{count:,} {outcome.value}" for outcome, count in counts.items() if count) or "none yet"


def show_summary(screen: Screen, summary: BulkSummary, *, is_complete: bool) -> None:
    """What became of a bulk, and what is to be done next."""
    if is_complete and not summary.total:
        screen.line("There was no order to cancel; nothing was recorded.", "bold")
        return
    orders = counted(summary.total, "order")
    screen.line(f"{orders}: {counts_text(summary.counts)}.", "bold")
    if summary.reasons:
        rows = [
            (
                reason.outcome.value,
                reason.connection or "-",
                reason.reason,
                f"{reason.count:,}",
                ", ".join(map(printable, reason.examples)) + (", ..." if reason.count > len(reason.examples) else ""),
            )
            for reason in summary.reasons
        ]
        screen.table(("outcome", "connection", "why", "orders", "such as"), rows, whole=("outcome", "connection"))
    if summary.counts[BulkOutcome.WAITING]:
        screen.line("`orderdesk work` follows up the orders that wait.")
    if not is_complete:
        screen.line("It was stopped before its end; the same command goes on where it ended.", "yellow")
