"""The commands of `rules` that make, try and change rules while desks and workers run."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.commands.rules import FieldType, rules
from orderdesk_sdk.cli.session import Session, by_option, common_options, require_name

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen
    from orderdesk_sdk.desk.desk import Desk
    from orderdesk_sdk.desk.rule_views import RuleView

__all__ = ["rules"]

MAX_FILE_BYTES = 100_000


@rules.command("save")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@by_option()
@common_options
@click.pass_obj
def save_rule(session: Session, name: str, file: Path, by: str | None) -> None:
    """Store the rule NAME, switched off, from FILE (TOML with event, when and do; - reads the standard input)."""
    from orderdesk_sdk.desk.rule_views import RuleDraft

    with session.desk() as desk:
        view = desk.rule_admin.save(RuleDraft(name, _read_table(file)), by=require_name(by))
        _print_rule(session, desk, view)


@rules.command("dry-run")
@click.argument("name")
@click.argument("orders", nargs=-1)
@click.option("--recent", type=click.IntRange(1, 100), default=20, show_default=True, help="Without ORDERS: how many.")
@click.option("--folder", metavar="NAME", help="The folder that the orders are moved to, for 'order moved'.")
@click.option(
    "--field",
    "fields",
    type=FieldType(),
    metavar="NAME=VALUE",
    multiple=True,
    help="A field that the filter compares, such as state=canceled; may be repeated.",
)
@by_option()
@common_options
@click.pass_obj
def dry_run(
    session: Session,
    name: str,
    orders: tuple[str, ...],
    recent: int,
    folder: str | None,
    fields: tuple[tuple[str, str], ...],
    by: str | None,
) -> None:
    """Show what the rule NAME would do to each of ORDERS, and why. Changes none of them.

    A stored rule may be switched on after a dry run in which its filter did not fail.
    """
    from orderdesk_sdk.desk.rule_views import dry_run_document

    with session.desk() as desk:
        run = desk.rule_admin.dry_run(
            name, orders, by=require_name(by), recent=recent, folder=folder, values=dict(fields)
        )

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.rules import show_dry_run

        show_dry_run(screen, run)

    session.print_result(dry_run_document(run), draw)


@rules.command("enable")
@click.argument("name")
@by_option()
@common_options
@click.pass_obj
def enable_rule(session: Session, name: str, by: str | None) -> None:
    """Switch the stored rule NAME on. It was tried in a dry run since it was changed."""
    with session.desk() as desk:
        _print_rule(session, desk, desk.rule_admin.enable(name, by=require_name(by)))


@rules.command("disable")
@click.argument("name")
@by_option()
@common_options
@click.pass_obj
def disable_rule(session: Session, name: str, by: str | None) -> None:
    """Switch the stored rule NAME off."""
    with session.desk() as desk:
        _print_rule(session, desk, desk.rule_admin.disable(name, by=require_name(by)))


@rules.command("delete")
@click.argument("name")
@by_option()
@common_options
@click.pass_obj
def delete_rule(session: Session, name: str, by: str | None) -> None:
    """Remove the stored rule NAME; its history stays."""
    with session.desk() as desk:
        desk.rule_admin.delete(name, by=require_name(by))
        _print_versions(session, desk, name)


@rules.command("history")
@click.argument("name")
@common_options
@click.pass_obj
def rule_history(session: Session, name: str) -> None:
    """Show every version of the stored rule NAME, the latest first."""
    with session.desk() as desk:
        _print_versions(session, desk, name)


def _print_rule(session: Session, desk: Desk, view: RuleView) -> None:
    from orderdesk_sdk.desk.rule_previews import action_targets
    from orderdesk_sdk.desk.rule_views import rule_view_document

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.rules import show_rule

        show_rule(screen, view)

    session.print_result(rule_view_document(view, action_targets(desk)), draw)


def _print_versions(session: Session, desk: Desk, name: str) -> None:
    from orderdesk_sdk.desk.rule_views import rule_version_document

    versions = desk.rule_admin.history(name)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.rules import show_rule_versions

        show_rule_versions(screen, versions)

    session.print_result({"name": name, "versions": [rule_version_document(one) for one in versions]}, draw)


def _read_table(file: Path) -> dict[str, object]:
    """The table of a rule in a file. Raises ConfigurationError where it is none."""
    from orderdesk_sdk.errors import ConfigurationError

    try:
        with click.open_file(str(file), "rb") as opened:
            text = opened.read(MAX_FILE_BYTES + 1)
        if len(text) > MAX_FILE_BYTES:
            raise ConfigurationError(f"has more than {MAX_FILE_BYTES} bytes", location=str(file))
        return tomllib.loads(text.decode("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", location=str(file)) from None
    except (ValueError, RecursionError):
        raise ConfigurationError(
            "is not TOML", location=str(file), hint="write event, when and do, as in a [[rules]] table"
        ) from None
