"""What services say of an order before they are asked to cancel it. Reached as `desk.eligibility`."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from orderdesk_sdk.cases.eligibility import EligibilityReading
from orderdesk_sdk.cases.validation import select_remote_orders
from orderdesk_sdk.desk.parts import DeskParts, require_actor
from orderdesk_sdk.errors import InvalidStateError, OrderDeskError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.runtime.connections import Connection
from orderdesk_sdk.runtime.eligibility_reader import EligibilityReader, can_read_eligibility

__all__ = ["EligibilityResult", "EligibilityService"]


@frozen
class EligibilityResult:
    """What came of asking one connection.

    Args:
        reading: None where it could not be read.
        problem: why; None where it was.
    """

    connection: str
    reading: EligibilityReading | None
    problem: str | None = None


class EligibilityService:
    """Asks services whether they would cancel an order, and with which reasons; shows what they said last."""

    def __init__(self, parts: DeskParts) -> None:
        self._ledger = parts.ledger
        self._order_store = parts.order_store
        self._connections = parts.connections
        self._reader = EligibilityReader(parts.ledger, parts.connections, parts.clock)

    def read(self, order: str, *, by: str, connections: Sequence[str] = ()) -> tuple[EligibilityResult, ...]:
        """Ask now, at every connection of the order whose service says so of each order; what came of it.

        Only reads there. A reading is in the ledger, with its time and what was said; plans show it, and it proves
        nothing.

        Args:
            connections: only there; empty means wherever it is asked.

        Raises InvalidStateError where the order is not registered at one of these, and where no service of the order,
        or none of these, is asked before a cancel.
        """
        resolved, person = self._order_store.resolve(order), require_actor(by)
        wanted = select_remote_orders(resolved, self._order_store.remote_orders(resolved.id), connections)
        asked = [one for place in wanted if (one := self._askable(place)) is not None]
        if not asked:
            where = " or ".join(connections) or "any connection"
            raise InvalidStateError(
                f"no service at {where} says of this order whether it would cancel it",
                location=f"order {resolved.number}",
                hint="look at `orderdesk plan`: it names the connections, and what each of them needs",
            )
        return tuple(self._read(found, resolved, place, person) for found, place in asked)

    def latest(self, order: str) -> tuple[EligibilityReading, ...]:
        """The newest reading of each connection of an order, however old; asks nobody."""
        readings = self._ledger.eligibility_readings(self._order_store.resolve(order).id)
        return tuple(readings[name] for name in sorted(readings))

    def _askable(self, place: RemoteOrder) -> tuple[Connection | OrderDeskError, RemoteOrder] | None:
        try:
            found = self._connections.get(place.connection)
        except OrderDeskError as error:
            return error, place
        return (found, place) if can_read_eligibility(found) else None

    def _read(self, found: Connection | OrderDeskError, order: Order, place: RemoteOrder, by: str) -> EligibilityResult:
        if isinstance(found, OrderDeskError):
            return EligibilityResult(place.connection, None, str(found))
        try:
            return EligibilityResult(place.connection, self._reader.read(found, order, place, by=by))
        except OrderDeskError as error:  # Of this service alone: the others have said what they say.
            return EligibilityResult(place.connection, None, error.message)
