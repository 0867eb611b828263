"""Whether a rule matches an order: its fields and its filter, evaluated within a time limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

from orderdesk_sdk.cases.events import Occurrence
from orderdesk_sdk.errors import in_words
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin.bulkhead import Bulkhead
from orderdesk_sdk.plugin.guard import Fault
from orderdesk_sdk.rules.filters import FACTS, NO_FILTER, matches
from orderdesk_sdk.rules.model import Decision, Rule

__all__ = ["facts_of", "decide"]

DEADLINE = 2.0
"""Seconds that the filters of one event may take for one order; each takes far less than a hundredth of one."""


FAILED = "its filter cannot be evaluated"


def facts_of(order: Order, occurrence: Occurrence) -> Mapping[str, object]:
    """The values of FACTS for one occurrence."""
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
    empty = {name: "" for name, kind in FACTS.items() if kind == "STRING"}
    return {**empty, **own, **occurrence.facts}


def decide(rules: Sequence[Rule], order: Order, occurrence: Occurrence) -> tuple[Decision, ...]:
    """What every rule makes of an occurrence, in order, each with its reason. Nothing is done.

    A filter that fails, or does not end within DEADLINE, is its own rule's trouble: that does not fire.
    """
    known = [_before_filter(rule, occurrence) for rule in rules]
    if None not in known:
        return tuple(decision for decision in known if decision is not None)
    decided: list[Decision] = []
    while len(decided) < len(rules):
        decided += _filtered(rules[len(decided) :], order, occurrence)
    return tuple(decided)


def _filtered(rules: Sequence[Rule], order: Order, occurrence: Occurrence) -> list[Decision]:
    """The decisions of the rules up to the first whose filter does not end, or of all."""
    made: list[Decision] = []

    def evaluate() -> None:
        facts = facts_of(order, occurrence)
        for rule in rules:
            made.append(_before_filter(rule, occurrence) or _by_filter(rule, facts))  # noqa: PERF401 - read meanwhile

    outcome = _aside.aside(evaluate)
    told = list(made)  # A thread that was left behind may go on.
    if isinstance(outcome, Fault) and len(told) < len(rules):
        why = outcome.text if outcome.kind else f"it did not end within {DEADLINE:g} s"
        told.append(Decision(rules[len(told)], False, f"{FAILED}: {why}", failed=True))
    return told


_aside = Bulkhead("rules", 1, DEADLINE)


def _before_filter(rule: Rule, occurrence: Occurrence) -> Decision | None:
    """The decision where no filter is needed for it."""
    if not rule.enabled:
        return Decision(rule, False, "it is switched off")
    if rule.event is not occurrence.kind:
        return Decision(rule, False, f"it waits for {rule.event.value!r}, this is {occurrence.kind.value!r}")
    if rule.name in occurrence.chain:
        return Decision(rule, False, "its own action led here, and it must not run in circles")
    return Decision(rule, True, "it has no filter") if rule.when == NO_FILTER else None


def _by_filter(rule: Rule, facts: Mapping[str, object]) -> Decision:
    try:
        matched = matches(rule.when, facts)
    except Exception as error:  # noqa: BLE001 - what an order says may fail in any way, a text that is no number say
        why = "it reckons with a text that is no number" if isinstance(error, InvalidOperation) else in_words(error)
        return Decision(rule, False, f"{FAILED}: {why}", failed=True)
    return Decision(rule, matched, f"{rule.when} is {'true' if matched else 'false'}")
