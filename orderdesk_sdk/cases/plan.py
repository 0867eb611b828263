"""The plan: for one order, now, what can be canceled where, until when and what follows. Pure, no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import assert_never

from attrs import frozen

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.windows import Opening, next_open, opening
from orderdesk_sdk.cases.wording import proof_in_words
from orderdesk_sdk.errors import PluginFault
from orderdesk_sdk.orders.order import Order, Placement, Role
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.reasons import ClosedList, FreeText, NoReason, ReasonCode, ReasonRule, allowed_reasons
from orderdesk_sdk.plugin.routes import (
    ByPerson,
    Route,
    Scope,
)
from orderdesk_sdk.plugin.url_paths import number_fault

__all__ = ["Plan", "PlanEntry", "PlanStep", "make_plan"]


@frozen
class PlanStep:
    """One route of an entry's ladder.

    then: what follows when it is taken. turn: who has the word then. needs: what must be given with it, or None.
    reasons: the codes that this order may be canceled with, where the service has a list. scope: what can be canceled.
    """

    label: str
    opening: Opening
    then: str
    turn: str
    scope: Scope
    note: str | None = None
    needs: str | None = None
    reasons: tuple[ReasonCode, ...] = ()


@frozen
class PlanEntry:
    """One placement: its ladder, which step would be taken, or why none can.

    chosen: index into steps; None when no route is open. problem: what must be mended first; None when nothing.
    standing: the state of a case that exists already; None when nobody has asked yet.
    """

    connection: str
    integration: str
    title: str
    role: Role
    remote_id: str
    steps: tuple[PlanStep, ...] = ()
    chosen: int | None = None
    problem: str | None = None
    standing: State | None = None


@frozen
class Plan:
    """What a cancellation of the order would do, as of `at`. Entries: fulfillment first, the cart last."""

    order_id: str
    order_number: str
    at: datetime
    entries: tuple[PlanEntry, ...]


def make_plan(
    order: Order,
    placements: Sequence[Placement],
    integrations: Mapping[str, Integration | str],
    now: datetime,
    standing: Mapping[str, State] | None = None,
    settings: Mapping[str, object] | None = None,
) -> Plan:
    """The plan of an order.

    integrations: per connection its declaration, or the text of what keeps it from being used.
    standing: per connection the state of the case that exists there already. settings: per connection, where usable.
    """
    entries = [
        _entry(
            order,
            placement,
            integrations.get(name := placement.connection),
            (settings or {}).get(name),
            now,
            (standing or {}).get(name),
        )
        for placement in placements
    ]
    entries.sort(key=lambda entry: entry.role is Role.CART)
    return Plan(order.id, order.number, now, tuple(entries))


def _entry(
    order: Order,
    placement: Placement,
    found: Integration | str | None,
    settings: object,
    now: datetime,
    standing: State | None,
) -> PlanEntry:
    bare = PlanEntry(
        placement.connection, "", placement.connection, placement.role, placement.remote_id, standing=standing
    )
    if found is None or isinstance(found, str):
        problem = found or f"no connection named {placement.connection!r} is configured"
        return PlanEntry(*_identity(bare), problem=problem, standing=standing)
    fault = number_fault(placement.remote_id, found.remote_id)
    fault = fault or (found.unavailable(settings) if found.unavailable is not None else None)
    steps: list[PlanStep] = []
    for route in found.cancel:
        try:
            reasons = allowed_reasons(route.reasons, settings, order)
        except PluginFault as error:  # Of this place alone: the others' steps stand.
            reasons, fault = (), fault or str(error)
        steps.append(
            PlanStep(
                route.label,
                opening(route.window, placement, now),
                _then(route, placement.role),
                "a person" if isinstance(route.confirm, ByPerson) else "the service",
                route.scope,
                route.note,
                _needs(route.reasons),
                reasons,
            )
        )
    return PlanEntry(
        placement.connection,
        found.slug,
        found.title,
        placement.role,
        placement.remote_id,
        tuple(steps),
        chosen=None if fault else next_open(found.cancel, placement, now),
        problem=fault or (None if steps else "this integration knows no way to cancel; a person must do it there"),
        standing=standing,
    )


def _identity(entry: PlanEntry) -> tuple[str, str, str, Role, str]:
    return entry.connection, entry.integration, entry.title, entry.role, entry.remote_id


def _needs(rule: ReasonRule) -> str | None:
    match rule:
        case NoReason():
            return None
        case FreeText(required) | ClosedList(required=required):
            return "reason" if required else "reason (optional)"
        case _:
            assert_never(rule)


def _then(route: Route, role: Role) -> str:
    follows = proof_in_words(route)
    return f"last, when all others are canceled; {follows}" if role is Role.CART else follows
