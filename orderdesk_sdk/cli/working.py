"""What `orderdesk work` and `orderdesk watch` do: a worker in a terminal, until it is stopped or idle."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime

import click
from attrs import evolve, frozen

from orderdesk_sdk.cli.extras import extras_to_work, require_extras
from orderdesk_sdk.cli.log_output import log_to_stderr, problem_logger
from orderdesk_sdk.cli.output.screen import Screen
from orderdesk_sdk.cli.output.work import ShownChanges, problem_shower, wait_text, work_result
from orderdesk_sdk.cli.session import EXIT_ACTION_REQUIRED, Session
from orderdesk_sdk.cli.signals import stop_event
from orderdesk_sdk.cli.worker import ChangeListener, Worker, has_automatic_work
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.messages.config import watching_every
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.runtime.engines.protocol import EngineKind

__all__ = ["WorkOptions", "run_work", "watching_config"]

DEFAULT_WATCH = 60
"""Seconds between two looks into the order store, where nobody says otherwise."""


@frozen
class WorkOptions:
    """The options of `work`."""

    until_idle: bool
    every: float
    engine: str | None
    quiet: bool
    verbose: bool
    log_format: str | None
    telemetry: bool


def watching_config(config: Config, every: int | None) -> Config:
    """The configuration with looks into the order store; every None: as often as it says, or each minute."""
    seconds = every or config.messages.watch_every or DEFAULT_WATCH
    return evolve(config, messages=watching_every(config.messages, seconds))


def run_work(session: Session, options: WorkOptions, watching: Callable[[Config], Config] | None = None) -> None:
    """Work until stopped. watching: the configuration as one that watches the order store; None: as it is."""
    config = session.config()
    if options.engine is not None:
        config = evolve(config, engine=EngineKind(options.engine))
    require_extras("this worker", (*extras_to_work(config), *(("otel",) if options.telemetry else ())))
    screen = Screen()
    changes = ShownChanges(None if session.as_json or options.quiet else screen)
    status = screen.console.status("working") if screen.is_terminal and not session.as_json else None
    report = problem_logger() if options.log_format == "json" else problem_shower(status)
    with (
        log_to_stderr(_log_level(session, options), as_json=options.log_format == "json"),
        session.desk(listeners=(ChangeListener(changes.report),), change=watching) as desk,
        stop_event() as stop,
        status or nullcontext(),
    ):
        _record(desk, options.telemetry)
        desk.rules.check_filters()  # A worker that no rule could follow is refused, not left to report it forever.

        def show_wait(due: datetime | None) -> None:
            if status is not None:
                status.update(wait_text(due, desk.clock.now()))

        if watching is not None:
            desk.messages.look()  # Whoever begins to watch sees at once whether that can be done.
        worker = Worker(desk, options.every, stop, show_wait, report)
        handled, problems = _run(worker, options.engine, until_idle=options.until_idle)
        changes.finish()
        result = work_result(desk, handled, problems, changes.alarms, is_idle=not has_automatic_work(desk))

    session.print_result(result.document(), result.show)
    if options.until_idle and (result.cancels or result.others or result.alarms):
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


def _log_level(session: Session, options: WorkOptions) -> int | None:
    """From which level the log is written to stderr; None: not at all."""
    if options.quiet and not options.verbose:
        return logging.WARNING if options.log_format is not None else None
    wanted = options.verbose or session.as_json or options.log_format is not None
    return logging.INFO if wanted else None
