"""`serve`: the console, the JSON API and the paths of messages, on this machine."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, common_options

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["serve"]


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0: any free one.")
@click.option("--no-work", is_flag=True, help="Do not process due cases: `orderdesk work` does it elsewhere.")
@click.option(
    "--ready-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Written when all is up, removed at the end.",
)
@click.option(
    "--log-format",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="How problems are written to stderr: lines, or one JSON object a line.",
)
@common_options
@click.pass_obj
def serve(session: Session, host: str, port: int, no_work: bool, ready_file: Path | None, log_format: str) -> None:
    """Serve the console and the JSON API until Ctrl-C.

    It processes due cases meanwhile. It listens on this machine only, unless a proxy with TLS is in front of it
    ([web].url). `orderdesk users` says who may sign in. A line on stdout says when it is up. Problems go to stderr.
    """
    from orderdesk_sdk.cli.extras import extras_to_serve, require_extras
    from orderdesk_sdk.cli.log_output import log_to_stderr, problem_logger
    from orderdesk_sdk.cli.signals import stop_event
    from orderdesk_sdk.plugin.toolkit.private_files import write_private
    from orderdesk_sdk.web.process import harden_process, old_python_warning

    require_extras("this server", extras_to_serve(session.config()))
    from orderdesk_sdk.web.server import serving  # It imports what the extra brings.

    harden_process()
    warning = old_python_warning()
    if warning is not None:
        click.echo(f"Warning: {warning}.", err=True)
    with (
        log_to_stderr(logging.WARNING, as_json=log_format == "json"),  # Faults are answered with an id of the log.
        session.desk() as desk,
        stop_event() as stop,
        serving(desk, host=host, port=port, works=not no_work, report=problem_logger()) as server,
    ):
        document: dict[str, object] = {"url": server.url, "works": not no_work}
        has_users = bool(desk.access.users.list())
        try:
            if ready_file is not None:
                write_private(ready_file, f"{json.dumps(document)}\n".encode())
            if session.as_json:
                click.echo(json.dumps(document))
            else:
                session.print_result(document, lambda screen: _show(screen, server.url, has_users=has_users))
            stop.wait()
        finally:
            if ready_file is not None:
                ready_file.unlink(missing_ok=True)


def _show(screen: Screen, url: str, *, has_users: bool) -> None:
    screen.line(f"The console is at {url}; end it with Ctrl-C.", "bold")
    if not has_users:
        screen.line("No account yet: `orderdesk users add NAME --role admin`.")
