"""Whether a rule matches an order: its fields and its filter, evaluated within a time limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from orderdesk_sdk.cases.events import OrderEvent
from orderdesk_sdk.errors import describe_exception
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin.bulkhead import Bulkhead
from orderdesk_sdk.plugin.guard import PluginFailure
from orderdesk_sdk.rules.filters import FIELDS, NO_FILTER, check_filter, matches
from orderdesk_sdk.rules.model import Rule, RuleEvaluation

__all__ = ["check_filters", "evaluate", "field_values"]

FILTER_TIMEOUT = 2.0
"""Seconds that the filters of one event may take for one order; each takes far less than a hundredth of one."""


FILTER_FAILED = "the filter cannot be evaluated"


def check_filters(rules: Sequence[Rule]) -> None:
    """Read every filter. Raises ConfigurationError for the first that cannot be taken, with its place and a hint."""
    for rule in rules:
        check_filter(rule.when, f"{rule.location}.when")


def field_values(order: Order, event: OrderEvent) -> Mapping[str, object]:
    """The values of FIELDS for one event."""
    own: dict[str, object] = {
        "country": order.shipping.country,
        "customer_id": order.customer_id,
        "email": order.email,
        "fulfillment_name": order.fulfillment_name,
        "number": order.number,
        "order_total": Decimal(order.order_total),
        "payment_status": order.payment_status,
        "quantity": Decimal(sum(line.quantity for line in order.lines)),
        "shipping_method": order.shipping_method,
        "skus": tuple(line.code for line in order.lines),
        "source_name": order.source_name,
        "tags": str(order.extra.get("tag_name", "")),
    }
    empty = {name: "" for name, kind in FIELDS.items() if kind == "STRING"}
    return {**empty, **own, **event.field_values}


def evaluate(rules: Sequence[Rule], order: Order, event: OrderEvent) -> tuple[RuleEvaluation, ...]:
    """What every rule makes of an event, in order, each with its reason. Nothing is done.

    A filter that fails, or does not end within FILTER_TIMEOUT, is its own rule's trouble: that does not fire.
    """
    evaluations = [_evaluate_without_filter(rule, event) for rule in rules]
    if None not in evaluations:
        return tuple(decision for decision in evaluations if decision is not None)
    decided: list[RuleEvaluation] = []
    while len(decided) < len(rules):
        decided += _evaluate_all(rules[len(decided) :], order, event)
    return tuple(decided)


def _evaluate_all(rules: Sequence[Rule], order: Order, event: OrderEvent) -> list[RuleEvaluation]:
    """The decisions of the rules up to the first whose filter does not end, or of all."""
    evaluations: list[RuleEvaluation] = []

    def evaluate() -> None:
        values = field_values(order, event)
        for rule in rules:
            evaluations.append(_evaluate_without_filter(rule, event) or _evaluate_filter(rule, values))  # noqa: PERF401 - read meanwhile

    outcome = _bulkhead.run_isolated(evaluate)
    completed = list(evaluations)  # A thread that was left behind may go on.
    if isinstance(outcome, PluginFailure) and len(completed) < len(rules):
        why = outcome.message if outcome.error_type else f"the filter did not end within {FILTER_TIMEOUT:g} s"
        completed.append(RuleEvaluation(rules[len(completed)], False, f"{FILTER_FAILED}: {why}", failed=True))
    return completed


_bulkhead = Bulkhead("rules", 1, FILTER_TIMEOUT)


def _evaluate_without_filter(rule: Rule, event: OrderEvent) -> RuleEvaluation | None:
    """The decision where no filter is needed for it."""
    if not rule.enabled:
        return RuleEvaluation(rule, False, "the rule is switched off")
    if rule.event is not event.kind:
        return RuleEvaluation(rule, False, f"the rule is for {rule.event.value!r}, the event is {event.kind.value!r}")
    if rule.name in event.caused_by_rules:
        return RuleEvaluation(
            rule, False, "the event was caused by the rule's own action; a rule never triggers itself"
        )
    return RuleEvaluation(rule, True, "the rule has no filter") if rule.when == NO_FILTER else None


def _evaluate_filter(rule: Rule, values: Mapping[str, object]) -> RuleEvaluation:
    try:
        matched = matches(rule.when, values)
    except Exception as error:  # noqa: BLE001 - what an order says may fail in any way, a text that is no number say
        why = (
            "the filter calculates with a text that is not a number"
            if isinstance(error, InvalidOperation)
            else describe_exception(error)
        )
        return RuleEvaluation(rule, False, f"{FILTER_FAILED}: {why}", failed=True)
    return RuleEvaluation(rule, matched, f"{rule.when} is {'true' if matched else 'false'}")
