"""A remote order as the order page shows it: its routes, what follows, and the case that is there. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.eligibility import EligibilityState, describe_eligibility
from orderdesk_sdk.cases.plan import PlanEntry, PlanStep
from orderdesk_sdk.cases.wording import describe_prior_steps
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.integration import SideEffect
from orderdesk_sdk.web.console.views.orders.actions import Action, case_actions, role_refusal

__all__ = ["CaseView", "Place", "RouteView", "effect_text", "make_case", "make_place", "not_done_text"]

_NOT_DONE = {
    SideEffect.REFUND: "no refund",
    SideEffect.STOCK: "nothing returns into stock",
    SideEffect.SHIPPING_LABEL: "no shipping label is voided",
    SideEffect.CUSTOMER_MESSAGE: "the customer is not told",
    SideEffect.FEE: "no fee is paid",
}
_ALSO_DONE = {
    SideEffect.REFUND: "captured money is refunded",
    SideEffect.STOCK: "the items return into stock",
    SideEffect.SHIPPING_LABEL: "the shipping label is voided",
    SideEffect.CUSTOMER_MESSAGE: "the customer is told",
    SideEffect.FEE: "a fee is charged",
}
_NEXT_LOOK = {
    State.PENDING: "next try",
    State.REPORTED: "next look at the service",
    State.SENDING: "taken up again by",
    State.ACKNOWLEDGED: "next look at the service",
    State.UNKNOWN: "next look at the service",
    State.ACTION_REQUIRED: "next reminder",
}


@frozen
class RouteView:
    """One route of a place.

    Args:
        status: whether it would be taken, and if not, why; in a few words.
        closes_at: when a clock closes it; None where none does, or it is closed.
        first: what is done there before it is asked to cancel; None: nothing.
    """

    label: str
    is_chosen: bool
    status: str
    follow_up: str
    decided_by: str
    warning: str | None
    closes_at: datetime | None
    first: str | None = None


@frozen
class EligibilityView:
    """What the service said of the order beforehand, and the button that asks it.

    Args:
        said: in words; None: it was not asked yet.
        is_against: whether it says that it would not cancel.
        asking_off: why the button cannot be pressed; None: it can.
    """

    said: str | None
    read_at: datetime | None
    is_stale: bool
    is_against: bool
    asking_off: str | None


@frozen
class CaseView:
    """The case at a place.

    Args:
        next_look: what happens at `due_at`; None where nothing does.
        word: the service's own status word, as it was seen last.
    """

    id: str
    kind: str
    state: State
    title: str
    message: str | None
    hint: str | None
    word: str | None
    due_at: datetime | None
    next_look: str | None
    updated_at: datetime
    requested_by: str
    needs_person: bool
    actions: tuple[Action, ...]


@frozen
class Place:
    """A remote order.

    Args:
        chosen: the route that would be taken now; None: none would, and `problem` or `routes` say why.
        after: what would follow once a clock has closed the chosen route; None: nothing is known to.
        covered: why nothing more can be requested here, because it is canceled or being so; None: it can.
        folder: where files are dropped and answers are found; None where an API is called.
        used_up: why nothing is sent today, where the calls of a daily quota are used; each with its moment.
        eligibility: what the service said of the order; None where it says so only when it is asked to cancel.
        not_done: what the cancellation does not do here, and `also_done`: what it does besides, in words.
    """

    connection: str
    title: str
    remote_id: str
    is_cart: bool
    routes: tuple[RouteView, ...]
    chosen: RouteView | None
    after: str | None
    needs: str | None
    scope: str | None
    problem: str | None
    covered: str | None
    not_done: tuple[str, ...]
    also_done: tuple[str, ...]
    case: CaseView | None
    used_up: tuple[tuple[str, datetime], ...] = ()
    eligibility: EligibilityView | None = None
    folder: str | None = None


def not_done_text(effects: Sequence[SideEffect]) -> tuple[str, ...]:
    """What a cancellation does not do, in words."""
    return tuple(_NOT_DONE[effect] for effect in effects if effect.is_expected)


def effect_text(entry: PlanEntry, effect: SideEffect) -> str:
    """What is done besides at a place, in words."""
    note = entry.effect_notes.get(effect)
    return f"{_ALSO_DONE[effect]} ({note})" if note else _ALSO_DONE[effect]


def make_place(entry: PlanEntry, case: CancelCase | None, *, is_covered: bool, role: Role) -> Place:
    """A remote order of a plan.

    Args:
        case: the newest one there; None: none.
        is_covered: whether the whole order is canceled, or being so, there.
    """
    chosen = entry.chosen_step
    routes = tuple(_route(step, index, entry) for index, step in enumerate(entry.steps))
    step = entry.steps[chosen] if chosen is not None else None
    return Place(
        entry.connection,
        entry.title,
        entry.remote_id,
        entry.role is ConnectionRole.CART,
        routes,
        routes[chosen] if chosen is not None else None,
        _after(entry, step),
        step.needs if step is not None else None,
        step.scope.value if step is not None else None,
        entry.problem,
        _covered(case, is_covered=is_covered),
        not_done_text(entry.not_done),
        tuple(effect_text(entry, effect) for effect in entry.also_done),
        make_case(case, entry.title, role) if case is not None else None,
        tuple(
            (f"Not today: all {quota.calls} calls of {quota.operation!r} are used. It is asked after", quota.opens_at)
            for quota in entry.quotas
            if not quota.left
        ),
        _eligibility(entry.eligibility, role) if entry.eligibility is not None else None,
        entry.folder,
    )


def _eligibility(state: EligibilityState, role: Role) -> EligibilityView:
    reading = state.reading
    return EligibilityView(
        describe_eligibility(reading.eligibility) if reading is not None else None,
        reading.read_at if reading is not None else None,
        state.is_stale,
        is_against=reading is not None and reading.eligibility.is_eligible is False,
        asking_off=role_refusal(role, Role.OPERATOR),
    )


def make_case(case: CancelCase, title: str, role: Role) -> CaseView:
    """A case of a cancellation, as it is shown at its place."""
    texts = [case.message, case.rejection.value if case.rejection is not None else None, case.plugin_error]
    texts += [f"{line.line}: {line.canceled} of {line.ordered} canceled" for line in case.lines if line.canceled]
    return CaseView(
        case.id,
        case.kind,
        case.state,
        title,
        "; ".join(text for text in texts if text) or None,
        case.hint,
        case.service_status,
        case.due_at,
        _NEXT_LOOK[case.state] if case.is_open else None,
        case.updated_at,
        case.requested_by,
        case.state is State.ACTION_REQUIRED,
        case_actions(case, role),
    )


def _covered(case: CancelCase | None, *, is_covered: bool) -> str | None:
    if not is_covered or case is None:
        return None
    return "canceled" if case.state is State.CANCELED else f"the case there is {case.state.value}"


def _after(entry: PlanEntry, step: PlanStep | None) -> str | None:
    if step is None or step.window.closes_at is None:
        return None
    if step.next_step is None:
        return "once the window has closed no route is open"
    later = entry.steps[step.next_step]
    return f"once the window has closed: {later.label}, {later.follow_up}"


def _route(step: PlanStep, index: int, entry: PlanEntry) -> RouteView:
    is_chosen = index == entry.chosen_step
    window = step.window
    return RouteView(
        step.label,
        is_chosen,
        _status(step, index, entry),
        step.follow_up,
        step.decided_by,
        step.warning,
        window.closes_at if window.is_open else None,
        describe_prior_steps(step.prior) or None,
    )


def _status(step: PlanStep, index: int, entry: PlanEntry) -> str:
    window = step.window
    if not window.is_open:
        return window.closed_reason or "closed"
    if index == entry.chosen_step:
        until = f", until {window.closes_on}" if window.closes_on else ""
        return f"taken now{until}"
    if entry.chosen_step is None:
        return "not taken: see what is wrong here"
    return "taken if the ones before come to nothing" if index > entry.chosen_step else "open"
