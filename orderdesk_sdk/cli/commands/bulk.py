"""`cancel --from FILE`: many orders in one run, with progress on stderr and a summary at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import EXIT_ACTION_REQUIRED, Session

if TYPE_CHECKING:
    from orderdesk_sdk.desk.bulk.summary import BulkSummary

__all__ = ["cancel_from_file"]

EXIT_INCOMPLETE = 1


def cancel_from_file(
    session: Session,
    file: str,
    by: str,
    connections: Sequence[str],
    reason: str | None,
    idempotency_key: str | None,
    *,
    send: bool,
) -> None:
    """Cancel the orders of a file and print the summary; the exit code says whether all was accepted.

    idempotency_key: names the bulk; None: its content does, so that the same file again is the same bulk.
    """
    from orderdesk_sdk.cli.output.bulk import BulkProgress, show_summary
    from orderdesk_sdk.cli.output.work import show_problem
    from orderdesk_sdk.cli.signals import stop_event
    from orderdesk_sdk.desk.bulk.file import open_bulk_file
    from orderdesk_sdk.desk.documents import bulk_summary_document

    location = "stdin" if file == "-" else file
    with (
        click.open_file(file, "rb") as stream,
        open_bulk_file(stream, location, reason, connections) as listed,
        session.desk() as desk,
        stop_event() as stop,
        desk.ending_on(stop),
    ):
        run = desk.cancel_many(listed.requests(), by=by, idempotency_key=idempotency_key or listed.digest, send=send)
        with BulkProgress(listed.total) as progress:
            for result in run:
                progress.add(result.outcome)
        summary = run.summary()
    for problem in run.problems:
        show_problem(problem)
    document = {
        **bulk_summary_document(summary),
        "listed": listed.total,
        "is_complete": run.is_complete,
        "problems": list(run.problems),
    }
    session.print_result(document, lambda screen: show_summary(screen, summary, is_complete=run.is_complete))
    _exit(summary, is_complete=run.is_complete)


def _exit(summary: BulkSummary, *, is_complete: bool) -> None:
    from orderdesk_sdk.desk.bulk.result import BulkOutcome

    context = click.get_current_context()
    if not is_complete or summary.not_accepted:
        context.exit(EXIT_INCOMPLETE)
    if summary.counts[BulkOutcome.ACTION_REQUIRED]:
        context.exit(EXIT_ACTION_REQUIRED)
