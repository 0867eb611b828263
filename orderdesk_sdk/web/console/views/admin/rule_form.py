"""The form of a rule: its event, its filter, and a few actions, as fields and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from orderdesk_sdk.desk.rule_views import RuleDraft
from orderdesk_sdk.rules.model import CANCEL_ORDER, MOVE_ORDER, Rule
from orderdesk_sdk.web.console.views.admin.rules import TRIED_EVENTS

__all__ = ["MAX_ACTIONS", "ActionFields", "RuleForm", "empty_form", "form_of_rule", "read_form"]

MAX_ACTIONS = 4
"""Actions that the form has room for."""


@frozen
class ActionFields:
    """One action as it was filled in; `action` "" for none. connections: a list with commas."""

    action: str = ""
    reason: str = ""
    folder: str = ""
    connections: str = ""


@frozen
class RuleForm:
    """The form.

    Args:
        is_new: the rule gets its name here.
        choices: the actions that there are, as values and texts.
        is_cut: the rule has more actions than the form has room for, so it is not changed here.
    """

    name: str
    event: str
    filter: str
    actions: tuple[ActionFields, ...]
    is_new: bool
    choices: tuple[tuple[str, str], ...]
    is_cut: bool = False
    events: Sequence[tuple[str, str]] = TRIED_EVENTS


def empty_form(targets: Mapping[str, tuple[str, ...]]) -> RuleForm:
    """The form of a new rule."""
    return RuleForm("", "order moved", "", _padded(()), True, _choices(targets, ()))


def form_of_rule(rule: Rule, targets: Mapping[str, tuple[str, ...]]) -> RuleForm:
    """The form of a rule that is there."""
    actions = tuple(
        ActionFields(action.name, action.reason, action.folder, ", ".join(action.connections))
        for action in rule.actions
    )
    choices = _choices(targets, [action.action for action in actions])
    is_cut = len(actions) > MAX_ACTIONS
    return RuleForm(rule.name, rule.event.value, rule.when.strip(), _padded(actions), False, choices, is_cut)


def read_form(
    texts: Mapping[str, str], targets: Mapping[str, tuple[str, ...]], *, is_new: bool
) -> tuple[RuleForm, RuleDraft]:
    """The form as it was filled in, and the rule that it asks for, which may be wrong yet."""
    actions = tuple(
        ActionFields(*(texts.get(f"{field}-{number}", "") for field in ("action", "reason", "folder", "connections")))
        for number in range(MAX_ACTIONS)
    )
    name, event, condition = texts.get("name", ""), texts.get("event", ""), texts.get("filter", "")
    choices = _choices(targets, [action.action for action in actions])
    form = RuleForm(name, event, condition, actions, is_new, choices)
    table: dict[str, object] = {"event": event, "do": [_action_table(one) for one in actions if one.action]}
    if condition:
        table["when"] = condition
    return form, RuleDraft(name, table)


def _action_table(given: ActionFields) -> Mapping[str, object]:
    names = [name.strip() for name in given.connections.split(",") if name.strip()]
    table: dict[str, object] = {"action": given.action}
    if given.action == MOVE_ORDER:
        return table | {"folder": given.folder}
    if given.reason:
        table["reason"] = given.reason
    return table | {"connections": names} if names and given.action == CANCEL_ORDER else table


def _padded(actions: tuple[ActionFields, ...]) -> tuple[ActionFields, ...]:
    return (*actions, *(ActionFields() for _ in range(MAX_ACTIONS)))[:MAX_ACTIONS]


def _choices(targets: Mapping[str, tuple[str, ...]], chosen: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The actions that there are, and those that were chosen although there are none such."""
    unknown = [name for name in dict.fromkeys(chosen) if name and name not in targets]
    return (
        ("", "-"),
        *((name, name) for name in targets),
        *((name, f"{name} (unknown)") for name in unknown),
    )
