"""`rules list`, `rules test` and `rules log`: what the rules are, what they would do, and what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orderdesk_sdk.cli.session import Session, shared

if TYPE_CHECKING:
    from orderdesk_sdk.cli.output.screen import Screen

__all__ = ["rules"]

EVENTS = (
    "order imported",
    "order moved",
    "case settled",
    "canceled elsewhere",
    "order canceled",
    "action refused",
)


class _FactType(click.ParamType["tuple[str, str]"]):
    name = "fact"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        from orderdesk_sdk.rules.model import FACTS

        name, equals, text = str(value).partition("=")
        known = [fact for fact, kind in FACTS.items() if kind == "STRING"]
        if not equals or name not in known:
            self.fail(f"{value!r} is no fact; write it as NAME=VALUE, with a name of {', '.join(known)}", param, ctx)
        return name, text


@click.group()
@shared
def rules() -> None:
    """List rules, test them, and see what they did."""


@rules.command("list")
@shared
@click.pass_obj
def list_rules(session: Session) -> None:
    """List the configured rules, and whether their actions are known."""
    from orderdesk_sdk.cli.output.rules import known_actions, rule_shape

    with session.desk() as desk:
        found, known = desk.config.rules, known_actions(desk)

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.rules import rules_table

        rules_table(screen, found, known)

    session.give({"rules": [rule_shape(rule, known) for rule in found]}, draw)


@rules.command("test")
@click.argument("order")
@click.option("--event", type=click.Choice(EVENTS), required=True, help="What happens to the order.")
@click.option("--folder", metavar="NAME", help="The folder it came into, for an order that is moved.")
@click.option(
    "--fact",
    "facts",
    type=_FactType(),
    metavar="NAME=VALUE",
    multiple=True,
    help="What else a filter may ask for, such as state=canceled; may be repeated.",
)
@shared
@click.pass_obj
def test_rules(
    session: Session, order: str, event: str, folder: str | None, facts: tuple[tuple[str, str], ...]
) -> None:
    """Show what each rule would do if this happened to ORDER, and why. Does nothing."""
    from orderdesk_sdk.cli.output.rules import outlook, outlook_shape

    if (folder is not None) != (event == "order moved"):
        raise click.UsageError("--folder belongs to --event 'order moved', which needs it")
    with session.desk() as desk:
        decisions = outlook(desk, order, event, folder, dict(facts))
        number = desk.order(order).number

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.rules import outlook_page

        outlook_page(screen, number, event, decisions)

    shape: dict[str, object] = {
        "order_number": number,
        "event": event,
        "decisions": [outlook_shape(decision) for decision in decisions],
    }
    session.give(shape, draw)


@rules.command("log")
@click.argument("order")
@shared
@click.pass_obj
def log_rules(session: Session, order: str) -> None:
    """Show what rules did with ORDER."""
    from orderdesk_sdk.cli.output.rules import firing_shape

    with session.desk() as desk:
        found = desk.order(order)
        fired = desk.ledger.firings(found.id)
        now = desk.clock.now()

    def draw(screen: Screen) -> None:
        from orderdesk_sdk.cli.output.rules import firings_table

        firings_table(screen, found.number, fired)
        screen.zone(now)

    shape: dict[str, object] = {
        "order_number": found.number,
        "firings": [firing_shape(at, firing) for at, firing in fired],
    }
    session.give(shape, draw)
