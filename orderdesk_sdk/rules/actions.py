"""The actions that rules may name: the core's own, and those that the connected integrations contribute. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from attrs import frozen

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.rules.model import CANCEL_ORDER, MOVE_ORDER, Rule

__all__ = ["ActionCatalog", "ActionTarget", "ActionRequest", "ActionExecutor"]


@frozen
class ActionTarget:
    """Where an action acts.

    Args:
        integration: its integration; "" for the core's own.
        status: what it sets; None: it cancels.
    """

    integration: str = ""
    status: str | None = None


@frozen
class ActionCatalog:
    """What rules may name.

    Args:
        targets: by the action's name.
        problems: why integrations contribute nothing, a line each.
        connections: their names.
    """

    targets: Mapping[str, ActionTarget]
    problems: tuple[str, ...] = ()
    connections: Collection[str] = ()

    @classmethod
    def from_integrations(
        cls, integrations: Mapping[str, Integration | str], connections: Collection[str]
    ) -> ActionCatalog:
        """The actions of declarations, by slug, or the text of what keeps one from being used."""
        targets = {MOVE_ORDER: ActionTarget(), CANCEL_ORDER: ActionTarget()}
        broken: list[str] = []
        for slug, integration in integrations.items():
            if isinstance(integration, str):
                broken.append(f"{slug} contributes none now ({integration})")
            else:
                targets.update({action.name: ActionTarget(slug, action.status) for action in integration.actions})
        return cls(targets, tuple(broken), connections)

    def action_error(self, rule: Rule, number: int) -> ConfigurationError | None:
        """What is wrong with an action of a rule, with its place and the hint; None when nothing is."""
        action = rule.actions[number]
        location = f"{rule.location}.do[{number}]"
        if action.name not in self.targets:
            actions_hint = f"known are {', '.join(map(repr, self.targets))}"
            return ConfigurationError(
                f"Unknown rule action {action.name!r} in rule {rule.name!r}: no connected integration provides it",
                location=location,
                hint="; ".join([actions_hint, *self.problems]),
            )
        if (action.name == MOVE_ORDER) != bool(action.folder):
            return ConfigurationError(
                f"rule {rule.name!r}: a folder belongs to {MOVE_ORDER!r}, and only there",
                location=location,
                hint=f'write {{ action = "{MOVE_ORDER}", folder = "..." }}',
            )
        if action.connections and action.name != CANCEL_ORDER:
            return ConfigurationError(
                f"rule {rule.name!r}: connections belong to {CANCEL_ORDER!r}, and only there",
                location=location,
                hint=f'write {{ action = "{CANCEL_ORDER}", connections = ["..."] }}',
            )
        unknown = [name for name in action.connections if name not in self.connections]
        if unknown:
            return ConfigurationError(
                f"rule {rule.name!r}: the connection {unknown[0]!r} is not configured",
                location=f"{location}.connections",
                hint=f"configured are: {', '.join(self.connections) or 'none'}",
            )
        return None

    def errors(self, rules: Sequence[Rule]) -> tuple[ConfigurationError, ...]:
        """What is wrong with the actions of rules; empty when nothing is."""
        errors = (self.action_error(rule, number) for rule in rules for number in range(len(rule.actions)))
        return tuple(fault for fault in errors if fault is not None)


@frozen
class ActionRequest:
    """What a rule wants done. key names it, so that it is done once.

    Args:
        connections: the connections; empty means everywhere.
        status: what to set; None: to cancel.
        caused_by_rules: the rules whose actions led to it.
    """

    order: Order
    idempotency_key: str
    requested_by: str
    reason: str | None
    connections: tuple[str, ...]
    caused_by_rules: tuple[str, ...]
    status: str | None = None


class ActionExecutor(Protocol):
    """Does what rules want, by the same paths as persons."""

    def execute(self, request: ActionRequest) -> str:
        """Do it, and give where it stands. Raises what keeps it from being done."""
        raise NotImplementedError
