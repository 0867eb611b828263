"""What somebody else's request to cancel leads to beside its answer. Done again, each does nothing new."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from attrs import evolve

from orderdesk_sdk.cases.response import ResponseCase, cancellation_key
from orderdesk_sdk.desk.cancellations import CancellationService
from orderdesk_sdk.desk.parts import DeskParts
from orderdesk_sdk.errors import ConflictError, InvalidStateError
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.plugin.reasons import StandardReason

__all__ = ["DeskRequestActions"]


class DeskRequestActions:
    """Acts through the cancellations of a desk."""

    def __init__(self, parts: DeskParts, cancellations: CancellationService) -> None:
        self._ledger = parts.ledger
        self._order_store = parts.order_store
        self._cancellations = cancellations

    def cancel_at(self, case: ResponseCase, places: Sequence[RemoteOrder]) -> None:
        """Open the cancellation of what was requested at these places; their cases are due then.

        Raises what `Desk.cancel` raises.
        """
        connections = tuple(sorted(place.connection for place in places))
        order = self._order_store.get_order(case.order_id)
        draft = self._cancellations.draft(
            order,
            by=f"the request {case.request.request_id} from {case.connection}",
            reason=StandardReason.CUSTOMER_ASKED.value,
            idempotency_key=f"{cancellation_key(case.id)}at {', '.join(connections)}",
            connections=connections,
            lines=case.lines,
        )
        self._cancellations.open(order, evolve(draft, caused_by_rules=case.caused_by_rules), send_now=False)

    def report_accepted(self, case: ResponseCase) -> None:
        """Have the order read at the asker, where it counts as canceled now; nothing is asked for there."""
        order = self._order_store.get_order(case.order_id)
        accepted = case.decision.lines if case.decision is not None and case.decision.lines else case.lines
        draft = self._cancellations.draft(
            order,
            by=f"the answer to the request {case.request.request_id} from {case.connection}",
            reason=f"accepted at {case.connection}",
            idempotency_key=f"{cancellation_key(case.id)}accepted",
            connections=(case.connection,),
            lines=accepted,
        )
        # Where another cancellation is under way there, that one finds out.
        with suppress(InvalidStateError, ConflictError):
            self._cancellations.open(order, evolve(draft, reported_by=case.connection), send_now=False)

    def withdraw(self, case: ResponseCase, *, by: str) -> tuple[str, ...]:
        """Withdraw what was opened for a request wherever nothing was sent; the connections where it was too late."""
        prefix = cancellation_key(case.id)
        late: list[str] = []
        for key, cancellation in self._ledger.cancellations_by_key(prefix):
            # A key may also name a cancellation that somebody else wanted before: that one stays.
            if cancellation is None or cancellation.idempotency_key != key:
                continue
            note = f"{by}: the request was withdrawn"
            self._cancellations.withdraw_unsent(cancellation, by=by, note=note)
            cases = self._cancellations.status(cancellation).cases
            late += [one.connection for one in cases if one.is_open or one.evidence is not None]
        return tuple(dict.fromkeys(late))
