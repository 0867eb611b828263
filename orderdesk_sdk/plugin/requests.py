"""What a flow is asked to do: frozen, complete, the same again at every replay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import field, frozen

from orderdesk_sdk.orders.order import Order, OrderLine, RemoteOrder
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.cancel_requests import ResponseAnswer
from orderdesk_sdk.plugin.integration import SideEffect
from orderdesk_sdk.plugin.reasons import Reason

__all__ = [
    "CancelRequest",
    "EligibilityRequest",
    "OpenRequestQuery",
    "PollRequest",
    "RespondRequest",
    "ResubmitRequest",
    "StatusChangeRequest",
]


@frozen
class CancelRequest:
    """Cancel this order at this remote order.

    Args:
        cancellation_id: the cancellation's id, unique and stable: a key for services that take one.
        reason: resolved for this service: `reason.code` is on its list, where it has one.
        lines: what to cancel, by the ids of the order's lines, with quantities; empty means the whole order. What a
            service calls them, `orderdesk_sdk.plugin.line_names.LineNames` tells.
        route: the name of the `Button` that was chosen; None where it has none. Another route may send another request.
        side_effects: what the service is to do besides, of what the integration declares; nothing else is asked for.
        submitted_order: the order as it was submitted to this service, where the button needs it and the order store
            knows it; None: `order`, as it is now, is all that there is, and somebody may have changed it since.
    """

    order: Order
    remote_order: RemoteOrder
    cancellation_id: str
    reason: Reason = Reason()
    lines: Mapping[str, int] = field(factory=dict, hash=False)
    route: str | None = None
    side_effects: frozenset[SideEffect] = frozenset()
    submitted_order: Order | None = None

    @property
    def remote_id(self) -> str:
        """The order's number at the service."""
        return self.remote_order.remote_id

    @property
    def lines_to_cancel(self) -> tuple[tuple[OrderLine, int], ...]:
        """The lines to cancel, and how many of each. Raises NotFoundError where the order has one no more."""
        part = tuple((self.order.line(line_id), count) for line_id, count in self.lines.items())
        return part or tuple((line, line.quantity) for line in self.order.lines)


@frozen
class PollRequest:
    """Read what the service says about this remote order.

    Args:
        last_sent_at: when it was asked to cancel; None when it never was.
        lines: what was to be canceled, by the ids of the order's lines, with quantities; empty means the whole order.
        request_reference: the service's own name for that request, as `answer.acknowledged` got it; None if it gave
            none.
    """

    order: Order
    remote_order: RemoteOrder
    last_sent_at: datetime | None = None
    lines: Mapping[str, int] = field(factory=dict, hash=False)
    request_reference: str | None = None

    @property
    def remote_id(self) -> str:
        """The order's number at the service."""
        return self.remote_order.remote_id

    @property
    def status_since_request(self) -> str | None:
        """The service's last word that was read since it was asked to cancel; None where none was.

        An older one does not tell how far the order was when it was canceled.
        """
        read_at = self.remote_order.status_at
        fresh = read_at is not None and self.last_sent_at is not None and read_at >= self.last_sent_at
        return self.remote_order.status if fresh else None


@frozen
class EligibilityRequest:
    """Read whether the service would cancel this order now, and with which reasons."""

    order: Order
    remote_order: RemoteOrder

    @property
    def remote_id(self) -> str:
        """The order's number at the service."""
        return self.remote_order.remote_id


@frozen
class StatusChangeRequest:
    """Set this status on the order at this remote order.

    Args:
        status: the name of one of the integration's `statuses`.
    """

    order: Order
    remote_order: RemoteOrder
    status: str

    @property
    def remote_id(self) -> str:
        """The order's number at the service."""
        return self.remote_order.remote_id


@frozen
class ResubmitRequest:
    """Submit this duplicated order.

    Args:
        original: where the canceled order was; None when it was never there.
        may_exist: an earlier try sent something that may have made the order; a flow that cannot read whether it is
            there must send nothing more.

    `order.number` is the new number, which becomes the remote one.
    """

    order: Order
    original: RemoteOrder | None = None
    may_exist: bool = False


@frozen
class OpenRequestQuery:
    """List the cancellations that are requested of us now.

    Args:
        remote_id: of this order alone; None: of every order.
    """

    remote_id: str | None = None


@frozen
class RespondRequest:
    """Answer this cancellation, which somebody else requested of us.

    Args:
        request_id: the service's own name for the request.
        answer: what we answer.
        requested_lines: what was requested, by the ids of the order's lines, with quantities; empty means all.
        lines: what of it is accepted, likewise; empty means all of it. Only with `by_line` it may be less.
        rejection: why it is rejected; None for an acceptance.
        code: the service's own code for that, as declared; None where none is.
        text: the same for people; None where there is nothing to say.
        may_have_answered: an earlier try sent something that may have been our answer; a flow that cannot read whether
            it was taken must send nothing more.
    """

    order: Order
    remote_order: RemoteOrder
    request_id: str
    answer: ResponseAnswer
    requested_lines: Mapping[str, int] = field(factory=dict, hash=False)
    lines: Mapping[str, int] = field(factory=dict, hash=False)
    rejection: Rejection | None = None
    code: str | None = None
    text: str | None = None
    may_have_answered: bool = False

    @property
    def remote_id(self) -> str:
        """The order's number at the service."""
        return self.remote_order.remote_id
