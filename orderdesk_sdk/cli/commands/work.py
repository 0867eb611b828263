"""`work` processes due cases until it is stopped or all wait for people; `watch` takes new ones as well."""

from __future__ import annotations

import click

from orderdesk_sdk.cli.session import Session, common_options

__all__ = ["watch", "work"]


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
@click.option("--quiet", is_flag=True, help="Show only problems and the result, not each step.")
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

    Each step is one line: on stdout, or with --json a record of the log on stderr.

    With the engine procrastinate any number of workers, on any number of machines, are woken by a queue in the ledger's
    PostgreSQL database.
    """
    from orderdesk_sdk.cli.working import WorkOptions, run_work

    run_work(session, WorkOptions(until_idle, every, engine, quiet, verbose, log_format, telemetry))


@click.command()
@click.option(
    "--every",
    type=click.IntRange(1, 86_400),
    metavar="SECONDS",
    help="Between two looks into the order store; [messages].watch_every if not given, or 60.",
)
@click.option("--until-idle", is_flag=True, help="Look now, and return when every case is settled or requires action.")
@click.option("--quiet", is_flag=True, help="Show only problems and the result, not each step.")
@click.option("--verbose", is_flag=True, help="Write the log to stderr as well.")
@common_options
@click.pass_obj
def watch(session: Session, every: int | None, until_idle: bool, quiet: bool, verbose: bool) -> None:
    """Take new cancels from the order store, and work.

    For an Order Desk store whose messages cannot reach this machine: looks which orders came into the folder
    ([messages].cancel_folder), or were marked by a rule (cancel_field), and cancels them. What was in the folder before
    the first look is left alone. `orderdesk work` does the same where [messages].watch_every is set.
    """
    from orderdesk_sdk.cli.working import WorkOptions, run_work, watching_config

    options = WorkOptions(until_idle, 5.0, "inline", quiet, verbose, None, telemetry=False)
    run_work(session, options, lambda config: watching_config(config, every))
