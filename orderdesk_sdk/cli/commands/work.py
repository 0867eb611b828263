"""`work`: processes due cases until it is stopped, or until every open case requires action."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from datetime import datetime
from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import EXIT_ACTION_REQUIRED, Session, common_options

if TYPE_CHECKING:
    from orderdesk_sdk.cases.cancellation import CancelCase
    from orderdesk_sdk.cases.state_machine import Event
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["work"]


@click.command()
@click.option("--until-idle", is_flag=True, help="Return when every case is settled or requires action.")
@click.option(
    "--every",
    type=click.FloatRange(min=0.1),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How often to look for cases that other processes created.",
)
@click.option("--quiet", is_flag=True, help="Show only problems and the result, not each thing that is done.")
@click.option("--verbose", is_flag=True, help="Write the log to stderr as well.")
@common_options
@click.pass_obj
def work(session: Session, until_idle: bool, every: float, quiet: bool, verbose: bool) -> None:
    """Process due cases until Ctrl-C: send, poll and remind.

    The command waits for each due time; in a sandbox with virtual time it does not wait. Cases in progress are finished
    before it ends. Exit code 3 with --until-idle: a case requires action, or an order was shipped although it was
    canceled.

    Each thing that is done is one line: on stdout, or with --json a record of the log on stderr.
    """
    import logging

    from orderdesk_sdk.cases.case import State
    from orderdesk_sdk.cases.state_machine import EventKind
    from orderdesk_sdk.cli.log_output import log_to_stderr
    from orderdesk_sdk.cli.output.cancellations import show_case_list
    from orderdesk_sdk.cli.output.cases import show_other_case
    from orderdesk_sdk.cli.output.screen import Screen, printable
    from orderdesk_sdk.cli.output.times import format_time, span
    from orderdesk_sdk.cli.signals import stop_event
    from orderdesk_sdk.cli.worker import ChangeListener, Worker, has_automatic_work
    from orderdesk_sdk.desk.documents import case_document, iso_time

    screen = Screen()
    alarms: list[CancelCase] = []
    waits: dict[str, str | None] = {}

    def report_change(case: CancelCase, event: Event) -> None:
        if event.kind is EventKind.SHIPPED:
            alarms.append(case)
        if event.kind is EventKind.DEFERRED and waits.get(case.id) == event.message:
            return  # A cart is looked at every minute; that it still waits is shown once.
        waits[case.id] = event.message
        if not (session.as_json or quiet):
            with suppress(OSError):  # A full disk of the log must not stop the work.
                _show_event(screen, case, event)

    status = screen.console.status("working") if screen.is_terminal and not session.as_json else None
    log_level = logging.INFO if verbose or (session.as_json and not quiet) else None
    with (
        log_to_stderr(log_level),
        session.desk(listeners=(ChangeListener(report_change),)) as desk,
        stop_event() as stop,
        status or nullcontext(),
    ):

        def report_problem(problem: str) -> None:
            click.echo(f"Problem: {printable(problem)}", err=True)

        def show_wait(due: datetime | None) -> None:
            if status is not None and due is None:
                status.update("no case is open; press Ctrl-C to stop")
            elif status is not None and due is not None:
                left = span(due - desk.clock.now())
                status.update(f"next due {format_time(due, seconds=True)}, in {left}; press Ctrl-C to stop")

        handled, problems = Worker(desk, every, stop, show_wait, report_problem).run(until_idle=until_idle)
        idle = not has_automatic_work(desk)
        cancels = desk.cases.list(states=[State.ACTION_REQUIRED])
        others = [case for case in desk.cases.list_others(open_only=True) if case.state is State.ACTION_REQUIRED]
        now = desk.clock.now()

    def draw(screen: Screen) -> None:
        rest = ("every open case requires action" if cancels or others else "no case is open") if idle else "stopped"
        screen.line(f"{handled} step{'' if handled == 1 else 's'} processed; {rest}.")
        if cancels or others:
            screen.line("These cases require action:", "bold magenta")
        if cancels:
            show_case_list(screen, [cancels])
        for case in others:
            show_other_case(screen, case)
        screen.zone(now)

    document: dict[str, object] = {
        "at": iso_time(now),
        "handled": handled,
        "is_idle": idle,
        "action_required": [case_document(case) for case in (*cancels, *others)],
        "alarms": [case_document(case) for case in alarms],
        "problems": list(problems),
    }
    session.print_result(document, draw)
    if until_idle and (cancels or others or alarms):
        click.get_current_context().exit(EXIT_ACTION_REQUIRED)


def _show_event(screen: Screen, case: CancelCase, event: Event) -> None:
    """One change, in a line."""
    from orderdesk_sdk.cli.output.cancellations import event_line
    from orderdesk_sdk.cli.output.times import format_time

    head = f"{format_time(event.at, seconds=True)}  {case.order_number} at {case.connection}"
    screen.hanging(head, event_line(case, event))
