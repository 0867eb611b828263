"""Commands that installed packages add to `orderdesk`: entry points of the group `orderdesk.commands`.

The name of an entry point is the command's, its object a `click.Command`. `orderdesk-devkit` adds `demo`, `sandbox`,
`new` and `check-plugin` this way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.errors import ConfigurationError, OrderDeskError, PluginError, describe_exception
from orderdesk_sdk.plugin.entry_points import InstalledEntryPoints, source_of

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["COMMANDS", "contributed_commands", "load_command", "missing_command"]

COMMANDS = "orderdesk.commands"
"""The entry-point group of commands."""
_OF_THE_DEVKIT = {"demo": "demo", "sandbox": "demo", "new": "authoring", "check-plugin": "testing"}
"""The commands of orderdesk-devkit, each with the extra that brings all that it needs."""


def contributed_commands() -> dict[str, EntryPoint]:
    """The entry points of installed commands by name, in the order in which they are declared; nothing is imported."""
    return {point.name: point for point in InstalledEntryPoints()(COMMANDS)}


def load_command(point: EntryPoint) -> click.Command:
    """The command of an entry point; one that cannot be imported fails with a PluginError when it is run."""
    try:
        loaded: object = point.load()
    except Exception as error:  # noqa: BLE001 - whatever is wrong with that package, the other commands work
        return _unavailable_command(point, describe_exception(error))
    if not isinstance(loaded, click.Command):
        return _unavailable_command(point, f"{point.value} is {type(loaded).__name__}, not a click.Command")
    loaded.name = point.name
    return loaded


def missing_command(name: str) -> click.Command | None:
    """In place of a command of the devkit, which is not installed: says so when it is run. None: it has none."""
    extra = _OF_THE_DEVKIT.get(name)
    if extra is None:
        return None
    error = ConfigurationError(
        f"the command {name} comes with orderdesk-devkit, which is not installed",
        hint=f"run `pip install 'orderdesk-devkit[{extra}]'`",
    )
    return _failing_command(name, error, "Not installed.")


def _unavailable_command(point: EntryPoint, reason: str) -> click.Command:
    error = PluginError(
        f"the command cannot be loaded: {reason}",
        location=f"command {point.name} ({source_of(point)})",
        hint=f"update or uninstall {source_of(point)}",
    )
    return _failing_command(point.name, error, f"Cannot be loaded: {reason}")


def _failing_command(name: str, error: OrderDeskError, help_text: str) -> click.Command:
    def fail(args: tuple[str, ...]) -> None:  # noqa: ARG001 - whatever is asked of it
        raise error

    arguments = click.Argument(["args"], nargs=-1, type=click.UNPROCESSED)
    return click.Command(
        name,
        callback=fail,
        params=[arguments],
        context_settings={"ignore_unknown_options": True},
        help=help_text,
    )
