"""Rules as sentences, with what they would do on an event and what they did. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.cases.events import OrderEventKind, RuleExecution
from orderdesk_sdk.desk.rule_previews import RulePreview
from orderdesk_sdk.desk.rule_views import RuleView
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.rules.model import CANCEL_ORDER, MOVE_ORDER, ConfiguredAction, Rule
from orderdesk_sdk.web.references import order_ref

__all__ = [
    "EXAMPLE",
    "TRIED_EVENTS",
    "ActionText",
    "ExecutionRow",
    "RuleRow",
    "RulesPage",
    "TriedResult",
    "TriedRules",
    "execution_rows",
    "make_rule_row",
    "tried_results",
]

EXAMPLE = """[[rules]]
name = "Canceled folder cancels everywhere"
event = "order moved"
when = "folder == 'Canceled'"
do = [{ action = "Cancel Order", reason = "customer asked" }]"""
_SENTENCES: Mapping[OrderEventKind, str] = {
    OrderEventKind.ORDER_IMPORTED: "When an order is imported",
    OrderEventKind.ORDER_MOVED: "When an order is moved into a folder",
    OrderEventKind.CASE_SETTLED: "When a case is settled",
    OrderEventKind.CANCELED_EXTERNALLY: "When a service has canceled an order by itself",
    OrderEventKind.ORDER_CANCELED: "When an order is canceled everywhere",
    OrderEventKind.ACTION_FAILED: "When the action of a rule failed",
    OrderEventKind.CANCEL_REQUESTED: "When somebody asks us to cancel an order",
}
TRIED_EVENTS: Sequence[tuple[str, str]] = tuple((kind.value, kind.value.capitalize()) for kind in OrderEventKind)
"""The events of rules, as values and texts."""


@frozen
class ActionText:
    """What a rule does. problem: why it cannot be done; None: it can."""

    text: str
    problem: str | None


@frozen
class RuleRow:
    """A rule as a sentence.

    Args:
        filter: as it is written; "" where it always holds.
        place: where it is changed, and by whom it was last.
        is_stored: it is changed here.
        is_tried: it may be switched on.
    """

    name: str
    sentence: str
    filter: str
    actions: tuple[ActionText, ...]
    problem: str | None
    place: str
    changed_at: datetime | None
    is_enabled: bool
    is_stored: bool
    is_tried: bool


@frozen
class TriedResult:
    """What one rule makes of the event, and what it would do. title: of the rule, or of the order."""

    title: str
    matches: bool
    failed: bool
    explanation: str
    effects: tuple[str, ...]


@frozen
class TriedRules:
    """What was tried.

    Args:
        order: as it was typed; "": nothing was tried.
        error: what kept it from being tried, `hint`: what to do about it.
    """

    order: str = ""
    event: str = OrderEventKind.ORDER_MOVED.value
    folder: str = ""
    results: tuple[TriedResult, ...] = ()
    error: str | None = None
    hint: str | None = None


@frozen
class ExecutionRow:
    """What a rule did. order: its number, where one is known; `ref`: its id, as it stands in addresses."""

    at: datetime
    rule: str
    action: str
    message: str
    error: str | None
    order: str
    ref: str


@frozen
class RulesPage:
    """The page of rules.

    Args:
        problems: of rules that cannot be used.
        try_refusal: why this person may not try them; None: they may.
        may_change: this person makes and changes rules.
    """

    rules: tuple[RuleRow, ...]
    problems: tuple[OrderDeskError, ...]
    tried: TriedRules
    executions: tuple[ExecutionRow, ...]
    try_refusal: str | None
    may_change: bool
    events: Sequence[tuple[str, str]] = TRIED_EVENTS
    example: str = EXAMPLE

    @property
    def may_try(self) -> bool:
        """Whether this person may try the rules."""
        return self.try_refusal is None


def make_rule_row(view: RuleView, targets: Mapping[str, tuple[str, ...]]) -> RuleRow:
    """A rule as a sentence.

    Args:
        targets: the actions that there are.
    """
    rule, stored = view.rule, view.stored
    return RuleRow(
        name=rule.name,
        sentence=_SENTENCES[rule.event] + (", and this holds:" if _filter(rule) else ", then:"),
        filter=_filter(rule),
        actions=tuple(
            ActionText(_action_text(action), None if action.name in targets else "no connected integration does this")
            for action in rule.actions
        ),
        problem=view.problem,
        place=f"changed here, by {stored.by}" if stored is not None else f"changed in {rule.location}",
        changed_at=stored.at if stored is not None else None,
        is_enabled=view.is_enabled,
        is_stored=stored is not None,
        is_tried=view.is_tried,
    )


def _filter(rule: Rule) -> str:
    return rule.when.strip()


def _action_text(action: ConfiguredAction) -> str:
    if action.name == MOVE_ORDER:
        return f"move the order to the folder {action.folder}"
    where = f" at {', '.join(action.connections)}" if action.connections else ""
    why = f", reason: {action.reason}" if action.reason else ""
    if action.name == CANCEL_ORDER:
        return f"cancel the order{where or ' everywhere'}{why}"
    return f"{action.name}{where}{why}"


def tried_results(previews: Sequence[tuple[str, RulePreview]]) -> tuple[TriedResult, ...]:
    """What was found, each with its title."""
    return tuple(
        TriedResult(
            title,
            preview.evaluation.matches,
            preview.evaluation.failed,
            preview.evaluation.explanation,
            tuple(f"{action.name}: {effect}" for action, effect in preview.effects),
        )
        for title, preview in previews
    )


def execution_rows(
    executions: Sequence[tuple[str, datetime, RuleExecution]], numbers: Mapping[str, str]
) -> tuple[ExecutionRow, ...]:
    """What rules did, in the order in which it is given; numbers: of orders, by id, as far as they are known."""
    return tuple(
        ExecutionRow(
            at,
            done.rule or "-",
            done.action or "its filter failed",
            done.message,
            done.error,
            numbers.get(order, order),
            order_ref(order),
        )
        for order, at, done in executions
    )
