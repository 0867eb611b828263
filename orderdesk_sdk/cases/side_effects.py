"""What a call asks for besides a cancellation: what settings or a person said, and nothing else (law 12). Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.errors import ConflictError
from orderdesk_sdk.plugin.integration import Integration, SideEffect
from orderdesk_sdk.plugin.prior_steps import PriorStep
from orderdesk_sdk.plugin.routes import Button, Route

if TYPE_CHECKING:
    from orderdesk_sdk.cases.plan import Plan

__all__ = ["allowed_effects", "requested_effects", "requested_steps", "require_asked_for", "unasked_effects"]


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


def allowed_effects(plan: Plan, wanted: Sequence[SideEffect]) -> Mapping[str, tuple[SideEffect, ...]]:
    """What a person who wants side effects allows by the plan that shows them, by connection: no more than it shows."""
    return {entry.connection: tuple(effect for effect in wanted if effect in entry.also_done) for entry in plan.entries}


def unasked_effects(
    asked: Cancellation | None, case: CancelCase, integration: Integration | str
) -> tuple[SideEffect, ...]:
    """What a person wants besides, and a case does not ask for, since the plan did not show it at its connection.

    Args:
        asked: the cancellation that the person made, which the case's own may extend; None where it is not known.
        integration: why there is none, where the connection cannot be used.
    """
    wanted = asked.side_effects if asked is not None else ()
    if isinstance(integration, str):
        return tuple(effect for effect in wanted if effect not in case.side_effects)
    return tuple(effect for effect in wanted if effect in integration.side_effects and effect not in case.side_effects)


def require_asked_for(
    wanted: Cancellation,
    allowed: Mapping[str, Sequence[SideEffect]],
    opened: Collection[str],
    standing: Sequence[CancelCase],
    integrations: Mapping[str, Integration | str],
) -> None:
    """Raises ConflictError for a side effect that nothing would ask for, since the order is being canceled without it.

    Args:
        allowed: by connection, as the plan shows them.
        opened: the connections at which the cancellation opens a case.
        standing: the newest case at each of the others that it is about.
    """
    for effect in wanted.side_effects:
        asking = [case for case in standing if _asks_for(case, effect, integrations.get(case.connection))]
        silent = [case for case in standing if case not in asking and effect in allowed.get(case.connection, ())]
        is_asked = bool(asking) or any(effect in allowed.get(connection, ()) for connection in opened)
        against = [case for case in silent if case.is_open or not is_asked]
        if against:
            raise _without(against[0], effect)


def _without(case: CancelCase, effect: SideEffect) -> ConflictError:
    was, instead = "was", "nothing is left to be asked for there"
    if case.is_open:
        was, instead = "is being", "or withdraw that cancellation, as long as nothing has been sent, and cancel again"
    return ConflictError(
        f"the order {was} canceled at {case.connection} without the side effect {effect.value!r},"
        f" as {case.requested_by} asked",
        location=f"order {case.order_number}, cancellation {case.cancellation_id}",
        hint=f"leave the side effect out; {instead}",
    )


def _asks_for(case: CancelCase, effect: SideEffect, integration: Integration | str | None) -> bool:
    if integration is None or isinstance(integration, str):
        return effect in case.side_effects
    return effect in requested_effects(integration, case.side_effects)
