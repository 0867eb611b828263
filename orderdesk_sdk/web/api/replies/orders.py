"""Orders and their plans."""

from __future__ import annotations

from typing import Annotated, TypedDict

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.integration import SideEffect
from orderdesk_sdk.plugin.routes import Scope
from orderdesk_sdk.web.api.replies.cases import AnyCaseDocument
from orderdesk_sdk.web.api.replies.values import ErrorReply, Moment, ReasonCodeDocument

__all__ = ["OrderDocument", "OrderListReply", "OrderReply", "PlanChangedReply", "PlanDocument"]


class OrderLineDocument(TypedDict):
    """A line of an order."""

    id: str
    code: str
    quantity: int


class RemoteOrderDocument(TypedDict):
    """Where an order was submitted."""

    connection: str
    remote_id: Annotated[str, "The order's number there."]
    role: ConnectionRole
    submitted_at: Moment | None
    status: str | None
    status_at: Moment | None


class OrderDocument(TypedDict):
    """An order in short."""

    id: str
    number: str
    source_name: str
    folder: str | None
    added_at: Moment | None
    order_total: Annotated[str, "As exact as it came."]
    lines: list[OrderLineDocument]
    remote_orders: list[RemoteOrderDocument]


class OrderSummaryDocument(OrderDocument):
    """An order in a list, and where its cancellation stands at the connections that the token sees."""

    open_states: Annotated[list[State], "Of the newest cancel at each connection, where it is not settled."]
    worst_state: Annotated[State | None, "What most wants to be looked at."]
    needs_person: Annotated[bool, "Whether something of it waits for a person."]
    canceled_count: Annotated[int, "At how many of its remote orders it is canceled."]


class OrderListReply(TypedDict):
    """Orders, the newest first."""

    orders: list[OrderSummaryDocument]
    is_complete: Annotated[bool, "False: more matched than are looked at; a longer `text` finds the rest."]
    next_after: Annotated[str | None, "Give it as `after` for the next page; null: this was the last."]


class OrderReply(TypedDict):
    """One order, and everything that is asked of connections for it."""

    order: OrderDocument
    cases: list[AnyCaseDocument]


class PriorStepDocument(TypedDict):
    """What is done at a service before it is asked to cancel."""

    name: Annotated[str, "What is done, as an order."]
    is_reversible: bool
    effect: Annotated[SideEffect | None, "Which side effect of a cancellation it is."]


class PlanStepDocument(TypedDict):
    """One route to cancel at a connection."""

    route: str
    is_open: bool
    closes_at: Annotated[Moment | None, "The end of its window; null where there is none."]
    closes_on: Annotated[str | None, "What else ends it."]
    closed_reason: str | None
    follow_up: Annotated[str, "What follows when it is taken."]
    decided_by: str
    scope: Scope
    needs: Annotated[str | None, "What must be given with it."]
    reasons: Annotated[list[ReasonCodeDocument], "The codes that this order may be canceled with."]
    warning: str | None
    next_step: Annotated[int | None, "The step that would be taken once the window of this one has closed."]
    prior_steps: Annotated[list[PriorStepDocument], "What is done there before it is asked to cancel, in order."]


class QuotaDocument(TypedDict):
    """What is left of a day's calls."""

    operation: str
    calls: int
    used: int
    opens_at: Annotated[Moment, "When the next day begins; what is too much for today is sent then."]


class SaidBeforeDocument(TypedDict):
    """What a service said of an order before it was asked to cancel. It proves nothing."""

    read_at: Moment
    read_by: str
    is_eligible: Annotated[bool | None, "Whether it would cancel; null: it does not say."]
    rejection: Annotated[Rejection | None, "Why it would not."]
    message: Annotated[str | None, "The same in its own words."]
    until: Annotated[Moment | None, "Until when it would."]


class EligibilityStateDocument(TypedDict):
    """What is known of it now."""

    reading: Annotated[SaidBeforeDocument | None, "The newest; null: the service was not asked yet."]
    stale_at: Moment | None
    is_stale: bool


class PlanEntryDocument(TypedDict):
    """One remote order, and the routes to cancel it."""

    connection: str
    integration: str
    title: str
    role: ConnectionRole
    remote_id: str
    chosen_step: Annotated[int | None, "The index of the step that would be taken; null where none is open."]
    problem: Annotated[str | None, "What must be repaired first."]
    existing_state: Annotated[State | None, "The state of the case that exists already."]
    not_done: Annotated[list[SideEffect], "What the service is not asked to do."]
    also_done: Annotated[
        list[SideEffect], "What it is asked to do besides, by a setting of the connection or for this cancellation."
    ]
    offered: Annotated[list[SideEffect], "What of that may be asked for, for this cancellation."]
    effect_notes: Annotated[dict[str, str], "What a side effect costs or does, by its name, where that is known."]
    folder: Annotated[str | None, "The URL of the folder in which files are dropped; null where an API is called."]
    quotas: Annotated[list[QuotaDocument], "The daily quotas of the connection."]
    eligibility: Annotated[
        EligibilityStateDocument | None, "What the service said beforehand; null: it only says so when it is asked."
    ]
    steps: list[PlanStepDocument]


class PlanLineDocument(TypedDict):
    """A line of the order."""

    id: str
    name: str
    quantity: int


class PlanDocument(TypedDict):
    """What a cancellation of an order would do now."""

    order_id: str
    order_number: str
    at: Moment
    token: Annotated[str, "Cancel with it: nothing is done where the plan has changed since. Good for 15 minutes."]
    not_done: Annotated[list[SideEffect], "What is asked of no service."]
    lines: list[PlanLineDocument]
    entries: list[PlanEntryDocument]


class PlanChangedReply(ErrorReply):
    """The plan has changed since it was looked at; nothing was recorded."""

    plan: PlanDocument
