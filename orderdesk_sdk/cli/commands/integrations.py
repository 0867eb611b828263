"""`integrations`, `matrix` and `show`: the installed integrations, and what they declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, common_options

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from typing import TypeAlias

    from orderdesk_sdk.cli.output.screen import Screen
    from orderdesk_sdk.errors import PluginError

    _Row: TypeAlias = tuple[str, str, str, PluginError | None]

__all__ = ["integrations", "matrix", "show"]


@click.command()
@click.option("--check", is_flag=True, help="Load each integration, and show why one cannot be used.")
@common_options
@click.pass_obj
def integrations(session: Session, check: bool) -> None:
    """List the installed integrations.

    Without --check nothing is imported. With it, each is first imported in a process of its own, and the exit code is
    1 if an integration cannot be used. Disabled plugins (`orderdesk plugins`) are not imported.
    """
    from orderdesk_sdk.desk.documents import error_document
    from orderdesk_sdk.errors import PluginError

    registry = session.registry()
    if check:
        from orderdesk_sdk.plugin.import_probe import probe_imports

        for slug, error in probe_imports(registry).integrations.items():
            registry.refuse(slug, error)
    rows: list[_Row] = []
    for slug in registry.slugs():
        title, problem = "", None
        if check:
            try:
                title = registry.load(slug).integration.title
            except PluginError as error:
                problem = error
        rows.append((slug, registry.distribution(slug), title, problem))

    shape: dict[str, object] = {
        "checked": check,
        "integrations": [
            {
                "slug": slug,
                "distribution": dist.rpartition(" ")[0],
                "version": dist.rpartition(" ")[2],
                "title": title or None,
                "disabled": slug in registry.disabled,
                "plugin_error": error_document(problem),
            }
            for slug, dist, title, problem in rows
        ],
    }
    off = registry.disabled
    session.print_result(shape, lambda screen: _show_integrations(screen, rows, off, checked=check))
    if any(problem is not None for slug, *_, problem in rows if slug not in off):
        click.get_current_context().exit(1)


def _show_integrations(screen: Screen, rows: Sequence[_Row], disabled: Collection[str], *, checked: bool) -> None:
    if not rows:
        screen.line("No integration is installed. Install one, such as orderdesk-amazon-mcf.")
        return
    if not checked:
        screen.table(("integration", "distribution"), [row[:2] for row in rows])
        return
    cells = [
        (slug, dist, title or "-", "disabled" if slug in disabled else "cannot be used" if problem else "loads")
        for slug, dist, title, problem in rows
    ]
    screen.table(("integration", "distribution", "title", "state"), cells)
    for slug, *_, problem in rows:
        if problem is not None and slug not in disabled:
            screen.indented(f"{problem.location}: {problem.message}", style="red")
            screen.indented(f"What to do: {problem.hint}", style="yellow")


@click.command()
@common_options
@click.pass_obj
def matrix(session: Session) -> None:
    """Compare how the installed integrations cancel.

    The routes, their windows and confirmation, the reasons and quantities they accept, and how a canceled order is
    submitted again. Exit code 1: an integration cannot be used.
    """
    from orderdesk_sdk.cli.output.matrix import show_matrix
    from orderdesk_sdk.desk.matrix import matrix_document, matrix_rows

    rows, errors = matrix_rows(session.registry())
    session.print_result(matrix_document(rows, errors), lambda screen: show_matrix(screen, rows, errors))
    if errors:
        click.get_current_context().exit(1)


@click.command()
@click.argument("slug")
@common_options
@click.pass_obj
def show(session: Session, slug: str) -> None:
    """Show what one integration can do.

    Routes, windows, confirmation, limits, settings, and how a canceled order is submitted again.
    """
    from orderdesk_sdk.desk.capabilities import capabilities_document

    loaded = session.registry().load(slug)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.integrations import show_integration

        show_integration(screen, loaded)

    session.print_result(capabilities_document(loaded), draw)
