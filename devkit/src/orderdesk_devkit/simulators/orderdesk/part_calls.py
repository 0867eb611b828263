"""The calls about parts of an order: its items, its shipments and its history."""

from __future__ import annotations

from collections.abc import Mapping

from orderdesk_devkit.simulators.orderdesk.calls import ApiCall, Refused, StoreContext, succeeded
from orderdesk_devkit.simulators.orderdesk.records import clean_item, recalculate
from orderdesk_devkit.simulators.orderdesk.state import HISTORY_LIMIT, NOTE_LIMIT, StoredOrder
from orderdesk_devkit.simulators.simulator import CallResult

__all__ = ["PartCalls"]


class PartCalls:
    """Answers the calls about items, shipments and history. Every method raises Refused."""

    def __init__(self, context: StoreContext) -> None:
        self._context = context

    def add_history(self, call: ApiCall, number: str) -> CallResult:
        """The order with its whole history, which proves the note."""
        context, order, given = self._context, self._context.order(number), call.fields()
        note, source = str(given.get("note") or ""), str(given.get("source_name") or "API")
        if not note:
            raise Refused(400, "SIM: a history entry needs a note")
        if len(note) > NOTE_LIMIT and context.option("history_note_over") == "refused":
            raise Refused(422, f"SIM: the note is over {NOTE_LIMIT} characters")
        if not context.state.write_history(order, source, note[:NOTE_LIMIT], call.now):
            status = 422 if context.option("history_full") == "4xx" else 200
            raise Refused(status, f"SIM: the order has {HISTORY_LIMIT} history entries", always=True)
        if context.option("history_touches") == "yes":
            context.state.touch(order, call.now)
        shown = context.views.order(order, history=True)
        return succeeded(f"noted: {note[:60]}", total_records=len(order.history), order=shown)

    def list_items(self, call: ApiCall, number: str) -> CallResult:
        """The items of an order."""
        del call
        items = [self._context.views.item(item) for item in self._context.order(number).record["order_items"]]
        return succeeded("read items", total_records=len(items), order_items=items)

    def read_item(self, call: ApiCall, number: str, item_id: str) -> CallResult:
        """One item."""
        del call
        item = _find(self._context.order(number).record["order_items"], item_id, "Order Item")
        return succeeded("read item", order_item=self._context.views.item(item))

    def add_item(self, call: ApiCall, number: str) -> CallResult:
        """An acknowledgment; totals are computed anew."""
        order = self._context.order(number)
        order.record["order_items"].append(self._context.state.new_item(call.fields()))
        self._changed(order, call)
        return succeeded("added an item", self._context.created(), message="Order Item Added")

    def change_item(self, call: ApiCall, number: str, item_id: str) -> CallResult:
        """An acknowledgment; fields that are left out stay (SIM)."""
        order = self._context.order(number)
        items = order.record["order_items"]
        found = _find(items, item_id, "Order Item")
        items[items.index(found)] = clean_item(found | dict(call.fields()), int(item_id))
        self._changed(order, call)
        return succeeded("changed an item", message="Order Item Updated")

    def delete_item(self, call: ApiCall, number: str, item_id: str) -> CallResult:
        """An acknowledgment; totals are computed anew."""
        order = self._context.order(number)
        order.record["order_items"].remove(_find(order.record["order_items"], item_id, "Order Item"))
        self._changed(order, call)
        return succeeded("deleted an item", message=f"Order Item {item_id} Deleted")

    def list_shipments(self, call: ApiCall, number: str) -> CallResult:
        """The shipments of an order."""
        del call
        rows = [dict(row) for row in self._context.order(number).shipments]
        return succeeded("read shipments", total_records=len(rows), shipments=rows)

    def read_shipment(self, call: ApiCall, number: str, shipment_id: str) -> CallResult:
        """One shipment."""
        del call
        return succeeded(
            "read shipment", shipment=dict(_find(self._context.order(number).shipments, shipment_id, "Shipment"))
        )

    def add_shipment(self, call: ApiCall, number: str) -> CallResult:
        """An acknowledgment, or an error for a tracking number that is there."""
        context, order = self._context, self._context.order(number)
        if context.state.add_shipment(order, call.fields(), context.store_id, call.now) is None:
            raise Refused(400, "Shipment Not Added")
        return succeeded("added a shipment", context.created(), message="Shipment Added")

    def change_shipment(self, call: ApiCall, number: str, shipment_id: str) -> CallResult:
        """An acknowledgment; fields that are left out stay (SIM)."""
        order = self._context.order(number)
        row = _find(order.shipments, shipment_id, "Shipment")
        fixed = ("id", "order_id", "store_id", "date_added")
        given = call.fields()
        row |= {name: str(given[name] or "") for name in row if name in given and name not in fixed}
        self._context.state.touch(order, call.now)
        return succeeded("changed a shipment", message="Shipment Updated")

    def delete_shipment(self, call: ApiCall, number: str, shipment_id: str) -> CallResult:
        """An acknowledgment."""
        order = self._context.order(number)
        order.shipments.remove(_find(order.shipments, shipment_id, "Shipment"))
        self._context.state.touch(order, call.now)
        return succeeded("deleted a shipment", message=f"Shipment {shipment_id} Deleted")

    def add_shipments(self, call: ApiCall) -> CallResult:
        """Many shipments, as a bare array; each names its order. SIM: those of unknown orders are left out."""
        context = self._context
        if not isinstance(call.body, list):
            raise Refused(400, "SIM: the body is no JSON array")
        added = 0
        for given in call.body:
            number = str(given.get("order_id", "")) if isinstance(given, Mapping) else ""
            order = context.state.orders.get(number)
            if order is not None and context.state.add_shipment(order, given, context.store_id, call.now) is not None:
                context.log("batch-shipments", number, "added a shipment")
                added += 1
        return succeeded(f"added {added} shipments", context.created(), message=f"{added} Shipments Added")

    def _changed(self, order: StoredOrder, call: ApiCall) -> None:
        recalculate(order.record)
        self._context.state.touch(order, call.now)


def _find(rows: list[dict[str, str]], row_id: str, kind: str) -> dict[str, str]:
    for row in rows:
        if row["id"] == row_id:
            return row
    raise Refused(404, f"SIM: {kind} Not Found")
