"""`integrations`, `matrix` and `show`: what is installed, and what all of them or one of them declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, common_options

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["integrations", "matrix", "show"]


@click.command()
@click.option("--check", is_flag=True, help="Load each one, and say what is wrong with those that cannot be used.")
@common_options
@click.pass_obj
def integrations(session: Session, check: bool) -> None:
    """List the installed integrations.

    Nothing is imported without --check. With it the exit code is 1 where one cannot be used.
    """
    from orderdesk_sdk.desk.documents import error_document
    from orderdesk_sdk.errors import PluginError
    from orderdesk_sdk.plugin.registry import PluginRegistry

    registry = PluginRegistry()
    found: list[tuple[str, str, str, PluginError | None]] = []
    for slug in registry.slugs():
        title, fault = "", None
        if check:
            try:
                title = registry.load(slug).integration.title
            except PluginError as error:
                fault = error
        found.append((slug, registry.distribution(slug), title, fault))

    def draw(screen: Screen) -> None:
        if not found:
            screen.line("No integration is installed. Install one, such as orderdesk-amazon-mcf.")
            return
        if not check:
            screen.table(("integration", "distribution"), [row[:2] for row in found])
            return
        rows = [
            (slug, dist, title or "-", "cannot be used" if fault else "loads") for slug, dist, title, fault in found
        ]
        screen.table(("integration", "distribution", "title", "state"), rows)
        for _, _, _, fault in found:
            if fault is not None:
                screen.indented(f"{fault.location}: {fault.message}", style="red")
                screen.indented(f"what to do: {fault.hint}", style="yellow")

    shape: dict[str, object] = {
        "checked": check,
        "integrations": [
            {
                "slug": slug,
                "distribution": dist.rpartition(" ")[0],
                "version": dist.rpartition(" ")[2],
                "title": title or None,
                "plugin_error": error_document(fault),
            }
            for slug, dist, title, fault in found
        ],
    }
    session.print_result(shape, draw)
    if any(fault is not None for *_, fault in found):
        click.get_current_context().exit(1)


@click.command()
@common_options
@click.pass_obj
def matrix(session: Session) -> None:
    """Compare how the installed integrations cancel.

    How, until when, what proves it, which reasons and parts they take, and how a canceled order is submitted again, all
    from what they declare. The exit code is 1 where one cannot be used.
    """
    from orderdesk_sdk.cli.output.matrix import matrix_document, show_matrix
    from orderdesk_sdk.desk.matrix import matrix_rows
    from orderdesk_sdk.plugin.registry import PluginRegistry

    rows, faults = matrix_rows(PluginRegistry())
    session.print_result(matrix_document(rows, faults), lambda screen: show_matrix(screen, rows, faults))
    if faults:
        click.get_current_context().exit(1)


@click.command()
@click.argument("slug")
@common_options
@click.pass_obj
def show(session: Session, slug: str) -> None:
    """Show what one integration declares.

    Routes, windows, confirmation, limits, settings, and how a canceled order is submitted again.
    """
    from orderdesk_sdk.desk.capabilities import capabilities_document
    from orderdesk_sdk.plugin.registry import PluginRegistry

    loaded = PluginRegistry().load(slug)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.integrations import show_integration

        show_integration(screen, loaded)

    session.print_result(capabilities_document(loaded), draw)
