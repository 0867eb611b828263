"""Rules as a desk has them: where their actions lead, what they would do on an event, and both as JSON documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from attrs import frozen

from orderdesk_sdk.cases.events import OrderEvent, OrderEventKind, RuleExecution
from orderdesk_sdk.desk.documents import JsonObject, iso_time
from orderdesk_sdk.orders.references import OrderId
from orderdesk_sdk.rules.conditions import check_filters, evaluate
from orderdesk_sdk.rules.model import CANCEL_ORDER, MOVE_ORDER, NO_FILTER, ConfiguredAction, Rule, RuleEvaluation

if TYPE_CHECKING:
    from orderdesk_sdk.desk.desk import Desk

__all__ = [
    "RulePreview",
    "action_targets",
    "execution_document",
    "explain_rule",
    "preview_document",
    "preview_rule",
    "preview_rules",
    "rule_document",
]


@frozen
class RulePreview:
    """What a rule would do on an event. effects: what each action would do now; empty where the rule does not match."""

    evaluation: RuleEvaluation
    effects: tuple[tuple[ConfiguredAction, str], ...]


def action_targets(desk: Desk) -> Mapping[str, tuple[str, ...]]:
    """The actions that rules may name, each with the connections that it acts at."""
    targets: dict[str, tuple[str, ...]] = {MOVE_ORDER: (), CANCEL_ORDER: desk.connections.names()}
    for name in desk.connections.names():
        declared = desk.connections.integration(name)
        if not isinstance(declared, str):
            for action in declared.actions:
                targets[action.name] = (*targets.get(action.name, ()), name)
    return targets


def preview_rules(
    desk: Desk, ref: str, event: str, folder: str | None, values: Mapping[str, str]
) -> tuple[RulePreview, ...]:
    """What every rule would do on this event of the order now. Changes nothing.

    Raises NotFoundError for an unknown order or folder.
    """
    tried, submitted_to = _tried_event(desk, ref, OrderEventKind(event), folder, values)
    targets = action_targets(desk)
    return tuple(_preview(evaluation, targets, submitted_to) for evaluation in desk.rules.explain(tried))


def preview_rule(desk: Desk, rule: Rule, ref: str, folder: str | None, values: Mapping[str, str]) -> RulePreview:
    """What one rule, of the desk or not, would do if its event happened to the order now. Changes nothing.

    Raises NotFoundError for an unknown order or folder, ConfigurationError for a wrong filter.

    Args:
        folder: that the order is moved to, for a rule about moves; None: the one that it is in.
    """
    if rule.event is OrderEventKind.ORDER_MOVED and folder is None:
        folder = desk.order_store.folder_of(OrderId(desk.orders.get(ref).id))
    tried, submitted_to = _tried_event(desk, ref, rule.event, folder, values)
    check_filters([rule])
    (evaluation,) = evaluate([rule], desk.orders.get(ref), tried)
    return _preview(evaluation, action_targets(desk), submitted_to)


def explain_rule(rule: Rule, targets: Mapping[str, tuple[str, ...]]) -> str:
    """What a rule does, in a sentence."""
    when = f", where {rule.when}" if rule.when != NO_FILTER else ""
    done = "; then ".join(_action_text(action, targets) for action in rule.actions)
    return f"{_EVENTS[rule.event]}{when}: {done}."


_EVENTS: Mapping[OrderEventKind, str] = {
    OrderEventKind.ORDER_IMPORTED: "When an order comes in",
    OrderEventKind.ORDER_MOVED: "When an order is moved to a folder",
    OrderEventKind.CASE_SETTLED: "When a case of an order is settled",
    OrderEventKind.CANCELED_EXTERNALLY: "When a connection reports an order as canceled",
    OrderEventKind.ORDER_CANCELED: "When an order is canceled everywhere",
    OrderEventKind.CANCEL_REQUESTED: "When a request to cancel an order comes in",
    OrderEventKind.ACTION_FAILED: "When an action of a rule failed",
}


def _action_text(action: ConfiguredAction, targets: Mapping[str, tuple[str, ...]]) -> str:
    if action.name == MOVE_ORDER:
        return f"move it to the folder {action.folder}"
    reason = f" with the reason {action.reason!r}" if action.reason else ""
    if action.name == CANCEL_ORDER:
        where = f"at {', '.join(action.connections)}" if action.connections else "everywhere"
        return f"cancel it {where}{reason}"
    at = ", ".join(targets.get(action.name, ()))
    where = f"at {at}" if at else "which no connected integration provides"
    return f"{action.name} ({where}){reason}"


def _tried_event(
    desk: Desk, ref: str, kind: OrderEventKind, folder: str | None, values: Mapping[str, str]
) -> tuple[OrderEvent, Sequence[str]]:
    """The event that is tried, and the connections that its order was submitted to."""
    order = desk.orders.get(ref)
    folders = {}
    if folder is not None:
        folders = {
            "folder": desk.order_store.resolve_folder_name(folder),
            "from_folder": desk.order_store.folder_of(OrderId(order.id)) or "",
        }
    tried = OrderEvent("dry run", kind, order.id, desk.clock.now(), {**folders, **values})
    return tried, [remote_order.connection for remote_order in desk.order_store.remote_orders(order.id)]


def _preview(
    evaluation: RuleEvaluation, targets: Mapping[str, tuple[str, ...]], submitted_to: Sequence[str]
) -> RulePreview:
    actions = evaluation.rule.actions if evaluation.matches else ()
    return RulePreview(
        evaluation, tuple((action, _preview_action(action, targets, submitted_to)) for action in actions)
    )


def _preview_action(
    action: ConfiguredAction, targets: Mapping[str, tuple[str, ...]], remote_orders: Sequence[str]
) -> str:
    if action.name == MOVE_ORDER:
        return f"would move the order to {action.folder}"
    if action.name not in targets:
        return "would hold the order's rules until the rule is corrected: no connected integration provides this action"
    at = [
        name
        for name in remote_orders
        if name in targets[action.name] and (not action.connections or name in action.connections)
    ]
    return f"would act at {', '.join(at)}" if at else "would fail: the order was not submitted to such a connection"


def rule_document(rule: Rule, targets: Mapping[str, tuple[str, ...]]) -> JsonObject:
    """A rule as configured."""
    return {
        "name": rule.name,
        "event": rule.event.value,
        "filter": rule.when or None,
        "actions": [
            {
                **_action_document(action),
                "is_known": action.name in targets,
                "provided_by": list(targets.get(action.name, ())),
            }
            for action in rule.actions
        ],
        "location": rule.location,
        "enabled": rule.enabled,
    }


def _action_document(action: ConfiguredAction) -> JsonObject:
    return {
        "action": action.name,
        "reason": action.reason or None,
        "folder": action.folder or None,
        "connections": list(action.connections),
    }


def preview_document(preview_: RulePreview) -> JsonObject:
    """Whether a rule matches in a dry run, and what it would do."""
    return {
        "rule": preview_.evaluation.rule.name,
        "matches": preview_.evaluation.matches,
        "explanation": preview_.evaluation.explanation,
        "actions": [{**_action_document(action), "effect": effect} for action, effect in preview_.effects],
    }


def execution_document(at: datetime, execution: RuleExecution) -> JsonObject:
    """One executed action of a rule; `error` says why it failed."""
    return {
        "at": iso_time(at),
        "rule": execution.rule or None,
        "action": execution.action or None,
        "message": execution.message,
        "error": execution.error,
    }
