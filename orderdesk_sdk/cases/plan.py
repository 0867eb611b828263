"""The plan: for one order, now, what can be canceled where, until when and what follows. Pure, no I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TypedDict, assert_never

from attrs import field, frozen

from orderdesk_sdk.cases.call_counts import QuotaState
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.eligibility import EligibilityState, reads_reasons
from orderdesk_sdk.cases.plan_token import make_plan_token
from orderdesk_sdk.cases.side_effects import requested_effects, requested_steps
from orderdesk_sdk.cases.windows import WindowState, next_open_route, window_state
from orderdesk_sdk.cases.wording import describe_confirmation
from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.plugin.integration import Integration, SideEffect
from orderdesk_sdk.plugin.line_names import line_label
from orderdesk_sdk.plugin.prior_steps import PriorStep
from orderdesk_sdk.plugin.reasons import FreeText, NoReason, ReasonCode, ReasonList, allowed_reasons
from orderdesk_sdk.plugin.routes import Button, ManualConfirmation, Route, Scope
from orderdesk_sdk.plugin.transports import folder_of
from orderdesk_sdk.plugin.url_paths import number_error

__all__ = ["ASK_FIRST", "Plan", "PlanEntry", "PlanLine", "PlanStep", "make_plan"]

ASK_FIRST = "; ask first"
"""What is said beside what a step needs whose reasons are read per order, while no reading holds."""
_REASON = "reason"


@frozen
class PlanStep:
    """One route of an entry's list of routes.

    Args:
        follow_up: what follows when it is taken.
        decided_by: who has the word then.
        needs: what must be given with it, or None.
        reasons: the codes that this order may be canceled with, where the service has a list.
        scope: what can be canceled.
        next_step: where a clock closes it, the index of the step that would be taken after `window.closes_at`; None
            where no clock closes it, or no step is open then.
        prior: what is done at the service before it is asked to cancel, in order.
    """

    label: str
    window: WindowState
    follow_up: str
    decided_by: str
    scope: Scope
    warning: str | None = None
    needs: str | None = None
    reasons: tuple[ReasonCode, ...] = ()
    next_step: int | None = None
    prior: tuple[PriorStep, ...] = ()

    @property
    def requires_reason(self) -> bool:
        """Whether it cannot be taken without a reason, also where the service must first be asked for its list."""
        return (self.needs or "").removesuffix(ASK_FIRST) == _REASON


@frozen
class PlanEntry:
    """One remote order: its list of routes, which step would be taken, or why none can.

    Args:
        chosen_step: index into steps; None when no route is open.
        problem: what must be repaired first; None when nothing.
        existing_state: the state of a case that exists already; None before the first request.
        not_done: what the cancellation does not ask of the service, which may have rules of its own.
        offered: what of that a person may ask for, for this cancellation.
        quotas: what is left of each daily quota of the connection; where nothing is, its calls wait for the next day.
        eligibility: what the service said of this order, where it is asked before; None where it says so only when it
            is asked to cancel.
        folder: the URL of the folder in which files are dropped and answers are found; None where an API is called.
        effect_notes: what that costs or does, and what of `also_done` does; of those of which more is known.
    """

    connection: str
    integration: str
    title: str
    role: ConnectionRole
    remote_id: str
    steps: tuple[PlanStep, ...] = ()
    chosen_step: int | None = None
    problem: str | None = None
    existing_state: State | None = None
    not_done: tuple[SideEffect, ...] = tuple(SideEffect)
    offered: tuple[SideEffect, ...] = ()
    effect_notes: Mapping[SideEffect, str] = field(factory=dict, hash=False)
    quotas: tuple[QuotaState, ...] = ()
    eligibility: EligibilityState | None = None
    folder: str | None = None

    @property
    def also_done(self) -> tuple[SideEffect, ...]:
        """What the service is asked to do besides, because a setting of the connection or a person says so."""
        return tuple(effect for effect in SideEffect if effect not in self.not_done)


@frozen
class PlanLine:
    """A line of the order, and how much of it is ordered.

    Args:
        name: as people know the line.
    """

    id: str
    name: str
    quantity: int


@frozen
class Plan:
    """What a cancellation of the order would do, as of `at`. Entries: fulfillment first, the cart last."""

    order_id: str
    order_number: str
    at: datetime
    entries: tuple[PlanEntry, ...]
    lines: tuple[PlanLine, ...] = ()

    @property
    def token(self) -> str:
        """What to cancel with, so that nothing is done where the plan has changed since; good for 15 minutes."""
        return make_plan_token(self)

    @property
    def not_done(self) -> tuple[SideEffect, ...]:
        """What the cancellation asks of no service: it happens only where somebody does it besides."""
        return tuple(
            effect
            for effect in SideEffect
            if effect.is_expected and all(effect in entry.not_done for entry in self.entries)
        )


def make_plan(
    order: Order,
    remote_orders: Sequence[RemoteOrder],
    integrations: Mapping[str, Integration | str],
    now: datetime,
    existing_states: Mapping[str, State] | None = None,
    settings: Mapping[str, object] | None = None,
    side_effects: Collection[SideEffect] = (),
) -> Plan:
    """The plan of an order.

    Args:
        integrations: per connection its declaration, with the routes and side effects that its settings make of it,
            or the text of what keeps it from being used.
        existing_states: per connection the state of the case that exists there already.
        settings: per connection, where usable.
        side_effects: what a person asks for besides, wherever that is offered.
    """
    entries = [
        _entry(
            order,
            remote_order,
            integrations.get(name := remote_order.connection),
            (settings or {}).get(name),
            now,
            (existing_states or {}).get(name),
            side_effects,
        )
        for remote_order in remote_orders
    ]
    entries.sort(key=lambda entry: entry.role is ConnectionRole.CART)
    lines = tuple(PlanLine(line.id, line_label(order, line.id), line.quantity) for line in order.lines)
    return Plan(order.id, order.number, now, tuple(entries), lines)


_NO_ROUTE = "the integration has no route for cancellations; a person must cancel the order at the service"


def _entry(
    order: Order,
    remote_order: RemoteOrder,
    integration: Integration | str | None,
    settings: object,
    now: datetime,
    existing_state: State | None,
    side_effects: Collection[SideEffect],
) -> PlanEntry:
    if integration is None or isinstance(integration, str):
        problem = integration or f"no connection named {remote_order.connection!r} is configured"
        return _unusable_entry(remote_order, problem, existing_state)
    fault = number_error(remote_order.remote_id, integration.remote_id_format)
    fault = fault or (integration.unavailable_reason(settings) if integration.unavailable_reason is not None else None)
    steps: list[PlanStep] = []
    for index, route in enumerate(integration.cancel):
        try:
            reasons = allowed_reasons(route.reasons, settings, order)
        except PluginError as error:  # Of this place alone: the others' steps stand.
            reasons, fault = (), fault or str(error)
        prior = requested_steps(integration, route, requested_effects(integration, side_effects))
        steps.append(_step(index, integration.cancel, remote_order, reasons, prior, now))
    chosen = None if fault else next_open_route(integration.cancel, remote_order, now)
    return PlanEntry(
        remote_order.connection,
        integration.slug,
        integration.title,
        remote_order.role,
        remote_order.remote_id,
        tuple(steps),
        chosen_step=chosen,
        problem=fault or (None if steps else _NO_ROUTE),
        existing_state=existing_state,
        folder=None if settings is None else folder_of(integration, settings),
        **_side_effects(integration, chosen, side_effects),
    )


class _SideEffects(TypedDict):
    not_done: tuple[SideEffect, ...]
    offered: tuple[SideEffect, ...]
    effect_notes: Mapping[SideEffect, str]


def _side_effects(integration: Integration, chosen: int | None, wanted: Collection[SideEffect]) -> _SideEffects:
    """Only a call can ask for more than the cancellation; an e-mail or a person does so in their own words.

    What a later route would do without a further word, once the chosen one has failed, is not promised to be left out.
    """
    is_call = chosen is not None and isinstance(integration.cancel[chosen], Button)
    later = [one for one in integration.cancel[chosen:] if isinstance(one, Button)] if chosen is not None else []
    switches = integration.side_effects if later else {}
    asked = requested_effects(integration, wanted if is_call else ()) if later else frozenset()
    prior = [step.effect for one in later for step in requested_steps(integration, one, asked)]
    done = asked | {effect for effect in prior if effect is not None}
    offered = tuple(name for name, one in switches.items() if is_call and one.per_cancel and name not in done)
    notes = {effect: switches[effect].note for effect in (*done, *offered) if effect in switches}
    return {
        "not_done": tuple(effect for effect in SideEffect if effect not in done),
        "offered": offered,
        "effect_notes": {effect: note for effect, note in notes.items() if isinstance(note, str)},
    }


def _step(
    index: int,
    routes: Sequence[Route],
    remote_order: RemoteOrder,
    reasons: tuple[ReasonCode, ...],
    prior: tuple[PriorStep, ...],
    now: datetime,
) -> PlanStep:
    route = routes[index]
    window = window_state(route.window, remote_order, now)
    closes_at = window.closes_at if window.is_open else None
    return PlanStep(
        route.label,
        window,
        _follow_up(route, remote_order.role),
        "a person" if isinstance(route.confirm, ManualConfirmation) else "the service",
        route.scope,
        route.warning,
        _needs(route),
        reasons,
        None if closes_at is None else next_open_route(routes, remote_order, closes_at, index + 1),
        prior,
    )


def _unusable_entry(remote_order: RemoteOrder, problem: str, existing_state: State | None) -> PlanEntry:
    name = remote_order.connection
    return PlanEntry(
        name, "", name, remote_order.role, remote_order.remote_id, problem=problem, existing_state=existing_state
    )


def _needs(route: Route) -> str | None:
    rule, first = route.reasons, ASK_FIRST if reads_reasons(route) else ""
    match rule:
        case NoReason():
            return None
        case FreeText(required) | ReasonList(required=required):
            return f"{_REASON if required else f'{_REASON} (optional)'}{first}"
        case _:
            assert_never(rule)


def _follow_up(route: Route, role: ConnectionRole) -> str:
    follows = describe_confirmation(route)
    return f"last, when all others are canceled; {follows}" if role is ConnectionRole.CART else follows
