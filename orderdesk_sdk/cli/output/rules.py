"""Rules for people: the list, the result of a dry run, and the log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from orderdesk_sdk.cases.events import RuleExecution
from orderdesk_sdk.cases.stored_rules import StoredRule
from orderdesk_sdk.cli.output.screen import Screen
from orderdesk_sdk.cli.output.times import format_time
from orderdesk_sdk.desk.rule_previews import RulePreview
from orderdesk_sdk.desk.rule_views import DryRun, RuleView
from orderdesk_sdk.rules.model import ConfiguredAction

__all__ = [
    "result_text",
    "show_dry_run",
    "show_executions",
    "show_preview",
    "show_rule",
    "show_rule_versions",
    "show_rules",
]


def show_rules(screen: Screen, rules: Sequence[RuleView], targets: Mapping[str, tuple[str, ...]]) -> None:
    """The rules in their order."""
    if not rules:
        screen.line("No rules are configured; README.md shows one.")
        return
    rows = [
        (
            view.name + ("" if view.is_enabled else " (off)"),
            view.rule.event.value,
            view.rule.when or "always",
            "; ".join(_action_text(action, targets) for action in view.rule.actions),
            view.rule.location,
        )
        for view in rules
    ]
    screen.table(("rule", "event", "filter", "actions", "location"), rows)


def show_rule(screen: Screen, view: RuleView) -> None:
    """A rule in words, and how it stands."""
    screen.line(f"Rule {view.name}: {'on' if view.is_enabled else 'off'}", "bold")
    screen.line(view.explanation)
    if view.problem is not None:
        screen.line(view.problem, "bold red")
    elif not view.is_enabled and not view.is_tried:
        screen.line(f"Try it before it is switched on: `orderdesk rules dry-run {view.name!r}`.", "yellow")


def show_dry_run(screen: Screen, run: DryRun) -> None:
    """What a rule would do to some orders."""
    screen.line(f"Rule {run.rule.name}  dry run of the event: {run.rule.event.value}", "bold")
    for trial in run.trials:
        evaluation = trial.preview.evaluation
        result = "matches" if evaluation.matches else "does not match"
        style = "" if evaluation.matches else "dim"
        screen.hanging(f"order {trial.order_number}: {result}", f"because {evaluation.explanation}", style=style)
        for action, effect in trial.preview.effects:
            screen.indented(f"{action.name}: {effect}", by=2)
    if not run.trials:
        screen.line("There is no order to try it on.")
    if not run.is_complete:
        screen.line("The time was up before each order was tried; name fewer.", "yellow")
    elif run.is_sound:
        screen.line("Nothing was changed. The rule may be switched on.", "dim")
    else:
        screen.line("Nothing was changed. The rule may not be switched on.", "yellow")


def show_rule_versions(screen: Screen, versions: Sequence[StoredRule]) -> None:
    """Every version of a rule, the latest first."""
    rows = [
        (str(one.version), one.state.value, one.by, format_time(one.at, seconds=True), one.content) for one in versions
    ]
    screen.table(("version", "state", "by", "at", "rule"), rows, whole=("at",))


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
