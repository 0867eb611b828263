"""`check-plugin`: what is wrong with a plugin, or with every plugin that is installed from its folder."""

from __future__ import annotations

import click

from orderdesk_sdk.cli.session import Session, common_options

__all__ = ["check_plugin"]


@click.command("check-plugin")
@click.argument("plugin", required=False)
@click.option("--all", "all_plugins", is_flag=True, help="Every plugin that is installed from its folder.")
@click.option("--fix", is_flag=True, help="Mend what is mechanical, then report the rest.")
@common_options
@click.pass_obj
def check_plugin(session: Session, plugin: str | None, all_plugins: bool, fix: bool) -> None:
    """Report what is wrong with a plugin.

    PLUGIN is the slug of an installed integration, or the folder of a plugin. Exit code 1: it does not keep the level
    that it claims.
    """
    if all_plugins == (plugin is not None):
        raise click.UsageError("name a plugin, or give --all")
    from orderdesk_devkit.cli.check_report import check_plugins

    check_plugins(session, plugin, fix=fix)
