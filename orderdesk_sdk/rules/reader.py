"""Rules read from the configuration, strictly: an unknown key is named with its location."""

from __future__ import annotations

from collections.abc import Mapping

from orderdesk_sdk.cases.events import OccurrenceKind
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.rules.filters import LONGEST_FILTER, NO_FILTER, check_filter
from orderdesk_sdk.rules.model import Action, Rule

__all__ = ["read_rules"]


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
