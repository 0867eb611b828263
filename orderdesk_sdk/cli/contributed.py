"""Commands that installed packages add to `orderdesk`: entry points of the group `orderdesk.commands`.

The name of an entry point is the command's, its object a `click.Command`. `orderdesk-devkit` adds `demo`, `sandbox`,
`new` and `check-plugin` this way.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint

import click

from orderdesk_sdk.errors import PluginFault, in_words
from orderdesk_sdk.plugin.entry_points import Installed, source_of

__all__ = ["COMMANDS", "contributed_commands", "load_command"]

COMMANDS = "orderdesk.commands"
"""The entry-point group of commands."""


def contributed_commands() -> dict[str, EntryPoint]:
    """The entry points of installed commands by name, in the order in which they are declared; nothing is imported."""
    return {point.name: point for point in Installed()(COMMANDS)}


def load_command(point: EntryPoint) -> click.Command:
    """The command of an entry point; one that cannot be imported fails with a PluginFault when it is run."""
    try:
        loaded: object = point.load()
    except Exception as error:  # noqa: BLE001 - whatever is wrong with that package, the other commands go on
        return _broken(point, in_words(error))
    if not isinstance(loaded, click.Command):
        return _broken(point, f"{point.value} is {type(loaded).__name__}, not a click.Command")
    loaded.name = point.name
    return loaded


def _broken(point: EntryPoint, why: str) -> click.Command:
    fault = PluginFault(
        f"the command cannot be loaded: {why}",
        place=f"command {point.name} ({source_of(point)})",
        remedy=f"update or uninstall {source_of(point)}",
    )

    def fail(args: tuple[str, ...]) -> None:  # noqa: ARG001 - whatever is asked of it
        raise fault

    arguments = click.Argument(["args"], nargs=-1, type=click.UNPROCESSED)
    return click.Command(
        point.name,
        callback=fail,
        params=[arguments],
        context_settings={"ignore_unknown_options": True},
        help=f"Cannot be loaded: {why}",
    )
