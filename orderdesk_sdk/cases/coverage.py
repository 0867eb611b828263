"""What has been canceled of an order, where it is still active, and what that allows. Pure.

Whatever needs to know where an order is still active asks here: a cart before it is told (law 8), a resubmission before
the order is made again (law 9), receipts, rules, whoever requests one more cancellation, and hosts that are about to
submit the order. `runtime.context.read_coverage` reads what it is made of.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Self, assert_never

from attrs import field, frozen

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.cases.validation import is_whole, with_line_ids
from orderdesk_sdk.errors import InvalidStateError
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.plugin.line_names import lines_not_canceled

__all__ = [
    "ActiveAt",
    "CancellationCoverage",
    "CartBlock",
    "ResubmissionBlock",
    "ResubmissionBlockKind",
    "TWICE",
    "latest_cases",
]

TWICE = "a resubmission would duplicate the order"
_NOT_SUBMITTABLE = (State.CANCELED, State.PARTIALLY_CANCELED, State.SHIPPED_ANYWAY)
_ACTIVE_CARTS = (State.REJECTED, State.SHIPPED_ANYWAY)
"""A cart makes nothing, so one that was left alone keeps no order from being made again; one that said no does."""


@frozen
class ActiveAt:
    """A connection at which the order, or a part of it, is still active.

    Args:
        state: of the newest case there; None where no cancellation was requested. CANCELED stands for a part of the
            order that was canceled as requested, and has left the rest.
    """

    connection: str
    role: ConnectionRole
    state: State | None

    @property
    def reason(self) -> str:
        """Why the order is still active there, in a few words."""
        if self.state is None:
            return "cancellation never requested"
        return "only a part was canceled" if self.state is State.CANCELED else self.state.value

    @property
    def sentence(self) -> str:
        """The same as a part of a sentence that names the connection."""
        match self.state:
            case None:
                return f"no cancellation was requested at {self.connection}"
            case State.CANCELED | State.PARTIALLY_CANCELED:
                return f"only a part was canceled at {self.connection}"
            case State.SHIPPED_ANYWAY:
                return f"{self.connection} shipped the order anyway"
            case State.UNSUPPORTED:
                return f"{self.connection} has no route for cancellations"
            case State.REJECTED | State.WITHDRAWN | State.DONE | State.EXPIRED:
                return f"the cancellation at {self.connection} was {self.state.value}"
            case (
                State.PENDING
                | State.REPORTED
                | State.SENDING
                | State.ACKNOWLEDGED
                | State.ACTION_REQUIRED
                | State.UNKNOWN
            ):
                return f"the cancellation at {self.connection} is {self.state.value}"
            case _:
                assert_never(self.state)

    def __str__(self) -> str:
        return f"{self.connection} ({self.reason})"


@frozen
class CartBlock:
    """Why a cart is not told to cancel.

    Args:
        waits: only until something that is under way has ended; else for good.
    """

    message: str
    waits: bool


class ResubmissionBlockKind(enum.Enum):
    """What keeps an order from being submitted again."""

    NOT_CANCELED = "not canceled"
    """No cancellation was requested."""
    UNSETTLED = "unsettled"
    """A cancellation is open."""
    STILL_ACTIVE = "still active"
    """A connection has the order, or a part of it, and will make or ship it."""
    BEING_REGISTERED = "being registered"
    """The order is about to be at one more connection."""


@frozen
class ResubmissionBlock:
    """What keeps an order from being submitted again, and what to do about it."""

    kind: ResubmissionBlockKind
    message: str
    hint: str


@frozen
class CancellationCoverage:
    """What has been canceled of an order, and where, as it was read at one moment.

    Args:
        remote_orders: everywhere the order is registered.
        cancellations: by id.
        cases: of all cancellations, oldest first.
        latest: the newest case at each connection, see `latest_cases`; carts and fulfillment services both.
        being_registered: the connections at which the order is about to be registered.
    """

    order: Order
    remote_orders: tuple[RemoteOrder, ...]
    cancellations: Mapping[str, Cancellation] = field(hash=False)
    cases: tuple[CancelCase, ...]
    latest: Mapping[str, CancelCase] = field(hash=False)
    being_registered: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        order: Order,
        remote_orders: Sequence[RemoteOrder],
        cancellations: Sequence[Cancellation],
        cases: Sequence[CancelCase],
        registrations: Sequence[Registration] = (),
    ) -> Self:
        """The coverage of an order by all of its cancellations and their cases, oldest first."""
        return cls(
            order,
            tuple(remote_orders),
            {cancellation.id: cancellation for cancellation in cancellations},
            tuple(cases),
            latest_cases(cases, remote_orders),
            tuple(registration.connection for registration in registrations),
        )

    def open(self) -> tuple[CancelCase, ...]:
        """The newest cases that are not settled."""
        return tuple(case for case in self.latest.values() if case.is_open)

    def never_requested(self) -> tuple[RemoteOrder, ...]:
        """The remote orders for which no cancellation was requested."""
        return tuple(remote for remote in self.remote_orders if remote.connection not in self.latest)

    def lines_of(self, case: CancelCase) -> Mapping[str, int] | None:
        """What a case is to cancel, by line id; empty means the whole order. None where its cancellation is unknown."""
        cancellation = self.cancellations.get(case.cancellation_id)
        return with_line_ids(self.order, cancellation).lines if cancellation is not None else None

    def requests_all_lines(self, case: CancelCase) -> bool:
        """Whether a case is to cancel all of the order, as a whole or line by line."""
        lines = self.lines_of(case)
        return lines is not None and (not lines or is_whole(self.order, lines))

    def canceled_all_lines(self, case: CancelCase) -> bool:
        """Whether a case canceled all of the order at its connection; one for a part of the order seldom does."""
        lines = self.lines_of(case)
        if case.state is not State.CANCELED or lines is None:
            return False
        if not lines:
            return True
        if any(line.canceled < line.ordered for line in case.lines):
            return False
        return is_whole(self.order, lines) or (
            bool(case.lines) and lines_not_canceled(self.order, {}, case.lines) is None
        )

    def is_canceled_or_open(self, connection: str) -> bool:
        """Whether all of the order is canceled at a connection, or a case is open there."""
        case = self.latest.get(connection)
        return case is not None and (case.is_open or self.canceled_all_lines(case))

    def is_fully_canceled(self) -> bool:
        """Whether every connection that has the order, carts too, has canceled all of it."""
        return (
            bool(self.latest)
            and not self.never_requested()
            and all(self.canceled_all_lines(case) for case in self.latest.values())
        )

    def not_covered(
        self, lines: Mapping[str, int], among: Sequence[RemoteOrder] | None = None, *, reported: bool = False
    ) -> tuple[RemoteOrder, ...]:
        """The remote orders at which these lines are neither canceled nor being canceled.

        A cancellation of the whole order covers every part; one of a part covers the same part.

        Raises InvalidStateError where another part is being canceled now: two open cases at one connection could not be
        told apart there.

        Args:
            lines: by id; empty means the whole order.
            among: the remote orders in question; None means all.
            reported: a service says that it canceled by itself, which may be what an earlier cancellation left of the
                order.
        """
        remote_orders = self.remote_orders if among is None else among
        covered = {case.connection for case in self.cases if self._covers(case, lines, reported=reported)}
        open_at = {case.connection for case in self.cases if case.is_open} - covered
        busy = [remote.connection for remote in remote_orders if remote.connection in open_at]
        if busy:
            raise InvalidStateError(
                f"another part of the order is being canceled at {', '.join(busy)}",
                location=f"order {self.order.number}",
                hint="wait until that cancellation is settled, or withdraw it",
            )
        return tuple(remote for remote in remote_orders if remote.connection not in covered)

    def _covers(self, case: CancelCase, lines: Mapping[str, int], *, reported: bool) -> bool:
        is_left_over = case.state is State.PARTIALLY_CANCELED and not lines and not reported
        if not (case.is_open or case.state is State.CANCELED or is_left_over):
            return False
        return self.lines_of(case) in (None, {}, lines)

    def still_active(self) -> tuple[ActiveAt, ...]:
        """The connections at which no cancellation was requested, or a settled one left something of the order.

        One at which the order is being registered is not among them: whether a cancellation follows it there is being
        found out.
        """
        settled = [
            ActiveAt(case.connection, case.role, case.state)
            for case in self.latest.values()
            if not case.is_open and not self.canceled_all_lines(case)
        ]
        return (*settled, *self._unrequested())

    def _unrequested(self) -> tuple[ActiveAt, ...]:
        return tuple(
            ActiveAt(remote.connection, remote.role, None)
            for remote in self.never_requested()
            if remote.connection not in self.being_registered
        )

    def blocks_cart(self, case: CancelCase) -> CartBlock | None:
        """Law 8: why a cart's case may not be sent; None where every fulfillment service has canceled.

        What counts are the cases of all cancellations: a cart that was registered after the first of them waits for
        what that one requested elsewhere.
        """
        if case.role is not ConnectionRole.CART:
            return None
        others = [other for other in self.latest.values() if other.role is not ConnectionRole.CART]
        active = [
            ActiveAt(other.connection, other.role, other.state)
            for other in others
            if not other.is_open and not self._canceled_as_well(other, case)
        ]
        active += [where for where in self._unrequested() if where.role is not ConnectionRole.CART]
        if active:
            return CartBlock(f"Cart not canceled: {'; '.join(where.sentence for where in active)}", waits=False)
        if self.being_registered:
            return CartBlock(f"waits for the registration at {self.being_registered[0]}", waits=True)
        if any(other.is_open for other in others):
            return CartBlock("waits for the fulfillment services", waits=True)
        return None

    def _canceled_as_well(self, other: CancelCase, case: CancelCase) -> bool:
        """Whether a settled case canceled, at its connection, what another case is to cancel at a cart."""
        if other.state is not State.CANCELED or other.cancellation_id == case.cancellation_id:
            return other.state is State.CANCELED
        lines = self.lines_of(other)
        return (lines is not None and lines == self.lines_of(case)) or self.canceled_all_lines(other)

    def blocks_resubmission(self) -> ResubmissionBlock | None:
        """Law 9: what keeps the order from being submitted again; None where it is settled as canceled."""
        if not self.latest:
            return ResubmissionBlock(
                ResubmissionBlockKind.NOT_CANCELED, "the order has not been canceled", "cancel the order first"
            )
        if self.open():
            cases = ", ".join(f"{case.connection} ({case.state.value})" for case in self.open())
            return ResubmissionBlock(
                ResubmissionBlockKind.UNSETTLED,
                f"the cancellation is not settled at {cases}",
                f"wait until it is, or confirm or reject the case; before that {TWICE}",
            )
        active = [
            where
            for where in self.still_active()
            if where.role is not ConnectionRole.CART or where.state in _ACTIVE_CARTS
        ]
        if active:
            return ResubmissionBlock(
                ResubmissionBlockKind.STILL_ACTIVE,
                f"the original is still active at {', '.join(map(str, active))}",
                f"cancel the order at these connections first: {TWICE}",
            )
        if self.being_registered:
            return ResubmissionBlock(
                ResubmissionBlockKind.BEING_REGISTERED,
                f"the original is being registered at {self.being_registered[0]}",
                "try again in a moment",
            )
        return None

    def ensure_submittable(self) -> None:
        """Raises InvalidStateError where any of the order is canceled, or being so, or shipped although it was."""
        against = [
            f"{case.connection} ({case.state.value})"
            for case in self.latest.values()
            if case.is_open or case.state in _NOT_SUBMITTABLE
        ]
        if against:
            raise InvalidStateError(
                f"the order is canceled, or being canceled, at {', '.join(against)}",
                location=f"order {self.order.number}",
                hint="resubmit a canceled order as a duplicate: `orderdesk resubmit`",
            )


def latest_cases(cases: Sequence[CancelCase], remote_orders: Sequence[RemoteOrder]) -> dict[str, CancelCase]:
    """The newest of an order's cases at each connection, of those that say something about the order there.

    A report of a cancellation that the service denied does not: nothing was requested. Nor does what was withdrawn
    where the order is not registered, because the store did not take the registration.
    """
    held = {remote.connection for remote in remote_orders}
    latest = {case.connection: case for case in cases if not (case.is_reported and case.state is State.WITHDRAWN)}
    return {name: case for name, case in latest.items() if name in held or case.state is not State.WITHDRAWN}
