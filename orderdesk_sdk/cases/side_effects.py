"""What a call asks for besides a cancellation: what settings or a person said, and nothing else (law 12). Pure."""

from __future__ import annotations

from collections.abc import Collection

from orderdesk_sdk.plugin.integration import Integration, SideEffect

__all__ = ["requested_effects"]


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
