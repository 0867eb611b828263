"""Rules: when this happens to an order and that is true of it, do these. Read strictly, evaluated in order. Pure.

    [[rules]]
    name = "Canceled folder cancels at BDLinx"
    event = "order moved"
    when = "folder == 'Canceled'"
    do = [{ action = "Cancel Order at BDLinx", reason = "customer asked" }]

Filters are written in the language of the rule-engine library (https://zerosteiner.github.io/rule-engine/):
expressions without side effects over the names of `FACTS`. An unknown name, a wrong type or a syntax error is said
when the rules are read.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import field, frozen

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.order import Order

if TYPE_CHECKING:
    import rule_engine

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
NO_FILTER = ""
LONGEST_FILTER = 2000


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
    """What one rule makes of an occurrence, and why."""

    rule: Rule
    fires: bool
    why: str


@frozen
class Firing:
    """What came of one action of a rule that fired. refused: why it could not be done, else None."""

    rule: str
    action: str
    text: str
    refused: str | None = None


FACTS: Mapping[str, str] = {
    "action": "STRING",
    "connection": "STRING",
    "country": "STRING",
    "customer_id": "STRING",
    "email": "STRING",
    "folder": "STRING",
    "from_folder": "STRING",
    "fulfillment_name": "STRING",
    "integration": "STRING",
    "number": "STRING",
    "order_total": "FLOAT",
    "payment_status": "STRING",
    "quantity": "FLOAT",
    "refusal": "STRING",
    "rule": "STRING",
    "shipping_method": "STRING",
    "skus": "ARRAY",
    "source_name": "STRING",
    "state": "STRING",
    "tags": "STRING",
}
"""The names that a filter may use, with the library's types. What an occurrence does not tell is an empty text."""


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
    """What every rule makes of an occurrence, in order, each with its reason. Nothing is done."""
    facts = facts_of(order, occurrence)
    return tuple(_decide(rule, facts, occurrence) for rule in rules)


def _decide(rule: Rule, facts: Mapping[str, object], occurrence: Occurrence) -> Decision:
    if not rule.enabled:
        return Decision(rule, False, "it is switched off")
    if rule.event is not occurrence.kind:
        return Decision(rule, False, f"it waits for {rule.event.value!r}, this is {occurrence.kind.value!r}")
    if rule.name in occurrence.chain:
        return Decision(rule, False, "its own action led here, and it must not run in circles")
    if rule.when == NO_FILTER:
        return Decision(rule, True, "it has no filter")
    import rule_engine  # 0.6 s to import, and only for those who have rules

    try:
        matched = _compiled(rule.when).matches(facts)
    except rule_engine.EngineError as error:
        return Decision(rule, False, f"its filter cannot be evaluated: {error}")
    return Decision(rule, matched, f"{rule.when} is {'true' if matched else 'false'}")


def _compiled(when: str) -> rule_engine.Rule:
    import rule_engine  # see above

    types = {name: getattr(rule_engine.DataType, kind) for name, kind in FACTS.items()}
    types["skus"] = rule_engine.DataType.ARRAY(rule_engine.DataType.STRING)
    context = rule_engine.Context(type_resolver=rule_engine.type_resolver_from_dict(types), default_value="")
    return rule_engine.Rule(when, context=context)


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
    _check_filter(when, f"{place}.when")
    do = entry.get("do")
    if not isinstance(do, list) or not do:
        raise ConfigurationError(
            "nothing is to be done", place=f"{place}.do", remedy='add do = ["Cancel Order at ..."]'
        )
    actions = tuple(_action(action, f"{place}.do[{number}]") for number, action in enumerate(do))
    return Rule(name.strip(), event, actions, place, when, enabled)


def _check_filter(when: str, place: str) -> None:
    if when == NO_FILTER:
        return
    try:
        import rule_engine  # only for those who have rules
    except ImportError:
        raise ConfigurationError(
            "rules with a filter need the rule-engine library", place=place, remedy="pip install orderdesk-sdk[rules]"
        ) from None
    try:
        _compiled(when)
    except rule_engine.EngineError as error:
        known = ", ".join(FACTS)
        raise ConfigurationError(f"the filter is wrong: {error}", place=place, remedy=f"names are {known}") from None


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
