"""`rules list`, `rules test` and `rules log`: what the rules are, what they would do, and what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, common_options

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["rules"]

EVENTS = (
    "order imported",
    "order moved",
    "case settled",
    "canceled externally",
    "order canceled",
    "action failed",
)


class _FieldType(click.ParamType["tuple[str, str]"]):
    name = "fact"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        from orderdesk_sdk.rules.model import FIELDS

        name, equals, text = str(value).partition("=")
        known = [fact for fact, kind in FIELDS.items() if kind == "STRING"]
        if not equals or name not in known:
            self.fail(f"{value!r} is no fact; write it as NAME=VALUE, with a name of {', '.join(known)}", param, ctx)
        return name, text


@click.group()
@common_options
def rules() -> None:
    """List rules, test them, and see what they did."""


@rules.command("list")
@common_options
@click.pass_obj
def list_rules(session: Session) -> None:
    """List the configured rules, and whether their actions are known."""
    from orderdesk_sdk.cli.output.rules import action_targets, rule_document

    with session.desk() as desk:
        found, known = desk.config.rules, action_targets(desk)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.rules import show_rules

        show_rules(screen, found, known)

    session.print_result({"rules": [rule_document(rule, known) for rule in found]}, draw)


@rules.command("test")
@click.argument("order")
@click.option("--event", type=click.Choice(EVENTS), required=True, help="What happens to the order.")
@click.option("--folder", metavar="NAME", help="The folder it came into, for an order that is moved.")
@click.option(
    "--fact",
    "facts",
    type=_FieldType(),
    metavar="NAME=VALUE",
    multiple=True,
    help="What else a filter may ask for, such as state=canceled; may be repeated.",
)
@common_options
@click.pass_obj
def test_rules(
    session: Session, order: str, event: str, folder: str | None, fields: tuple[tuple[str, str], ...]
) -> None:
    """Show what each rule would do if this happened to ORDER, and why. Does nothing."""
    from orderdesk_sdk.cli.output.rules import preview, preview_document

    if (folder is not None) != (event == "order moved"):
        raise click.UsageError("--folder belongs to --event 'order moved', which needs it")
    with session.desk() as desk:
        decisions = preview(desk, order, event, folder, dict(fields))
        number = desk.orders.get(order).number

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.rules import show_preview

        show_preview(screen, number, event, decisions)

    shape: dict[str, object] = {
        "order_number": number,
        "event": event,
        "evaluations": [preview_document(decision) for decision in decisions],
    }
    session.print_result(shape, draw)


@rules.command("log")
@click.argument("order")
@common_options
@click.pass_obj
def log_rules(session: Session, order: str) -> None:
    """Show what rules did with ORDER."""
    from orderdesk_sdk.cli.output.rules import execution_document

    with session.desk() as desk:
        found = desk.orders.get(order)
        fired = desk.ledger.rule_executions(found.id)
        now = desk.clock.now()

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.rules import show_executions

        show_executions(screen, found.number, fired)
        screen.zone(now)

    shape: dict[str, object] = {
        "order_number": found.number,
        "executions": [execution_document(at, execution) for at, execution in fired],
    }
    session.print_result(shape, draw)
