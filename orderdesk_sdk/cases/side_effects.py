"""What a call asks for besides a cancellation: what settings or a person said, and nothing else (law 12). Pure."""

from __future__ import annotations

from collections.abc import Collection

from orderdesk_sdk.plugin.integration import Integration, SideEffect
from orderdesk_sdk.plugin.prior_steps import PriorStep
from orderdesk_sdk.plugin.routes import Button, Route

__all__ = ["requested_effects", "requested_steps"]


def requested_effects(integration: Integration, wanted: Collection[SideEffect]) -> frozenset[SideEffect]:
    """What a call of a connection asks for besides: what its settings say, and what a person wants of what is offered.

    Args:
        integration: as the connection's settings have it.
    """
    return frozenset(
        effect
        for effect, switch in integration.side_effects.items()
        if switch.is_on or (switch.per_cancel and effect in wanted)
    )


def requested_steps(integration: Integration, route: Route, effects: Collection[SideEffect]) -> tuple[PriorStep, ...]:
    """The prior steps of a route that a call may do: those whose side effect has a switch only where it was said.

    Args:
        effects: what is asked for besides, as `requested_effects` gives it.
    """
    prior = route.prior if isinstance(route, Button) else ()
    return tuple(step for step in prior if step.effect not in integration.side_effects or step.effect in effects)
