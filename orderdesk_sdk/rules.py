"""Rules: when this happens to an order and that is true of it, do these. Read strictly, evaluated in order. Pure.

    [[rules]]
    name = "Canceled folder cancels at BDLinx"
    event = "order moved"
    when = "folder == 'Canceled'"
    do = [{ action = "Cancel Order at BDLinx", reason = "customer asked" }]

Filters are expressions over the names of `FACTS` (see `filters`). An unknown name, a wrong type, a syntax error or an
operator that is not taken is said when the rules are read. What fails on one order is told in its log, and is nobody
else's trouble.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation

from attrs import field, frozen

from orderdesk_sdk.errors import ConfigurationError, in_words
from orderdesk_sdk.filters import FACTS, LONGEST_FILTER, NO_FILTER, check_filter, matches
from orderdesk_sdk.guard import Fault
from orderdesk_sdk.order import Order
from orderdesk_sdk.workers import Bulkhead

__all__ = [
    "CANCEL_ORDER",
    "FACTS",
    "MOVE_ORDER",
    "NO_FILTER",
    "Action",
    "Decision",
    "Firing",
    "Occurrence",
    "OccurrenceKind",
    "Rule",
    "decide",
    "facts_of",
    "read_rules",
]

MOVE_ORDER = "Move Order to Folder"
CANCEL_ORDER = "Cancel Order"
"""Cancels everywhere, or at the connections that `at` names. With MOVE_ORDER the core's own; all others are contributed
by declarations."""
DEADLINE = 2.0
"""Seconds that the filters of one event may take for one order; each takes far less than a hundredth of one."""
FAILED = "its filter cannot be evaluated"


class OccurrenceKind(enum.Enum):
    """What rules can react to."""

    ORDER_IMPORTED = "order imported"
    """Once per order, the first time it comes in."""
    ORDER_MOVED = "order moved"
    """An order came into another folder than it was in."""
    CASE_SETTLED = "case settled"
    """A cancellation is decided at one place."""
    CANCELED_ELSEWHERE = "canceled elsewhere"
    """A place canceled an order by itself, and it was read back there. Which others follow is for rules to say."""
    ORDER_CANCELED = "order canceled"
    """The last place that held an order has said that it is canceled there, once per cancellation."""
    ACTION_REFUSED = "action refused"
    """A rule's action could not be done."""


@frozen
class Occurrence:
    """Something that happened to an order. id: unique; the same again is the same occurrence.

    facts: beside the order's own, `FACTS` by name. chain: the names of the rules whose actions led here, first first.
    """

    id: str
    kind: OccurrenceKind
    order_id: str
    at: datetime
    facts: Mapping[str, str] = field(factory=dict, hash=False)
    chain: tuple[str, ...] = ()


@frozen
class Action:
    """One thing a rule does.

    name: as a declaration contributes it, MOVE_ORDER or CANCEL_ORDER. Empty texts where nothing is given. at: the
    connections, for CANCEL_ORDER.
    """

    name: str
    reason: str = ""
    folder: str = ""
    at: tuple[str, ...] = ()


@frozen
class Rule:
    """One rule. place: where it is written, for errors. when: the filter, NO_FILTER for always."""

    name: str
    event: OccurrenceKind
    actions: tuple[Action, ...]
    place: str
    when: str = NO_FILTER
    enabled: bool = True


@frozen
class Decision:
    """What one rule makes of an occurrence, and why. failed: nobody knows, because its filter failed on the order."""

    rule: Rule
    fires: bool
    why: str
    failed: bool = False


@frozen
class Firing:
    """What came of one action of a rule that fired. refused: why it could not be done, else None.

    action: "" where the rule's filter failed on the order, so that nobody knows whether it would have fired.
    """

    rule: str
    action: str
    text: str
    refused: str | None = None


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


def read_rules(value: object, place: str) -> tuple[Rule, ...]:
    """Rules as configured. Raises ConfigurationError with the place of the first fault.

    Whether an action exists is said by the desk, which knows the declarations.
    """
    if not isinstance(value, list):
        raise ConfigurationError("a list of tables was expected", place=place, remedy="write each rule as [[rules]]")
    rules = tuple(_rule(entry, f"{place}[{number}]") for number, entry in enumerate(value))
    names = [rule.name for rule in rules]
    for rule in rules:
        if names.count(rule.name) > 1:
            raise ConfigurationError(f"two rules are named {rule.name!r}", place=rule.place, remedy="rename one")
    return rules


def _rule(entry: object, place: str) -> Rule:
    if not isinstance(entry, Mapping):
        raise ConfigurationError("a table was expected", place=place)
    unknown = set(entry) - {"name", "event", "when", "do", "enabled"}
    if unknown:
        raise ConfigurationError(
            f"unknown key {min(unknown)!r}", place=place, remedy="known are name, event, when, do, enabled"
        )
    name, when, enabled = entry.get("name"), entry.get("when", NO_FILTER), entry.get("enabled", True)
    if not isinstance(name, str) or not name.strip():
        raise ConfigurationError("the name is missing", place=place, remedy='add name = "..."')
    if not isinstance(when, str) or len(when) > LONGEST_FILTER or not isinstance(enabled, bool):
        raise ConfigurationError(
            f"when is a text of up to {LONGEST_FILTER} characters, enabled is true or false", place=place
        )
    try:
        event = OccurrenceKind(entry.get("event"))
    except ValueError:
        known = ", ".join(repr(kind.value) for kind in OccurrenceKind)
        raise ConfigurationError("there is no such event", place=f"{place}.event", remedy=f"one of {known}") from None
    check_filter(when, f"{place}.when")
    do = entry.get("do")
    if not isinstance(do, list) or not do:
        raise ConfigurationError(
            "nothing is to be done", place=f"{place}.do", remedy='add do = ["Cancel Order at ..."]'
        )
    actions = tuple(_action(action, f"{place}.do[{number}]") for number, action in enumerate(do))
    return Rule(name.strip(), event, actions, place, when, enabled)


def _action(entry: object, place: str) -> Action:
    if isinstance(entry, str):
        return Action(entry)
    if isinstance(entry, Mapping) and "action" in entry and set(entry) <= {"action", "reason", "folder", "at"}:
        at = entry.get("at", [])
        texts = {name: text for name, text in entry.items() if isinstance(text, str) and name != "at"}
        if len(texts) == len(entry) - ("at" in entry) and isinstance(at, list) and all(isinstance(n, str) for n in at):
            return Action(texts["action"], texts.get("reason", ""), texts.get("folder", ""), tuple(at))
    raise ConfigurationError(
        "an action is a text, or a table with action, reason, folder and at",
        place=place,
        remedy="at is a list of connections, the others are texts",
    )
