"""`rules list`, `rules test` and `rules log`: the rules, what they would do, and what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, common_options

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["FieldType", "rules"]

EVENTS = (
    "order imported",
    "order moved",
    "case settled",
    "canceled externally",
    "order canceled",
    "action failed",
)


class FieldType(click.ParamType["tuple[str, str]"]):
    name = "field"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        from orderdesk_sdk.rules.model import FIELDS

        name, equals, text = str(value).partition("=")
        names = [field for field, kind in FIELDS.items() if kind == "STRING"]
        if not equals or name not in names:
            self.fail(f"{value!r} is not a field; write it as NAME=VALUE; the names are {', '.join(names)}", param, ctx)
        return name, text


@click.group()
@common_options
def rules() -> None:
    """List rules, test them, and see what they did."""


@rules.command("list")
@common_options
@click.pass_obj
def list_rules(session: Session) -> None:
    """List the rules, what each does, and whether its actions exist."""
    from orderdesk_sdk.desk.rule_previews import action_targets
    from orderdesk_sdk.desk.rule_views import rule_view_document

    with session.desk() as desk:
        desk.rules.check_filters()
        found, targets = desk.rule_admin.list(), action_targets(desk)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.rules import show_rules

        show_rules(screen, found, targets)

    session.print_result({"rules": [rule_view_document(view, targets) for view in found]}, draw)


@rules.command("test")
@click.argument("order")
@click.option("--event", type=click.Choice(EVENTS), required=True, help="The event to try.")
@click.option("--folder", metavar="NAME", help="The folder that the order is moved to, for 'order moved'.")
@click.option(
    "--field",
    "fields",
    type=FieldType(),
    metavar="NAME=VALUE",
    multiple=True,
    help="A field that the filters compare, such as state=canceled; may be repeated.",
)
@common_options
@click.pass_obj
def test_rules(
    session: Session, order: str, event: str, folder: str | None, fields: tuple[tuple[str, str], ...]
) -> None:
    """Show what each rule would do on this event of ORDER, and why. Changes nothing."""
    from orderdesk_sdk.desk.rule_previews import preview_document, preview_rules

    if (folder is not None) != (event == "order moved"):
        raise click.UsageError("give --folder with --event 'order moved', and only with that event")
    with session.desk() as desk:
        previews = preview_rules(desk, order, event, folder, dict(fields))
        number = desk.orders.get(order).number

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.rules import show_preview

        show_preview(screen, number, event, previews)

    shape: dict[str, object] = {
        "order_number": number,
        "event": event,
        "evaluations": [preview_document(one) for one in previews],
    }
    session.print_result(shape, draw)


@rules.command("log")
@click.argument("order")
@common_options
@click.pass_obj
def log_rules(session: Session, order: str) -> None:
    """Show what rules did to ORDER."""
    from orderdesk_sdk.desk.rule_previews import execution_document

    with session.desk() as desk:
        number = desk.orders.get(order).number
        executions = desk.ledger.rule_executions(desk.orders.get(order).id)
        archives = sorted({one.archive for one in desk.ledger.archived(desk.orders.get(order).id)})
        now = desk.clock.now()

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.rules import show_executions

        show_executions(screen, number, executions)
        for archive in archives:
            screen.line(f"What rules did before is in the archive {archive}.", "dim")
        screen.zone(now)

    shape: dict[str, object] = {
        "order_number": number,
        "executions": [execution_document(at, execution) for at, execution in executions],
        "archives": archives,
    }
    session.print_result(shape, draw)
