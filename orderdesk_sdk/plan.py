"""The plan: for one order, now, what can be canceled where, until when and what follows. Pure, no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import assert_never

from attrs import frozen

from orderdesk_sdk.case import State
from orderdesk_sdk.clock import CLOCKS_DIFFER
from orderdesk_sdk.declaration import (
    Always,
    ByCheck,
    ByPerson,
    ByReply,
    Integration,
    Portal,
    Route,
    Scope,
    SinceSubmission,
    WhileStatus,
    Window,
    fold,
)
from orderdesk_sdk.errors import PluginFault
from orderdesk_sdk.order import Order, Placement, Role
from orderdesk_sdk.paths import number_fault
from orderdesk_sdk.reasons import ClosedList, FreeText, NoReason, ReasonCode, ReasonRule, allowed_reasons

__all__ = [
    "Opening",
    "Plan",
    "PlanEntry",
    "PlanStep",
    "make_plan",
    "next_open",
    "opening",
    "proof_in_words",
    "span",
]


@frozen
class Opening:
    """Whether a window is open.

    until: the moment it closes, where a clock closes it; else None. closes_on: the word for what closes it; None
    where nothing but the service's answer does. why_closed: None while it is open.
    """

    open: bool
    until: datetime | None = None
    closes_on: str | None = None
    why_closed: str | None = None


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


def opening(window: Window, placement: Placement, now: datetime) -> Opening:
    """Whether a window is open for a placement at a moment."""
    match window:
        case Always():
            return Opening(open=True)
        case SinceSubmission(within):
            if placement.submitted_at > now + CLOCKS_DIFFER:  # A host of its own said so; `Desk.place` refuses it.
                at = placement.submitted_at
                return Opening(open=False, why_closed=f"it is said to have been submitted at {at:%Y-%m-%d %H:%M} UTC")
            until = placement.submitted_at + within
            if now < until:
                return Opening(open=True, until=until)
            return Opening(open=False, until=until, why_closed=f"closed {span(within)} after it was submitted")
        case WhileStatus(statuses, until_word):
            if placement.status is None or fold(placement.status) in statuses:
                return Opening(open=True, closes_on=until_word)
            return Opening(open=False, closes_on=until_word, why_closed=f"the service says {placement.status!r}")
        case _:
            assert_never(window)


def next_open(ladder: Sequence[Route], placement: Placement, now: datetime, start: int = 0) -> int | None:
    """The index of the first open route at or after `start`; None when every one is closed."""
    for index in range(start, len(ladder)):
        if opening(ladder[index].window, placement, now).open:
            return index
    return None


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


def proof_in_words(route: Route) -> str:
    """What settles a case that took this route."""
    match route.confirm:
        case ByReply():
            return "the reply is final"
        case ByCheck(every, give_up):
            return f"read back every {span(every)}, for {span(give_up)}"
        case ByPerson(within):
            does = "does it and confirms" if isinstance(route, Portal) else "confirms"
            return f"a person {does}, reminded after {span(within)}"
        case _:
            assert_never(route.confirm)


def span(duration: timedelta) -> str:
    """A duration for people: 45 s, 2 min, 24 h."""
    total = duration.total_seconds()
    for size, unit in ((3600, "h"), (60, "min")):
        if total >= size and total % size == 0:
            return f"{total / size:g} {unit}"
    return f"{total:g} s"
