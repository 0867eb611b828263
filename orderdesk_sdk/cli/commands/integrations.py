"""`integrations`, `matrix` and `show`: what is installed, and what all of them or one of them declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, shared

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["integrations", "matrix", "show"]


@click.command()
@click.option("--check", is_flag=True, help="Load each one, and say what is wrong with those that cannot be used.")
@shared
@click.pass_obj
def integrations(session: Session, check: bool) -> None:
    """List the installed integrations.

    Nothing is imported without --check. With it the exit code is 1 where one cannot be used.
    """
    from orderdesk_sdk.desk.documents import error_shape
    from orderdesk_sdk.errors import PluginFault
    from orderdesk_sdk.plugin.registry import Registry

    registry = Registry()
    found: list[tuple[str, str, str, PluginFault | None]] = []
    for slug in registry.slugs():
        title, fault = "", None
        if check:
            try:
                title = registry.load(slug).integration.title
            except PluginFault as error:
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
                screen.indented(f"{fault.place}: {fault.text}", style="red")
                screen.indented(f"what to do: {fault.remedy}", style="yellow")

    shape: dict[str, object] = {
        "checked": check,
        "integrations": [
            {
                "slug": slug,
                "distribution": dist.rpartition(" ")[0],
                "version": dist.rpartition(" ")[2],
                "title": title or None,
                "fault": error_shape(fault),
            }
            for slug, dist, title, fault in found
        ],
    }
    session.give(shape, draw)
    if any(fault is not None for *_, fault in found):
        click.get_current_context().exit(1)


@click.command()
@shared
@click.pass_obj
def matrix(session: Session) -> None:
    """Compare how the installed integrations cancel.

    How, until when, what proves it, which reasons and parts they take, and how a canceled order is submitted again, all
    from what they declare. The exit code is 1 where one cannot be used.
    """
    from orderdesk_sdk.cli.output.matrix import matrix_page, matrix_shape
    from orderdesk_sdk.desk.matrix import every_row
    from orderdesk_sdk.plugin.registry import Registry

    rows, faults = every_row(Registry())
    session.give(matrix_shape(rows, faults), lambda screen: matrix_page(screen, rows, faults))
    if faults:
        click.get_current_context().exit(1)


@click.command()
@click.argument("slug")
@shared
@click.pass_obj
def show(session: Session, slug: str) -> None:
    """Show what one integration declares.

    Routes, windows, confirmation, limits, settings, and how a canceled order is submitted again.
    """
    from orderdesk_sdk.desk.capabilities import capabilities_of
    from orderdesk_sdk.plugin.registry import Registry

    loaded = Registry().load(slug)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.integrations import declaration_page

        declaration_page(screen, loaded)

    session.give(capabilities_of(loaded), draw)
