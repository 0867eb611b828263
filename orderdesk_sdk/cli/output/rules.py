"""Rules for people and as JSON: the list, the outlook of a dry run, and the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.cases.events import Firing, Occurrence, OccurrenceKind
from orderdesk_sdk.cli.output.screen import Screen
from orderdesk_sdk.cli.output.times import shown
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.documents import Shape, iso
from orderdesk_sdk.orders.references import OrderId
from orderdesk_sdk.rules.model import CANCEL_ORDER, MOVE_ORDER, Action, Decision, Rule

__all__ = [
    "Outlook",
    "came_of",
    "firing_shape",
    "firings_table",
    "known_actions",
    "outlook",
    "outlook_page",
    "outlook_shape",
    "rule_shape",
    "rules_table",
]


@frozen
class Outlook:
    """What a rule would make of an occurrence. effects: per action what it would do now; empty where it stays quiet."""

    decision: Decision
    effects: tuple[tuple[Action, str], ...]


def known_actions(desk: Desk) -> Mapping[str, tuple[str, ...]]:
    """The actions that rules may name, each with the connections at which it acts."""
    known: dict[str, tuple[str, ...]] = {MOVE_ORDER: (), CANCEL_ORDER: desk.connections.names()}
    for name in desk.connections.names():
        declared = desk.connections.integration(name)
        if not isinstance(declared, str):
            for action in declared.actions:
                known[action.name] = (*known.get(action.name, ()), name)
    return known


def outlook(desk: Desk, ref: str, event: str, folder: str | None, facts: Mapping[str, str]) -> tuple[Outlook, ...]:
    """What every rule would do if this happened to the order now. Does nothing.

    Raises NotFoundError for an unknown order or folder.
    """
    order = desk.order(ref)
    moved = {}
    if folder is not None:
        moved = {"folder": desk.host.folder_name(folder), "from_folder": desk.host.folder(OrderId(order.id)) or ""}
    told = Occurrence("dry run", OccurrenceKind(event), order.id, desk.clock.now(), {**moved, **facts})
    known = known_actions(desk)
    placed = [placement.connection for placement in desk.host.placements(order.id)]
    return tuple(
        Outlook(
            decision,
            tuple((action, _effect(action, known, placed)) for action in decision.rule.actions if decision.fires),
        )
        for decision in desk.rulebook.explain(told)
    )


def _effect(action: Action, known: Mapping[str, tuple[str, ...]], placed: Sequence[str]) -> str:
    if action.name == MOVE_ORDER:
        return f"would move it to {action.folder}"
    if action.name not in known:
        return "would hold the order's rules until it is mended: nobody contributes this action"
    at = [name for name in placed if name in known[action.name] and (not action.at or name in action.at)]
    return f"would act at {', '.join(at)}" if at else "would be refused: the order was not submitted there"


def rules_table(screen: Screen, rules: Sequence[Rule], known: Mapping[str, tuple[str, ...]]) -> None:
    """The rules as configured, in their order."""
    if not rules:
        screen.line("There are no rules; README.md shows one.")
        return
    rows = [
        (
            rule.name + ("" if rule.enabled else " (off)"),
            rule.event.value,
            rule.when or "always",
            "; ".join(_action_words(action, known) for action in rule.actions),
            rule.place,
        )
        for rule in rules
    ]
    screen.table(("rule", "event", "filter", "actions", "written in"), rows)


def _action_words(action: Action, known: Mapping[str, tuple[str, ...]]) -> str:
    given = action.reason or action.folder or ", ".join(action.at)
    words = f"{action.name} ({given})" if given else action.name
    return words if action.name in known else f"{words} - UNKNOWN: nobody contributes it"


def rule_shape(rule: Rule, known: Mapping[str, tuple[str, ...]]) -> Shape:
    """A rule as configured."""
    return {
        "name": rule.name,
        "event": rule.event.value,
        "filter": rule.when or None,
        "actions": [
            {**_action(action), "is_known": action.name in known, "connections": list(known.get(action.name, ()))}
            for action in rule.actions
        ],
        "place": rule.place,
        "enabled": rule.enabled,
    }


def _action(action: Action) -> Shape:
    return {
        "action": action.name,
        "reason": action.reason or None,
        "folder": action.folder or None,
        "limited_to": list(action.at),
    }


def outlook_page(screen: Screen, number: str, event: str, found: Sequence[Outlook]) -> None:
    """A dry run: each rule's decision with its reason."""
    screen.line(f"Order {number}  if this happened: {event}", "bold")
    if not found:
        screen.line("There are no rules.")
    for entry in found:
        fires = entry.decision.fires
        word = "fires" if fires else "stays quiet"
        screen.hanging(
            f"{entry.decision.rule.name}: {word}", f"because {entry.decision.why}", style="" if fires else "dim"
        )
        for action, effect in entry.effects:
            screen.indented(f"{action.name}: {effect}", by=2)
    screen.line("Nothing was done.", "dim")


def outlook_shape(entry: Outlook) -> Shape:
    """A rule's decision in a dry run."""
    return {
        "rule": entry.decision.rule.name,
        "fires": entry.decision.fires,
        "why": entry.decision.why,
        "actions": [{**_action(action), "effect": effect} for action, effect in entry.effects],
    }


def firings_table(screen: Screen, number: str, fired: Sequence[tuple[datetime, Firing]]) -> None:
    """What rules did, oldest first."""
    if not fired:
        screen.line(f"No rule has done anything with order {number}.")
        return
    rows = [
        (shown(at, seconds=True), firing.rule or "-", firing.action or "-", came_of(firing)) for at, firing in fired
    ]
    screen.table(("at", "rule", "action", "what came of it"), rows, whole=("at",))


def came_of(firing: Firing) -> str:
    """What came of one action, in words."""
    return f"{firing.text}: {firing.refused}" if firing.refused else firing.text


def firing_shape(at: datetime, firing: Firing) -> Shape:
    """One action of a rule that fired; `refused` says why it could not be done."""
    return {
        "at": iso(at),
        "rule": firing.rule or None,
        "action": firing.action or None,
        "text": firing.text,
        "refused": firing.refused,
    }
