"""What a live order store hears of cancellations: a note for each that is settled, and, last of all, the folder.

The notes and the move follow from order events, which are in the ledger before anything else happens. So each is made
once, whatever crashes in between, and what cannot be done while the store is away is done later.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cases.coverage import CancellationCoverage
from orderdesk_sdk.cases.events import OrderEvent, OrderEventKind, RuleExecution
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.desk.notifications import NotificationService
from orderdesk_sdk.errors import InvalidStateError, ValidationError
from orderdesk_sdk.orders.order import Order, Shipment
from orderdesk_sdk.orders.store_by_id import OrderStoreById
from orderdesk_sdk.rules.follow_up import FollowUp
from orderdesk_sdk.rules.model import MOVE_ORDER, ConfiguredAction, Rule
from orderdesk_sdk.runtime.context import read_coverage

__all__ = ["CANCELED_FOLDER_RULE", "ReceiptStore", "StoreFollowUp", "canceled_folder_rule"]

CANCELED_FOLDER_RULE = "canceled folder"
"""The name of the rule that moves an order once it is canceled everywhere."""
_BY = "orderdesk"
_NOTE = "history note"


@runtime_checkable
class ReceiptStore(Protocol):
    """An order store whose histories are to tell what became of cancellations."""

    def add_receipt(self, order_id: str, text: str, *, by: str, key: str) -> None:
        """Append to an order's history, once: the same key again adds nothing.

        Raises InvalidStateError where the history takes it never; every other error is trouble that passes.
        """


def canceled_folder_rule(folder: str) -> Rule:
    """The rule that moves an order to a folder once it is canceled everywhere."""
    action = ConfiguredAction(MOVE_ORDER, folder=folder)
    return Rule(CANCELED_FOLDER_RULE, OrderEventKind.ORDER_CANCELED, (action,), "[orders].canceled_folder")


class StoreFollowUp:
    """Writes notes into the store's histories, and raises the alarm for what shipped while it was being canceled."""

    def __init__(
        self, store: ReceiptStore, order_store: OrderStoreById, ledger: Ledger, notifications: NotificationService
    ) -> None:
        self._store = store
        self._order_store = order_store
        self._ledger = ledger
        self._notifications = notifications

    def follow(self, event: OrderEvent, order: Order) -> FollowUp:
        """Do what follows from an event; see `EventFollowUp`."""
        match event.kind:
            case OrderEventKind.CASE_SETTLED | OrderEventKind.CANCELED_EXTERNALLY:
                return self._write(event, order, self._settled_text(event, order))
            case OrderEventKind.ORDER_CANCELED:
                return self._on_canceled(event, order)
            case OrderEventKind.ORDER_MOVED if CANCELED_FOLDER_RULE in event.caused_by_rules:
                # Read again: the move took a while, and what shipped meanwhile is in no response that was read before.
                self._raise_alarm(self._order_store.get_order(order.id))
                return FollowUp()
            case _:
                return FollowUp()

    def _on_canceled(self, event: OrderEvent, order: Order) -> FollowUp:
        if not self._raise_alarm(order).is_fully_canceled():
            shipped = RuleExecution("", MOVE_ORDER, "dropped", "the order shipped while it was being canceled")
            return FollowUp((shipped,), goes_on=False)
        text = f"Canceled everywhere. `orderdesk receipt {order.number}` has the evidence."
        if order.shipments:
            text += f" It has {counted(len(order.shipments), 'shipment')} from before the cancellation."
        return self._write(event, order, text)

    def _raise_alarm(self, order: Order) -> CancellationCoverage:
        """Raise the alarm where the order has a shipment that came after the cancellation; how it stands then."""
        coverage = read_coverage(self._ledger, self._order_store, order)
        if not _shipments_since_cancellation(order, coverage):
            return coverage
        self._notifications.report_shipments([order], by=_BY)
        return read_coverage(self._ledger, self._order_store, order)

    def _settled_text(self, event: OrderEvent, order: Order) -> str:
        case = self._ledger.case(_settled_case_id(event), CancelCase)
        rejection = f" ({event.field_values['rejection']})" if event.field_values.get("rejection") else ""
        is_alarm = event.field_values["state"] == State.SHIPPED_ANYWAY.value
        alarm = "ALARM, stop the parcel: " if is_alarm else ""
        sentences = [f"{alarm}Cancellation at {case.connection}: {event.field_values['state']}{rejection}"]
        if case.message and event.id.endswith(f" {case.version}"):
            sentences.append(case.message[0].upper() + case.message[1:].rstrip("."))
        sentences += [f"Number there: {case.remote_id}", f"Requested by {case.requested_by}"]
        if case.evidence is not None:
            sentences.append(f"Evidence: {case.evidence.kind.value}")
        sentences.append(f"`orderdesk receipt {order.number}` shows everything, as case {case.id}")
        return f"{'. '.join(sentences)}."

    def _write(self, event: OrderEvent, order: Order, text: str) -> FollowUp:
        """Write a note, once. What the history refuses is recorded; the ledger has it anyway."""
        try:
            self._store.add_receipt(order.id, text, by=_BY, key=event.id)
        except (InvalidStateError, ValidationError) as error:
            return FollowUp((RuleExecution("", _NOTE, "refused", str(error)),))
        return FollowUp()


def _settled_case_id(event: OrderEvent) -> str:
    """The id of the case that an event is about; see `state_machine`, which names such events."""
    return event.id.split(" ")[1]


def _shipments_since_cancellation(order: Order, coverage: CancellationCoverage) -> tuple[Shipment, ...]:
    """The order's shipments of which the store does not say that they are older than the cancellation."""
    asked = [
        coverage.cancellations[case.cancellation_id].requested_at
        for case in coverage.latest.values()
        if case.cancellation_id in coverage.cancellations
    ]
    since = min(asked, default=None)
    if since is None:
        return ()
    return tuple(one for one in order.shipments if one.added_at is None or one.added_at > since)
