"""What each installed integration can do."""

from __future__ import annotations

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response

from orderdesk_sdk.desk.matrix import MatrixRow, matrix_rows
from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.web.console.order_pages.reading import desk_of
from orderdesk_sdk.web.console.templating import render

__all__ = ["show_matrix"]


@frozen
class MatrixPage:
    """The page. connected: the slugs of integrations with a connection, whose rows come first."""

    rows: tuple[MatrixRow, ...]
    problems: tuple[PluginError, ...]
    connected: frozenset[str]


def show_matrix(request: Request) -> Response:
    """The capability matrix."""
    desk = desk_of(request)
    rows, problems = matrix_rows(desk.registry)
    connected = frozenset(desk.connections.integration_slug(name) for name in desk.connections.names())
    rows = tuple(sorted(rows, key=lambda row: (row.slug not in connected, row.title.casefold())))
    return render(request, "matrix.html", {"title": "Matrix", "page": MatrixPage(rows, problems, connected)})
