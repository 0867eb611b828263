"""`work`: processes due cases until it is stopped, or until every open case requires action."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime

import click

from orderdesk_sdk.cli.session import EXIT_ACTION_REQUIRED, Session, common_options

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

    from orderdesk_sdk.cli.log_output import log_to_stderr
    from orderdesk_sdk.cli.output.screen import Screen
    from orderdesk_sdk.cli.output.work import ShownChanges, show_problem, wait_text, work_result
    from orderdesk_sdk.cli.signals import stop_event
    from orderdesk_sdk.cli.worker import ChangeListener, Worker, has_automatic_work

    screen = Screen()
    changes = ShownChanges(None if session.as_json or quiet else screen)
    status = screen.console.status("working") if screen.is_terminal and not session.as_json else None
    log_level = logging.INFO if verbose or (session.as_json and not quiet) else None
    with (
        log_to_stderr(log_level),
        session.desk(listeners=(ChangeListener(changes.report),)) as desk,
        stop_event() as stop,
        status or nullcontext(),
    ):
        desk.rules.check_filters()  # A worker that no rule could follow is refused, not left to report it forever.

        def show_wait(due: datetime | None) -> None:
            if status is not None:
                status.update(wait_text(due, desk.clock.now()))

        handled, problems = Worker(desk, every, stop, show_wait, show_problem).run(until_idle=until_idle)
        result = work_result(desk, handled, problems, changes.alarms, is_idle=not has_automatic_work(desk))

    session.print_result(result.document(), result.show)
    if until_idle and (result.cancels or result.others or result.alarms):
        click.get_current_context().exit(EXIT_ACTION_REQUIRED)
