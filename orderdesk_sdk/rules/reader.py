"""Rules read from the configuration, strictly: an unknown key is named with its location.

Filters are read by `conditions.check_filters` when a rule is asked: to load their library takes long.
"""

from __future__ import annotations

from collections.abc import Mapping

from orderdesk_sdk.cases.events import OrderEventKind
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.rules.filters import MAX_FILTER_LENGTH, NO_FILTER
from orderdesk_sdk.rules.model import ConfiguredAction, Rule

__all__ = ["read_rules"]


def read_rules(value: object, location: str, *, numbered: bool = True) -> tuple[Rule, ...]:
    """Rules as configured. Raises ConfigurationError with the location of the first mistake.

    Whether the filters can be taken and the actions exist is checked where rules are asked: by the rule engine before
    it handles an event, and by `orderdesk rules`, `work` and `doctor`.

    Args:
        numbered: whether the place of a rule is its number there; False where `location` is that of the only one.
    """
    if not isinstance(value, list):
        raise ConfigurationError(
            "a list of tables was expected", location=location, hint="write each rule as [[rules]]"
        )
    rules = tuple(_rule(entry, f"{location}[{number}]" if numbered else location) for number, entry in enumerate(value))
    names = [rule.name for rule in rules]
    for rule in rules:
        if names.count(rule.name) > 1:
            raise ConfigurationError(f"two rules are named {rule.name!r}", location=rule.location, hint="rename one")
    return rules


def _rule(entry: object, location: str) -> Rule:
    if not isinstance(entry, Mapping):
        raise ConfigurationError("a table was expected", location=location)
    unknown = set(entry) - {"name", "event", "when", "do", "enabled"}
    if unknown:
        raise ConfigurationError(
            f"unknown key {min(unknown)!r}", location=location, hint="the keys are name, event, when, do, enabled"
        )
    name, when, enabled = entry.get("name"), entry.get("when", NO_FILTER), entry.get("enabled", True)
    if not isinstance(name, str) or not name.strip():
        raise ConfigurationError("the rule has no name", location=location, hint='add name = "..."')
    if not isinstance(when, str) or len(when) > MAX_FILTER_LENGTH or not isinstance(enabled, bool):
        raise ConfigurationError(
            f"when must be a text of up to {MAX_FILTER_LENGTH} characters, and enabled true or false",
            location=location,
        )
    try:
        event = OrderEventKind(entry.get("event"))
    except ValueError:
        kinds = ", ".join(repr(kind.value) for kind in OrderEventKind)
        raise ConfigurationError(
            f"{entry.get('event')!r} is not an event", location=f"{location}.event", hint=f"write one of {kinds}"
        ) from None
    do = entry.get("do")
    if not isinstance(do, list) or not do:
        raise ConfigurationError(
            "the rule has no action", location=f"{location}.do", hint='add do = ["Cancel Order at ..."]'
        )
    actions = tuple(_action(action, f"{location}.do[{number}]") for number, action in enumerate(do))
    return Rule(name.strip(), event, actions, location, when, enabled)


def _action(entry: object, location: str) -> ConfiguredAction:
    if isinstance(entry, str):
        return ConfiguredAction(entry)
    if isinstance(entry, Mapping) and "action" in entry and set(entry) <= {"action", "reason", "folder", "connections"}:
        names = entry.get("connections", [])
        texts = {key: text for key, text in entry.items() if isinstance(text, str) and key != "connections"}
        is_complete = len(texts) == len(entry) - ("connections" in entry)
        if is_complete and isinstance(names, list) and all(isinstance(name, str) for name in names):
            return ConfiguredAction(texts["action"], texts.get("reason", ""), texts.get("folder", ""), tuple(names))
    raise ConfigurationError(
        "an action is neither a text nor a table with action, reason, folder and connections",
        location=location,
        hint="write connections as a list of names, and the other keys as texts",
    )
