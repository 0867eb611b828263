"""The actions that rules may name: the core's own, and those that the connected integrations contribute. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from attrs import frozen

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.rules.model import CANCEL_ORDER, MOVE_ORDER, Rule

__all__ = ["Actions", "Contributed", "Deed", "ActionExecutor"]


@frozen
class Contributed:
    """Where an action acts. slug: its integration; "" for the core's own. status: what it sets; None: it cancels."""

    slug: str = ""
    status: str | None = None


@frozen
class Actions:
    """What rules may name.

    known: by the action's name. broken: why integrations contribute nothing, a line each. connections: their names.
    """

    known: Mapping[str, Contributed]
    broken: tuple[str, ...] = ()
    connections: Collection[str] = ()

    @classmethod
    def of(cls, declared: Mapping[str, Integration | str], connections: Collection[str]) -> Actions:
        """The actions of declarations, by slug, or the text of what keeps one from being used."""
        known = {MOVE_ORDER: Contributed(), CANCEL_ORDER: Contributed()}
        broken: list[str] = []
        for slug, found in declared.items():
            if isinstance(found, str):
                broken.append(f"{slug} contributes none now ({found})")
            else:
                known.update({action.name: Contributed(slug, action.status) for action in found.actions})
        return cls(known, tuple(broken), connections)

    def fault(self, rule: Rule, number: int) -> ConfigurationError | None:
        """What is wrong with an action of a rule, with its place and the remedy; None when nothing is."""
        action = rule.actions[number]
        place = f"{rule.place}.do[{number}]"
        if action.name not in self.known:
            known = f"known are {', '.join(map(repr, self.known))}"
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
        if action.at and action.name != CANCEL_ORDER:
            return ConfigurationError(
                f"rule {rule.name!r}: connections belong to {CANCEL_ORDER!r}, and only there",
                place=place,
                remedy=f'write {{ action = "{CANCEL_ORDER}", at = ["..."] }}',
            )
        unknown = [name for name in action.at if name not in self.connections]
        if unknown:
            return ConfigurationError(
                f"rule {rule.name!r}: there is no connection {unknown[0]!r}",
                place=f"{place}.at",
                remedy=f"configured are: {', '.join(self.connections) or 'none'}",
            )
        return None

    def faults(self, rules: Sequence[Rule]) -> tuple[ConfigurationError, ...]:
        """What is wrong with the actions of rules; empty when nothing is."""
        found = (self.fault(rule, number) for rule in rules for number in range(len(rule.actions)))
        return tuple(fault for fault in found if fault is not None)


@frozen
class Deed:
    """What a rule wants done. key names it, so that it is done once. at: the connections; empty means everywhere.

    status: what to set; None: to cancel. chain: the rules whose actions led to it.
    """

    order: Order
    key: str
    by: str
    reason: str | None
    at: tuple[str, ...]
    chain: tuple[str, ...]
    status: str | None = None


class ActionExecutor(Protocol):
    """Does what rules want, by the same paths as persons."""

    def do(self, deed: Deed) -> str:
        """Do it, and give where it stands. Raises what keeps it from being done."""
        raise NotImplementedError
