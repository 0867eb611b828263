"""`plugins`: which installed plugins are imported, and switching one off that must not be. None is imported for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, common_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orderdesk_sdk.cases.case import Case
    from orderdesk_sdk.cli.output.screen import Screen
    from orderdesk_sdk.plugin.registry import PluginRegistry

__all__ = ["plugins"]

_RESTART = "Restart workers and servers that run: they read the list when they start."


@click.group()
@common_options
def plugins() -> None:
    """List the installed plugins, and switch one off or on. No plugin is imported for it."""


@plugins.command("list")
@common_options
@click.pass_obj
def list_plugins(session: Session) -> None:
    """List the installed integrations and listeners, and whether each is disabled."""
    registry = session.registry()
    rows = _installed(registry)

    def draw(screen: Screen) -> None:
        if not rows:
            screen.line("No plugin is installed. Install one, such as orderdesk-amazon-mcf.")
            return
        state = {True: "disabled", False: "enabled"}
        screen.table(
            ("plugin", "kind", "distribution", "state"),
            [(name, kind, source, state[name in registry.disabled]) for name, kind, source in rows],
        )

    document = [
        {"name": name, "kind": kind, "distribution": source, "disabled": name in registry.disabled}
        for name, kind, source in rows
    ]
    session.print_result({"plugins": document}, draw)


@plugins.command("disable")
@click.argument("slug")
@common_options
@click.pass_obj
def disable_plugin(session: Session, slug: str) -> None:
    """Stop importing the plugin SLUG, and show its open cases.

    For a plugin whose import ends Python or never ends. Its name is written to [plugins] in the configuration. Its
    cases stay in the ledger. Nothing is sent or polled for them: each goes to a person, at its deadline at the latest.
    """
    from orderdesk_sdk.desk.disabled_plugins import change_disabled_plugins
    from orderdesk_sdk.errors import NotFoundError

    registry = session.registry()
    names = sorted({name for name, _, _ in _installed(registry)})
    if slug not in names:
        raise NotFoundError(
            "no plugin of this name is installed",
            location=f"plugin {slug}",
            hint=f"name one of {', '.join(names) or 'those that you install'}",
        )
    change_disabled_plugins(session.config_path(), add=(slug,))
    _print_change(session, slug, disabled=True)


@plugins.command("enable")
@click.argument("slug")
@common_options
@click.pass_obj
def enable_plugin(session: Session, slug: str) -> None:
    """Import the plugin SLUG again, and show its open cases."""
    from orderdesk_sdk.desk.disabled_plugins import change_disabled_plugins
    from orderdesk_sdk.errors import NotFoundError

    disabled = session.registry().disabled
    if slug not in disabled:
        raise NotFoundError(
            "the plugin is not disabled",
            location=f"plugin {slug}",
            hint=f"disabled are: {', '.join(sorted(disabled)) or 'none'}",
        )
    change_disabled_plugins(session.config_path(), remove=(slug,))
    _print_change(session, slug, disabled=False)


def _installed(registry: PluginRegistry) -> Sequence[tuple[str, str, str]]:
    """Name, kind and distribution of every installed plugin, disabled ones too."""
    from orderdesk_sdk.plugin.entry_points import InstalledEntryPoints, source_of
    from orderdesk_sdk.plugin.hookspecs import LISTENERS

    integrations = [(slug, "integration", registry.distribution(slug)) for slug in registry.slugs()]
    listeners = sorted((point.name, "listener", source_of(point)) for point in InstalledEntryPoints()(LISTENERS))
    return (*integrations, *listeners)


def _print_change(session: Session, slug: str, *, disabled: bool) -> None:
    from orderdesk_sdk.cli.disabled_plugin_checks import open_cases_of
    from orderdesk_sdk.desk.documents import case_document
    from orderdesk_sdk.errors import ConfigurationError

    try:
        cases = open_cases_of(session.config(), slug)
    except ConfigurationError:  # The list is written all the same: a plugin may have to go before the rest is mended.
        cases = None

    def draw(screen: Screen) -> None:
        screen.line(f"{slug} is {'disabled' if disabled else 'enabled'} in {session.config_path()}.")
        _show_open_cases(screen, cases, disabled=disabled)
        screen.line(_RESTART, "yellow")

    document = {
        "name": slug,
        "disabled": disabled,
        "file": str(session.config_path().resolve()),
        "cases": None if cases is None else [case_document(case) for case in cases],
    }
    session.print_result(document, draw)


def _show_open_cases(screen: Screen, cases: Sequence[Case] | None, *, disabled: bool) -> None:
    if cases is None:
        screen.line("Its open cases cannot be listed: the configuration is wrong. Run `orderdesk doctor`.", "red")
        return
    if not cases:
        screen.line("No case is open at its connections.")
        return
    rows = [(case.id, case.order_number, case.connection, case.kind, case.state.value) for case in cases]
    screen.table(("case", "order", "connection", "kind", "state"), rows, whole=("case",))
    if disabled:
        screen.line("Nothing is sent or polled for these. Each goes to a person, at its deadline at the latest.")
    else:
        screen.line("These go on by themselves. `orderdesk poll CASE` looks at one that requires action.")
