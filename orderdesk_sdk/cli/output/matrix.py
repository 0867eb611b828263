"""The matrix for people, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from orderdesk_sdk.cli.output.screen import Screen
from orderdesk_sdk.desk.documents import Shape, error_shape
from orderdesk_sdk.desk.matrix import VARIES, MatrixRow
from orderdesk_sdk.errors import PluginFault

__all__ = ["matrix_page", "matrix_shape"]

_TABLE = 200
"""Columns below which a table of twelve would break every word, and each integration has a block of lines instead."""


def matrix_page(screen: Screen, rows: Sequence[MatrixRow], faults: Sequence[PluginFault]) -> None:
    """One row an integration; where the terminal is narrow, one block."""
    if not rows and not faults:
        screen.line("No integration is installed. Install one, such as orderdesk-amazon-mcf.")
    if rows and screen.console.width >= _TABLE:
        columns = ("integration", *rows[0].cells())
        screen.table(columns, [(row.title, *row.cells().values()) for row in rows], whole=("integration", "evidence"))
    else:
        for row in rows:
            _block(screen, row)
    if any(row.varies for row in rows):
        screen.line(VARIES, "dim")
    for fault in faults:
        screen.indented(f"{fault.place}: {fault.text}", style="red")
        screen.indented(f"what to do: {fault.remedy}", style="yellow")


def _block(screen: Screen, row: MatrixRow) -> None:
    cells = row.cells()
    screen.line(f"{row.title}  {row.slug}, {cells.pop('role')}, {cells.pop('evidence')}", "bold")
    longest = max(map(len, cells))
    for heading, text in cells.items():
        if text not in ("-", "none"):
            screen.hanging(heading.ljust(longest), text, indent=2)
    screen.line()


def matrix_shape(rows: Sequence[MatrixRow], faults: Sequence[PluginFault]) -> Shape:
    """The rows, and why those are missing that are."""
    return {"integrations": [_row(row) for row in rows], "faults": [error_shape(fault) for fault in faults]}


def _row(row: MatrixRow) -> Shape:
    return {
        "slug": row.slug,
        "title": row.title,
        "role": row.role.value,
        "cancel": row.cancel,
        "routes": [
            {"way": one.way, "proof": one.proof, "reason": one.reason, "scope": one.scope, "note": one.note}
            for one in row.routes
        ],
        "varies": row.varies,
        "statuses": list(row.statuses),
        "resubmit": row.resubmit,
        "actions": list(row.actions),
        "messages": row.messages,
        "evidence": row.evidence.value,
    }
