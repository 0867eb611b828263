"""Rules for people: the list, the result of a dry run, and the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from orderdesk_sdk.cases.events import RuleExecution
from orderdesk_sdk.cli.output.screen import Screen
from orderdesk_sdk.cli.output.times import format_time
from orderdesk_sdk.desk.rule_previews import RulePreview
from orderdesk_sdk.rules.model import ConfiguredAction, Rule

__all__ = ["result_text", "show_executions", "show_preview", "show_rules"]


def show_rules(screen: Screen, rules: Sequence[Rule], targets: Mapping[str, tuple[str, ...]]) -> None:
    """The rules as configured, in their order."""
    if not rules:
        screen.line("No rules are configured; README.md shows one.")
        return
    rows = [
        (
            rule.name + ("" if rule.enabled else " (off)"),
            rule.event.value,
            rule.when or "always",
            "; ".join(_action_text(action, targets) for action in rule.actions),
            rule.location,
        )
        for rule in rules
    ]
    screen.table(("rule", "event", "filter", "actions", "location"), rows)


def _action_text(action: ConfiguredAction, targets: Mapping[str, tuple[str, ...]]) -> str:
    given = action.reason or action.folder or ", ".join(action.connections)
    text = f"{action.name} ({given})" if given else action.name
    return text if action.name in targets else f"{text} - UNKNOWN: no connected integration provides this action"


def show_preview(screen: Screen, number: str, event: str, previews: Sequence[RulePreview]) -> None:
    """A dry run: whether each rule matches, and why."""
    screen.line(f"Order {number}  dry run of the event: {event}", "bold")
    if not previews:
        screen.line("No rules are configured.")
    for entry in previews:
        matches = entry.evaluation.matches
        result = "matches" if matches else "does not match"
        screen.hanging(
            f"{entry.evaluation.rule.name}: {result}",
            f"because {entry.evaluation.explanation}",
            style="" if matches else "dim",
        )
        for action, effect in entry.effects:
            screen.indented(f"{action.name}: {effect}", by=2)
    screen.line("Nothing was changed.", "dim")


def show_executions(screen: Screen, number: str, executions: Sequence[tuple[datetime, RuleExecution]]) -> None:
    """What rules did, oldest first."""
    if not executions:
        screen.line(f"No rule has acted on order {number}.")
        return
    rows = [
        (format_time(at, seconds=True), execution.rule or "-", execution.action or "-", result_text(execution))
        for at, execution in executions
    ]
    screen.table(("at", "rule", "action", "result"), rows, whole=("at",))


def result_text(execution: RuleExecution) -> str:
    """The result of one action, in words."""
    return f"{execution.message}: {execution.error}" if execution.error else execution.message
