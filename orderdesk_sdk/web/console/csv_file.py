"""A table as a file for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from starlette.responses import StreamingResponse

from orderdesk_sdk.web.console.views.csv_table import csv_lines

__all__ = ["csv_file"]


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> StreamingResponse:
    """The file, to be kept and not to be shown by the browser.

    Args:
        name: of ours, without its ending.
    """
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(csv_lines(head, rows), headers=headers, media_type="text/csv; charset=utf-8")
