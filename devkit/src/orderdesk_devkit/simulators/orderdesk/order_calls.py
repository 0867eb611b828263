"""The calls about whole orders: search, read, create, replace, delete and move."""

from __future__ import annotations

import json
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from orderdesk_devkit.simulators.orderdesk.calls import ApiCall, Refused, StoreContext, succeeded
from orderdesk_devkit.simulators.orderdesk.records import (
    CHECKOUT_LIMIT,
    COMPUTED,
    FIELDS,
    METADATA_LIMIT,
    blanked_fields,
    clean_item,
    cut_json,
    cut_notes,
    is_named,
    merge,
    recalculate,
)
from orderdesk_devkit.simulators.orderdesk.search import BadDate, is_bounded, search
from orderdesk_devkit.simulators.orderdesk.state import StoredOrder, items_of
from orderdesk_devkit.simulators.simulator import CallResult, Effect

__all__ = ["OrderCalls"]


class OrderCalls:
    """Answers the calls about orders. Every method raises Refused."""

    def __init__(self, context: StoreContext) -> None:
        self._context = context

    def search(self, call: ApiCall) -> CallResult:
        """A page of the orders that match the query."""
        context = self._context
        if not is_bounded(call.query):
            context.misuse("a list without a start date", None)
        try:
            page = search(context.state, call.query, ZoneInfo(context.option("timezone")))
        except BadDate as error:
            raise Refused(400, f"SIM: no date of the store: {error}") from error
        history = call.query.get("get_order_history") == "1"
        shown = [context.views.order(order, history=history) for order in page.orders]
        for order in page.orders:
            self._edit_after_read(order)
        return succeeded(
            f"read {len(shown)} of {page.total}",
            total_records=page.total,
            records_returned=len(shown),
            offset=page.offset,
            limit=page.limit,
            orders=shown,
        )

    def read(self, call: ApiCall, number: str) -> CallResult:
        """One order."""
        context, order = self._context, self._context.order(number)
        asked = call.query.get("get_order_history") == "1" and context.option("single_history") == "given"
        shown = context.views.order(order, history=asked)
        self._edit_after_read(order)
        return succeeded(f"read in {context.state.folders[order.record['folder_id']]}", order=shown)

    def create(self, call: ApiCall) -> CallResult:
        """A new order, or the refusal that names the one that is there."""
        context, given = self._context, call.fields()
        if not list(items_of(given)):
            raise Refused(400, "SIM: an order needs at least one item")
        self._check_lengths(given)
        name, number = str(given.get("source_name") or "Order Desk"), str(given.get("source_id") or "")
        for order in context.state.orders.values():
            same = (order.record["source_name"], order.record["source_id"]) == (name, number)
            if number and same and context.option("duplicates") == "refused":
                raise Refused(409, f"SIM: Duplicate order; the existing order is {order.number}")
        order = context.state.create(given, call.now)
        if not is_named(order.record):
            del context.state.orders[order.number]
            raise Refused(400, "SIM: an order needs a first and last name, or a company")
        self._cut(order)
        folder = str(given.get("folder_id") or "")
        if folder.isdecimal() and int(folder) in context.state.folders:
            order.record["folder_id"] = int(folder)
        context.state.write_history(order, "API", "Order Added", call.now)
        shown = context.views.order(order)
        return succeeded(
            f"created as {order.record['source_id']}",
            context.created(),
            effect_kind=Effect.ORDER_CREATED,
            message="Order Added",
            order=shown,
        )

    def replace(self, call: ApiCall, number: str) -> CallResult:
        """The order after a PUT: whatever was left out is blank, and shipments are as before."""
        context, order, given = self._context, self._context.order(number), call.fields()
        if context.option("edit_meanwhile", number) == "before the next write":
            self._edit_once(order)
        record = order.record
        if context.option("put_conflict") == "409" and given.get("date_updated") != record["date_updated"]:
            raise Refused(409, "SIM: the order was changed since", always=True)
        self._check_lengths(given)
        blanked = blanked_fields(record, given)
        if blanked:
            context.misuse(f"a partial record, which blanks {', '.join(blanked)}", number)
        notes = given.get("order_notes")
        if isinstance(notes, list) and len(notes) > len(record["order_notes"]):
            context.misuse("a note in order_notes, whose column is short", number)
        merge(record, given, [name for name in FIELDS if name not in COMPUTED and name != "order_items"])
        self._replace_items(order, given)
        self._cut(order)
        recalculate(record)
        context.state.touch(order, call.now)
        self._judge_edits(order)
        self._move_by_put(order, given)
        return succeeded("replaced", message="Order Updated", order=context.views.order(order))

    def delete(self, call: ApiCall, number: str) -> CallResult:
        """An acknowledgment; the order is gone, and nothing was canceled anywhere."""
        del call
        context = self._context
        context.order(number)
        context.misuse("an order deleted, with all that is known of it", number)
        del context.state.orders[number]
        return succeeded("deleted", message=f"Order {number} Deleted")

    def move(self, call: ApiCall) -> CallResult:
        """A row for each order that was to be moved."""
        given = call.fields()
        numbers = given.get("order_id_list")
        if not isinstance(numbers, list) or not all(type(one) is int for one in numbers):
            raise Refused(400, "SIM: order_id_list must be a list of integers")
        folder = self._destination(given)
        rows, moved = [], 0
        for number in numbers:
            row, done = self._move_one(number, folder)
            rows += [row] if row is not None else []
            moved += done
        return succeeded(f"moved {moved} of {len(numbers)}", message=f"{moved} Orders Moved", results=rows)

    def _destination(self, given: Mapping[str, object]) -> int:
        folder, name = given.get("destination_folder_id"), given.get("destination_folder_name")
        if (folder is None) == (name is None):
            raise Refused(400, "SIM: give destination_folder_id or destination_folder_name")
        state = self._context.state
        if name is not None:
            found = state.folder_ids(str(name))
            if not found:
                raise Refused(404, "SIM: Folder Not Found")
            return found[0]
        if not str(folder).isdecimal() or int(str(folder)) not in state.folders:
            raise Refused(404, "SIM: Folder Not Found")
        return int(str(folder))

    def _move_one(self, number: int, folder: int) -> tuple[dict[str, object] | None, bool]:
        """The row of the reply, and whether the order was moved."""
        context, text = self._context, str(number)
        if text not in context.state.orders:
            return {"order_id": number, "message": "SIM: Order Not Found"}, False
        order = context.state.orders[text]
        row: dict[str, object] = {"order_id": number, "original_folder_id": order.record["folder_id"]}
        fate = context.option("move_fate", text)
        if fate != "moved":
            context.log("move", text, "not moved")
            return None if fate == "missing" else row | {"message": "SIM: Order Not Moved"}, False
        context.move(order, folder, "API")
        return row | {"message": f"Order Moved to {context.state.folders[folder]} Folder"}, True

    def _replace_items(self, order: StoredOrder, given: Mapping[str, object]) -> None:
        stored = {item["id"]: item for item in order.record["order_items"]}
        kept = []
        for item in items_of(given):
            known = stored.pop(str(item.get("id", "")), None)
            kept.append(
                self._context.state.new_item(item) if known is None else clean_item(known | item, int(known["id"]))
            )
        left_out = list(stored.values()) if self._context.option("put_items") == "kept" else []
        order.record["order_items"] = kept + left_out

    def _check_lengths(self, given: Mapping[str, object]) -> None:
        """Raises Refused where metadata is too long and the store says so."""
        long = len(json.dumps(given.get("order_metadata"))) > METADATA_LIMIT
        if long and self._context.option("metadata_over") == "refused":
            raise Refused(422, f"SIM: order_metadata is over {METADATA_LIMIT} characters")

    def _cut(self, order: StoredOrder) -> None:
        record = order.record
        record["order_metadata"] = cut_json(record["order_metadata"], METADATA_LIMIT)
        record["checkout_data"] = cut_json(record["checkout_data"], CHECKOUT_LIMIT)
        record["order_notes"] = cut_notes(record["order_notes"], each=self._context.option("notes_limit") == "each")

    def _move_by_put(self, order: StoredOrder, given: Mapping[str, object]) -> None:
        folder = str(given.get("folder_id") or "")
        if self._context.option("put_folder") == "kept" or not folder.isdecimal():
            return
        if int(folder) in self._context.state.folders and int(folder) != order.record["folder_id"]:
            self._context.move(order, int(folder), "API")

    def _edit_after_read(self, order: StoredOrder) -> None:
        when = self._context.option("edit_meanwhile", order.number)
        if when == "after the next read":
            self._edit_once(order)
        elif when == "after each read":
            self._context.edit(order)

    def _edit_once(self, order: StoredOrder) -> None:
        self._context.use_up("edit_meanwhile", order.number)
        self._context.edit(order)

    def _judge_edits(self, order: StoredOrder) -> None:
        for path, value in list(order.edits.items()):
            if order.value_at(path) != value:
                self._context.misuse(f"another's edit of {'.'.join(path)} overwritten", order.number)
                del order.edits[path]
