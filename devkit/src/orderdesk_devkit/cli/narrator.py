"""How the demo is told: lines on a screen with their times, chapter by chapter, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.state_machine import ROUTINE, Event
from orderdesk_sdk.cli.output.cancellations import event_line
from orderdesk_sdk.cli.output.screen import Screen
from orderdesk_sdk.cli.output.times import format_time

__all__ = ["Narrator"]


class Narrator:
    """Tells a story.

    Args:
        screen: None tells nothing.
        chapters: how many there will be.
    """

    def __init__(self, screen: Screen | None, chapters: int) -> None:
        self.screen = screen
        self._chapters = chapters
        self._progress: Progress | None = None

    def say(self, text: str, style: str = "") -> None:
        """Some sentences."""
        if self.screen is not None:
            for line in text.split("\n"):
                self.screen.line(line, style)

    def quote(self, text: str) -> None:
        """A text of somebody else's, with its lines."""
        if self.screen is not None:
            for line in text.split("\n"):
                self.screen.indented(line or " ", by=4, style="dim")

    def at(self, moment: datetime, text: str, style: str = "") -> None:
        """Something that happens now."""
        if self.screen is not None:
            self.screen.hanging(format_time(moment, seconds=True), text, style=style)

    def show_event(self, case: CancelCase, event: Event) -> None:
        """A change of a case, told where it means something to people."""
        if self.screen is None or event.kind in ROUTINE:
            return
        head = f"{format_time(event.at, seconds=True)}  {case.connection}"
        self.screen.hanging(head, event_line(case, event))

    def chapter(self, title: str) -> None:
        """A new chapter."""
        if self._progress is not None:
            self._progress.update(self._progress.task_ids[0], advance=1, description=title)
        self.say("")
        self.say(title, "bold")

    @contextmanager
    def show_progress(self) -> Iterator[None]:
        """Show on a terminal how far it is."""
        if self.screen is None or not self.screen.is_terminal:
            yield
            return
        columns = (SpinnerColumn(), BarColumn(20), TextColumn("{task.description}", markup=False))
        with Progress(*columns, console=self.screen.console, transient=True) as progress:
            progress.add_task("starting", total=self._chapters)
            self._progress = progress
            yield
