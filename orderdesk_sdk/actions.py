"""The actions that rules may name: the core's own, and those that the connected integrations contribute. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from orderdesk_sdk.declaration import Integration
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.rules import MOVE_ORDER, Rule

__all__ = ["Actions"]


@frozen
class Actions:
    """What rules may name.

    slugs: of the actions' integrations, by the action's name. broken: why integrations contribute nothing, a line each.
    """

    slugs: Mapping[str, str]
    broken: tuple[str, ...] = ()

    @classmethod
    def of(cls, declared: Mapping[str, Integration | str]) -> Actions:
        """The actions of declarations, by slug, or the text of what keeps one from being used."""
        slugs = {MOVE_ORDER: ""}
        broken: list[str] = []
        for slug, found in declared.items():
            if isinstance(found, str):
                broken.append(f"{slug} contributes none now ({found})")
            else:
                slugs.update({action.name: slug for action in found.actions})
        return cls(slugs, tuple(broken))

    def fault(self, rule: Rule, number: int) -> ConfigurationError | None:
        """What is wrong with an action of a rule, with its place and the remedy; None when nothing is."""
        action = rule.actions[number]
        place = f"{rule.place}.do[{number}]"
        if action.name not in self.slugs:
            known = f"known are {', '.join(map(repr, self.slugs))}"
            return ConfigurationError(
                f"rule {rule.name!r}: nobody contributes the action {action.name!r}",
                place=place,
                remedy="; ".join([known, *self.broken]),
            )
        if (action.name == MOVE_ORDER) != bool(action.folder):
            return ConfigurationError(
                f"rule {rule.name!r}: a folder belongs to {MOVE_ORDER!r}, and only there",
                place=place,
                remedy=f'write {{ action = "{MOVE_ORDER}", folder = "..." }}',
            )
        return None

    def faults(self, rules: Sequence[Rule]) -> tuple[ConfigurationError, ...]:
        """What is wrong with the actions of rules; empty when nothing is."""
        found = (self.fault(rule, number) for rule in rules for number in range(len(rule.actions)))
        return tuple(fault for fault in found if fault is not None)
