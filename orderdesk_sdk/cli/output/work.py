"""What `orderdesk work` shows: each change while it runs, and in the end what it leaves to people."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

import click
from attrs import frozen

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.cli.output.cancellations import event_line, show_case_list
from orderdesk_sdk.cli.output.cases import show_other_case
from orderdesk_sdk.cli.output.screen import Screen, printable
from orderdesk_sdk.cli.output.times import format_time, span
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.documents import case_document, iso_time

__all__ = ["ShownChanges", "WorkResult", "show_problem", "wait_text", "work_result"]


class ShownChanges:
    """The changes of cases while the worker runs: shown, and the alarms among them kept."""

    def __init__(self, screen: Screen | None) -> None:
        """screen: where each change is shown; None shows none."""
        self._screen = screen
        self._waits: dict[str, str | None] = {}
        self.alarms: list[CancelCase] = []

    def report(self, case: CancelCase, event: Event) -> None:
        """Show a change and keep it if it is an alarm; a wait that goes on unchanged is shown once."""
        if event.kind is EventKind.SHIPPED:
            self.alarms.append(case)
        if event.kind is EventKind.DEFERRED and self._waits.get(case.id) == event.message:
            return
        self._waits[case.id] = event.message
        if self._screen is not None:
            with suppress(OSError):  # A full disk of the log must not stop the work.
                _show_event(self._screen, case, event)


@frozen
class WorkResult:
    """What `work` has done, and what it leaves to people.

    cancels, others: the cases that require action. alarms: those of orders that were shipped although canceled.
    """

    at: datetime
    handled: int
    is_idle: bool
    cancels: Sequence[CancelCase]
    others: Sequence[ResubmitCase | StatusCase]
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
        screen.line(f"{self.handled} step{'' if self.handled == 1 else 's'} processed; {rest}.")
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
        others=[case for case in desk.cases.list_others(open_only=True) if case.state is State.ACTION_REQUIRED],
        alarms=alarms,
        problems=problems,
    )


def show_problem(problem: str) -> None:
    """Print a problem on stderr."""
    click.echo(f"Problem: {printable(problem)}", err=True)


def wait_text(due: datetime | None, now: datetime) -> str:
    """What is shown while the worker waits. due: when the next case is due; None where no case is open."""
    if due is None:
        return "no case is open; press Ctrl-C to stop"
    return f"next due {format_time(due, seconds=True)}, in {span(due - now)}; press Ctrl-C to stop"


def _show_event(screen: Screen, case: CancelCase, event: Event) -> None:
    """One change, in a line."""
    head = f"{format_time(event.at, seconds=True)}  {case.order_number} at {case.connection}"
    screen.hanging(head, event_line(case, event))
