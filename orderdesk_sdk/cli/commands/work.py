"""`work`: processes due cases until it is stopped, or until every open case requires action."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime
from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import EXIT_ACTION_REQUIRED, Session, common_options
from orderdesk_sdk.errors import ConfigurationError

if TYPE_CHECKING:
    from orderdesk_sdk.cli.worker import Worker
    from orderdesk_sdk.desk.desk import Desk

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
@click.option(
    "--engine",
    type=click.Choice(("inline", "procrastinate")),
    help="What wakes this worker; [ledger].engine of the configuration if not given.",
)
@click.option("--quiet", is_flag=True, help="Show only problems and the result, not each thing that is done.")
@click.option("--verbose", is_flag=True, help="Write the log to stderr as well.")
@click.option(
    "--log-format",
    type=click.Choice(("text", "json")),
    help="Write the log to stderr in this form: lines, or one JSON object a line, problems among them.",
)
@click.option("--telemetry", is_flag=True, help="Record spans and metrics over OpenTelemetry; needs the extra otel.")
@common_options
@click.pass_obj
# Many parameters: one for each option of the command.
def work(
    session: Session,
    until_idle: bool,
    every: float,
    engine: str | None,
    quiet: bool,
    verbose: bool,
    log_format: str | None,
    telemetry: bool,
) -> None:
    """Process due cases until Ctrl-C: send, poll and remind.

    The command waits for each due time; in a sandbox with virtual time it does not wait. Cases in progress are finished
    before it ends. Exit code 3 with --until-idle: a case requires action, or an order was shipped although it was
    canceled.

    Each thing that is done is one line: on stdout, or with --json a record of the log on stderr.

    With the engine procrastinate any number of workers, on any number of machines, are woken by a queue in the ledger's
    PostgreSQL database.
    """
    from orderdesk_sdk.cli.log_output import log_to_stderr, problem_logger
    from orderdesk_sdk.cli.output.screen import Screen
    from orderdesk_sdk.cli.output.work import ShownChanges, problem_shower, wait_text, work_result
    from orderdesk_sdk.cli.signals import stop_event
    from orderdesk_sdk.cli.worker import ChangeListener, Worker, has_automatic_work

    screen = Screen()
    changes = ShownChanges(None if session.as_json or quiet else screen)
    status = screen.console.status("working") if screen.is_terminal and not session.as_json else None
    report = problem_logger() if log_format == "json" else problem_shower(status)
    with (
        log_to_stderr(_log_level(session, quiet, verbose, log_format), as_json=log_format == "json"),
        session.desk(listeners=(ChangeListener(changes.report),)) as desk,
        stop_event() as stop,
        status or nullcontext(),
    ):
        _record(desk, telemetry)
        desk.rules.check_filters()  # A worker that no rule could follow is refused, not left to report it forever.

        def show_wait(due: datetime | None) -> None:
            if status is not None:
                status.update(wait_text(due, desk.clock.now()))

        handled, problems = _run(Worker(desk, every, stop, show_wait, report), engine, until_idle=until_idle)
        changes.finish()
        result = work_result(desk, handled, problems, changes.alarms, is_idle=not has_automatic_work(desk))

    session.print_result(result.document(), result.show)
    if until_idle and (result.cancels or result.others or result.alarms):
        click.get_current_context().exit(EXIT_ACTION_REQUIRED)


def _run(worker: Worker, engine: str | None, *, until_idle: bool) -> tuple[int, tuple[str, ...]]:
    """Let the engine wake the worker; what `Worker.run` gives. One that is to end by itself looks into the ledger."""
    if until_idle and engine == "procrastinate":
        raise click.UsageError(
            "--until-idle is for the engine inline, since a queue waits for the next job: leave one of both out"
        )
    if until_idle or (engine or worker.desk.config.engine.value) != "procrastinate":
        return worker.run(until_idle=until_idle)
    sandbox = worker.desk.config.sandbox
    if sandbox is not None and sandbox.clock is not None:
        raise ConfigurationError(
            "the queue wakes workers in real time, and the time of this sandbox is virtual",
            location="[ledger].engine",
            hint="add --engine inline, or start `orderdesk sandbox` without --virtual-time",
        )
    from orderdesk_sdk.cli.queued_worker import run_queued

    return run_queued(worker.desk, worker.stop, worker.report)


def _record(desk: Desk, telemetry: bool) -> None:
    if telemetry:
        from orderdesk_sdk.desk.open_telemetry import instrument

        instrument(desk)


def _log_level(session: Session, quiet: bool, verbose: bool, log_format: str | None) -> int | None:
    """From which level the log is written to stderr; None: not at all."""
    import logging

    if quiet and not verbose:
        return logging.WARNING if log_format is not None else None
    return logging.INFO if verbose or session.as_json or log_format is not None else None
