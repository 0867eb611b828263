"""What `orderdesk work` shows: each change while it runs, and in the end what it leaves to people."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

import click
from attrs import evolve, frozen
from rich.status import Status
from rich.text import Text

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.wording import rounded_duration
from orderdesk_sdk.cli.output.cancellations import event_line, show_case_list
from orderdesk_sdk.cli.output.cases import show_other_case
from orderdesk_sdk.cli.output.history import UNDECIDED_POLLS
from orderdesk_sdk.cli.output.screen import Screen, printable
from orderdesk_sdk.cli.output.times import format_time
from orderdesk_sdk.desk.cases import OtherCase
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.documents import case_document, iso_time

__all__ = ["ShownChanges", "WorkResult", "problem_shower", "show_problem", "wait_text", "work_result"]


class ShownChanges:
    """The changes of cases while the worker runs: shown, and the alarms among them kept.

    A wait and a poll that tell the same again and again are shown once; how often a poll did is shown when something
    else happens to its case, or the worker ends.
    """

    def __init__(self, screen: Screen | None) -> None:
        """screen: where each change is shown; None shows none."""
        self._screen = screen
        self._lock = threading.Lock()
        self._latest: dict[str, _ShownChange] = {}
        self.alarms: list[CancelCase] = []

    def report(self, case: CancelCase, event: Event) -> None:
        """Show a change and keep it if it is an alarm."""
        with self._lock:
            if event.kind is EventKind.SHIPPED:
                self.alarms.append(case)
            shown = self._latest.get(case.id)
            if shown is not None and shown.is_told_again_by(event):
                self._latest[case.id] = evolve(shown, repeats=shown.repeats + 1, last_at=event.at)
                return
            self._show_repeats(self._latest.pop(case.id, None))
            if case.is_open:
                self._latest[case.id] = _ShownChange(case, event, event.at)
            self._show(case, event.at, event_line(case, event))

    def finish(self) -> None:
        """Show what was not shown yet, when the worker ends."""
        with self._lock:
            for shown in self._latest.values():
                self._show_repeats(shown)
            self._latest.clear()

    def _show_repeats(self, shown: _ShownChange | None) -> None:
        if shown is not None and shown.repeats and shown.event.kind in UNDECIDED_POLLS:
            since = format_time(shown.event.at, seconds=True)
            times = f"{shown.repeats} more time{'s' if shown.repeats > 1 else ''} since {since}"
            self._show(shown.case, shown.last_at, Text(f"polled {times}: {shown.event.kind.value}"))

    def _show(self, case: CancelCase, at: datetime, text: Text) -> None:
        if self._screen is not None:
            with suppress(OSError):  # A full disk of the log must not stop the work.
                head = f"{format_time(at, seconds=True)}  {case.order_number} at {case.connection}"
                self._screen.hanging(head, text)


@frozen
class _ShownChange:
    """The last change that was shown of an open case, and how often it came again."""

    case: CancelCase
    event: Event
    last_at: datetime
    repeats: int = 0

    def is_told_again_by(self, event: Event) -> bool:
        """Whether an event says only what this one said."""
        if event.kind not in (EventKind.DEFERRED, *UNDECIDED_POLLS):
            return False
        return event_line(self.case, self.event) == event_line(self.case, event) and event.kind is self.event.kind


@frozen
class WorkResult:
    """What `work` has done, and what it leaves to people.

    Args:
        cancels: those that require action.
        others: cases of other kinds that require action.
        alarms: cancels of orders that were shipped although canceled.
    """

    at: datetime
    handled: int
    is_idle: bool
    cancels: Sequence[CancelCase]
    others: Sequence[OtherCase]
    alarms: Sequence[CancelCase]
    problems: Sequence[str]

    def document(self) -> dict[str, object]:
        """The JSON document of the command."""
        return {
            "at": iso_time(self.at),
            "handled": self.handled,
            "is_idle": self.is_idle,
            "action_required": [case_document(case) for case in (*self.cancels, *self.others)],
            "alarms": [case_document(case) for case in self.alarms],
            "problems": list(self.problems),
        }

    def show(self, screen: Screen) -> None:
        """Show it as text."""
        rest = "stopped"
        if self.is_idle:
            rest = "every open case requires action" if self.cancels or self.others else "no case is open"
        screen.line(f"{counted(self.handled, 'step')} processed; {rest}.")
        if self.cancels or self.others:
            screen.line("These cases require action:", "bold magenta")
        if self.cancels:
            show_case_list(screen, [self.cancels])
        for case in self.others:
            show_other_case(screen, case)
        screen.zone(self.at)


def work_result(
    desk: Desk, handled: int, problems: Sequence[str], alarms: Sequence[CancelCase], *, is_idle: bool
) -> WorkResult:
    """What is left of a desk's work now."""
    return WorkResult(
        at=desk.clock.now(),
        handled=handled,
        is_idle=is_idle,
        cancels=desk.cases.list(states=[State.ACTION_REQUIRED]),
        others=[
            case for case in desk.cases.list_others(open_only=True, limit=1000) if case.state is State.ACTION_REQUIRED
        ],
        alarms=alarms,
        problems=problems,
    )


def show_problem(problem: str) -> None:
    """Print a problem on stderr."""
    click.echo(f"Problem: {printable(problem)}", err=True)


def problem_shower(status: Status | None) -> Callable[[str], None]:
    """What prints a problem on a line of its own, while `status` moves at the end of the terminal."""

    def show(problem: str) -> None:
        if status is None:
            show_problem(problem)
            return
        status.stop()
        try:
            show_problem(problem)
        finally:
            status.start()

    return show


def wait_text(due: datetime | None, now: datetime) -> str:
    """What is shown while the worker waits. due: when the next case is due; None where no case is open."""
    if due is None:
        return "no case is open; press Ctrl-C to stop"
    return f"next due {format_time(due, seconds=True)}, in {rounded_duration(due - now)}; press Ctrl-C to stop"
