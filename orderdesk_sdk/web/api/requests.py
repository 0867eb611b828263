"""The bodies and queries of the operations. Who asks is never among them: that is the token."""

from __future__ import annotations

from attrs import field, frozen

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.events import OrderEventKind
from orderdesk_sdk.cases.order_states import OrderState
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.cancel_requests import ResponseAnswer
from orderdesk_sdk.plugin.integration import SideEffect
from orderdesk_sdk.web.api.case_kinds import CaseKind
from orderdesk_sdk.web.api.fields import ObjectOf, described
from orderdesk_sdk.web.api.kinds import Boolean, Choice, Integer, ListOf, MapOf, Nullable, Text

__all__ = [
    "AnswerRequest",
    "BulkOrder",
    "BulkCancelRequest",
    "CancelOrderRequest",
    "CasesQuery",
    "ConfirmRequest",
    "EligibilityReadRequest",
    "EventsQuery",
    "NoteRequest",
    "OrdersQuery",
    "ReceiptLinkRequest",
    "ReceiptQuery",
    "RejectRequest",
    "ResubmitOrderRequest",
    "RuleDryRunRequest",
    "SetStatusRequest",
    "ShipmentRequest",
]

MAX_NOTE = 2000
"""Characters of a note."""
MAX_BULK = 500
"""Orders of one bulk: as many as are recorded while the caller waits, and fit into a body."""
MAX_PAGE = 500
MAX_LINES = 500
MAX_CONNECTIONS = 100
_NAMES = ListOf(Text(), MAX_CONNECTIONS)
_LINES = MapOf(Integer(1, 1_000_000_000), MAX_LINES)
_EFFECTS = ListOf(Choice(tuple(SideEffect)), len(SideEffect))
_REJECTIONS = (Rejection.TOO_LATE, Rejection.SHIPPED, Rejection.NOT_ALLOWED)


@frozen
class OrdersQuery:
    """Which orders."""

    text: str | None = field(
        default=None, metadata=described(Nullable(Text()), "Words that number, id, e-mail or a name begin with.")
    )
    folder: str | None = field(default=None, metadata=described(Nullable(Text()), "The name of a folder."))
    state: OrderState | None = field(
        default=None, metadata=described(Nullable(Choice(tuple(OrderState))), "Of the newest cancels of the order.")
    )
    needs_person: bool = field(
        default=False, metadata=described(Boolean(), "Only orders with a case that waits for a person.")
    )
    limit: int = field(default=50, metadata=described(Integer(1, MAX_PAGE), "How many at most."))
    after: str | None = field(default=None, metadata=described(Nullable(Text()), "`next_after` of the page before."))


@frozen
class EligibilityReadRequest:
    """Which service is asked."""

    connection: str | None = field(
        default=None, metadata=described(Nullable(Text()), "Only at this connection; else wherever it is asked before.")
    )


@frozen
class CasesQuery:
    """Which cases."""

    order: str | None = field(default=None, metadata=described(Nullable(Text()), "Of this order, by id or number."))
    kind: CaseKind = field(default=CaseKind.CANCEL, metadata=described(Choice(tuple(CaseKind)), "Of this kind."))
    state: tuple[State, ...] = field(
        default=(),
        metadata=described(ListOf(Choice(tuple(State)), len(State)), "In this state; may be repeated. Else in any."),
    )
    limit: int = field(default=50, metadata=described(Integer(1, MAX_PAGE), "How many at most."))
    after: str | None = field(default=None, metadata=described(Nullable(Text()), "`next_after` of the page before."))


@frozen
class ReceiptQuery:
    """Which page of a receipt."""

    limit: int | None = field(
        default=None, metadata=described(Nullable(Integer(1, 5000)), "Lines of its histories at most; else all.")
    )
    after: int = field(
        default=0, metadata=described(Integer(0, 2**53), "Only lines after this sequence: `next_after`.")
    )


@frozen
class EventsQuery:
    """Which events, and where their stream begins."""

    order: str | None = field(
        default=None, metadata=described(Nullable(Text()), "Of one order, by `order` of an event, which names it.")
    )
    bulk: str | None = field(default=None, metadata=described(Nullable(Text()), "Of the orders of one bulk."))
    after: int | None = field(
        default=None,
        metadata=described(Nullable(Integer(0, 2**53)), "After this sequence; else with what happens from now on."),
    )


@frozen
class CancelOrderRequest:
    """What to cancel, as it was seen in a plan."""

    plan: str | None = field(
        default=None,
        metadata=described(
            Nullable(Text()), "The `token` of the plan that was looked at; refused where that has changed since."
        ),
    )
    without_plan: bool = field(
        default=False,
        metadata=described(Boolean(), "Cancel whatever the plan is now. Only for tokens of supervisors."),
    )
    reason: str | None = field(
        default=None,
        metadata=described(Nullable(Text()), "A standard reason, a code of the service's list, or free words."),
    )
    connections: tuple[str, ...] = field(
        default=(), metadata=described(_NAMES, "Only at these; empty: wherever the token may.")
    )
    lines: dict[str, int] = field(
        factory=dict, metadata=described(_LINES, "Only these lines, by id or code, with quantities; empty: all.")
    )
    side_effects: tuple[SideEffect, ...] = field(
        default=(),
        metadata=described(_EFFECTS, "What is asked for besides, of what the plan offers; needs the plan with them."),
    )


@frozen
class PlanQuery:
    """With what the plan is to be made."""

    side_effects: tuple[SideEffect, ...] = field(
        default=(), metadata=described(_EFFECTS, "What is to be asked for besides, of what the plan offers.")
    )


@frozen
class NoteRequest:
    """A word with what is done."""

    note: str | None = field(
        default=None,
        metadata=described(Nullable(Text(MAX_NOTE, has_lines=True)), "Why, for the history."),
    )


@frozen
class ConfirmRequest:
    """Somebody's word that it is done."""

    note: str | None = field(
        default=None,
        metadata=described(Nullable(Text(MAX_NOTE, has_lines=True)), "How this is known: a name, a ticket, a call."),
    )


@frozen
class RejectRequest:
    """Somebody's word that a service will not do it."""

    rejection: Rejection = field(
        default=Rejection.TOO_LATE, metadata=described(Choice(_REJECTIONS), "Why the service rejected it.")
    )
    note: str | None = field(
        default=None,
        metadata=described(Nullable(Text(MAX_NOTE, has_lines=True)), "How this is known: a name, a ticket, a call."),
    )


@frozen
class AnswerRequest:
    """The answer to somebody else's request to cancel."""

    answer: ResponseAnswer = field(metadata=described(Choice(tuple(ResponseAnswer)), "What is answered."))
    rejection: Rejection = field(
        default=Rejection.NOT_ALLOWED, metadata=described(Choice(_REJECTIONS), "Why it is rejected, where it is.")
    )
    note: str | None = field(
        default=None,
        metadata=described(Nullable(Text(MAX_NOTE, has_lines=True)), "The same in words, for the asker."),
    )


@frozen
class ResubmitOrderRequest:
    """Where to submit a canceled order again, and as what."""

    connection: str | None = field(
        default=None, metadata=described(Nullable(Text()), "There; else where it was canceled.")
    )
    number: str | None = field(
        default=None, metadata=described(Nullable(Text()), "The new order number; else the next free one.")
    )


@frozen
class ReceiptLinkRequest:
    """A link to a receipt that is to be made."""

    days: int = field(default=30, metadata=described(Integer(1, 365), "How long it leads somewhere."))


@frozen
class SetStatusRequest:
    """The status that an order is given at its carts."""

    status: str = field(metadata=described(Text(), "One that the carts have; `canceled` cancels there."))
    connections: tuple[str, ...] = field(default=(), metadata=described(_NAMES, "Only at these; empty: its carts."))
    reason: str | None = field(
        default=None, metadata=described(Nullable(Text()), "The reason, where the status is `canceled`.")
    )


@frozen
class ShipmentRequest:
    """What somebody knows of a shipment."""

    connections: tuple[str, ...] = field(
        default=(), metadata=described(_NAMES, "From these; empty: wherever the token may.")
    )
    note: str | None = field(
        default=None,
        metadata=described(Nullable(Text(MAX_NOTE, has_lines=True)), "How this is known: a tracking number, a call."),
    )


@frozen
class BulkOrder:
    """One order of a bulk."""

    order: str = field(metadata=described(Text(), "Its id or number."))
    plan: str | None = field(
        default=None,
        metadata=described(Nullable(Text()), "The `token` of its plan; refused where that has changed since."),
    )
    reason: str | None = field(default=None, metadata=described(Nullable(Text()), "Else the one of the whole bulk."))
    connections: tuple[str, ...] = field(default=(), metadata=described(_NAMES, "Else those of the whole bulk."))
    lines: dict[str, int] = field(
        factory=dict, metadata=described(_LINES, "Only these lines, by id or code, with quantities; empty: all.")
    )


@frozen
class BulkCancelRequest:
    """Many orders to cancel."""

    orders: tuple[BulkOrder, ...] = field(
        metadata=described(ListOf(ObjectOf(BulkOrder), MAX_BULK, min_items=1), "The orders.")
    )
    without_plan: bool = field(
        default=False,
        metadata=described(Boolean(), "Take orders that give no `plan`. Only for tokens of supervisors."),
    )
    reason: str | None = field(
        default=None, metadata=described(Nullable(Text()), "Of the orders that give none of their own.")
    )
    connections: tuple[str, ...] = field(
        default=(), metadata=described(_NAMES, "Of the orders that name none; empty: wherever the token may.")
    )


@frozen
class RuleDryRunRequest:
    """An event that is tried."""

    order: str = field(metadata=described(Text(), "The order, by id or number."))
    event: OrderEventKind = field(metadata=described(Choice(tuple(OrderEventKind)), "What happens to it."))
    folder: str | None = field(
        default=None, metadata=described(Nullable(Text()), "Where it is moved to, for `order moved`.")
    )
    fields: dict[str, str] = field(
        factory=dict,
        metadata=described(MapOf(Text(min_length=0), 50), "Fields that filters compare, such as `state`."),
    )
