"""The simulated store by method: what people, services and rules do to its orders, and what a test may ask."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ClassVar, Final

from orderdesk_devkit.simulators.orderdesk.access import API_KEY, STORE_ID
from orderdesk_devkit.simulators.orderdesk.appointments import Appointment, Appointments, FolderRule
from orderdesk_devkit.simulators.orderdesk.options import OPTIONS
from orderdesk_devkit.simulators.orderdesk.posting import php_json, require_loopback
from orderdesk_devkit.simulators.orderdesk.records import COMPUTED, FIELDS
from orderdesk_devkit.simulators.orderdesk.state import StoredOrder, StoreState, items_of
from orderdesk_devkit.simulators.orderdesk.views import Views
from orderdesk_devkit.simulators.simulator import BehaviorOption, Record, Simulator
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import NotFoundError, ValidationError

__all__ = ["SimulatedStore"]

_MISUSE: Final = "misuse"
_LOOK_EVERY: Final = 0.2
"""Real seconds, whatever the store's clock is."""


class SimulatedStore(Simulator):
    """A store without its API.

    `remote_id` of its methods, its log and its switches is Order Desk's id of the order; methods also take the number
    that its cart gave it. They raise NotFoundError for an order or folder that the store does not have.
    """

    options: ClassVar[tuple[BehaviorOption, ...]] = OPTIONS

    def __init__(self, clock: Clock, *, store_id: str = STORE_ID, api_key: str = API_KEY) -> None:
        super().__init__(clock)
        self.store_id, self.api_key = store_id, api_key
        self.state = StoreState()
        """The store itself; to be touched under `lock` only."""
        self.rules: list[FolderRule] = []
        self.views = Views(self.option)
        self.appointments = Appointments(
            self.lock, api_key, written=self._written_again, headers=self._post_headers, record=self._record_post
        )
        self._edits = 0

    def actual_status(self, remote_id: str) -> str:
        """The name of the folder that the order is in: all the state that Order Desk has."""
        with self.at_present():
            return self.state.folders[self.state.find(remote_id).record["folder_id"]]

    def add_order(self, remote_id: str, *, lines: Sequence[tuple[str, int]]) -> None:
        """An order with this number of its cart, imported just now into the first folder."""
        items = [{"code": code, "name": code, "quantity": count, "price": 10} for code, count in lines]
        person = {"first_name": "Sam", "last_name": "Sample", "address1": "1 Main Street", "country": "US"}
        given = {"source_id": remote_id, "source_name": "SIM cart", "order_items": items, "shipping": person}
        with self.at_present() as now:
            order = self.state.create(given, now)
            self.record("add_order", order.number, f"imported as {remote_id}")

    def import_orders(self, text: str) -> list[str]:
        """Put orders in Order Desk's JSON there, under their own ids, also those of their items; gives back the ids.

        Their folder is by its place: 1 is the first one. Raises ValidationError for a used id, and for what is no list
        of orders with numbers as ids.
        """
        documents = _read_orders(text)
        with self.at_present() as now:
            return [self._import(document, now) for document in documents]

    def _import(self, document: Mapping[str, object], now: datetime) -> str:
        order = self.state.create(document, now, number=str(document["id"]))
        for item, source in zip(order.record["order_items"], items_of(document), strict=True):
            item["id"] = str(source.get("id") or item["id"])
        folders = list(self.state.folders)
        place = int(str(document.get("folder_id") or 1))
        order.record["folder_id"] = folders[min(max(place, 1), len(folders)) - 1]
        shipments = document.get("order_shipments")
        for shipment in shipments if isinstance(shipments, list) else ():
            self.state.add_shipment(order, shipment, self.store_id, now)
        order.record["date_updated"] = str(document.get("date_updated") or order.record["date_added"])
        self.record("import", order.number, f"imported as {order.record['source_id']}")
        return order.number

    def add_rule(self, url: str, *, folder: str | None = None, name: str = "Post", signed: bool = True) -> None:
        """A rule that posts an order to `url` when it comes into the folder of that name; None: into any.

        Raises NotFoundError for an unknown folder, ValidationError for a URL of another machine.
        """
        require_loopback(url)
        with self.lock:
            folder_id = None if folder is None else self.state.folder_id(folder)
            self.rules.append(FolderRule(name, url, folder_id, signed))

    def move_order(self, remote_id: str, folder: str, *, by: str = "mara") -> None:
        """Move an order as a person does in the browser: rules run, and `deliver_due` sends what they post."""
        with self.at_present():
            self.move(self.state.find(remote_id), self.state.folder_id(folder), by)

    def run_rule(self, remote_id: str, name: str) -> None:
        """Run a rule on an order by hand, as its custom button does; `deliver_due` sends what it posts.

        Raises NotFoundError where no rule has that name.
        """
        with self.at_present():
            order = self.state.find(remote_id)
            found = [rule for rule in self.rules if rule.name == name]
            if not found:
                raise NotFoundError("the simulated store has no such rule", location=name)
            for rule in found:
                self._run(rule, order)

    def edit_order(self, remote_id: str, changes: Mapping[str, object]) -> None:
        """Change an order as somebody else does: `changes` are merged into it, objects key by key.

        What was written so is remembered; a client that overwrites it has misused the API. Raises ValidationError for
        a field that people do not change, such as a total, and for the items.
        """
        wrong = [name for name in changes if name not in FIELDS or name in (*COMPUTED, "order_items")]
        if wrong:
            raise ValidationError(f"nobody can change {', '.join(wrong)}", location="changes")
        with self.at_present() as now:
            order = self.state.find(remote_id)
            for path, value in _leaves(changes):
                target = order.record
                for key in path[:-1]:
                    target = target.setdefault(key, {})
                target[path[-1]] = value
                order.edits[path] = value
            self.state.touch(order, now)
            self.record("edit", order.number, f"somebody else changed {', '.join(changes)}")

    def submit_order(self, remote_id: str, fulfillment_name: str, fulfillment_id: str = "") -> None:
        """Let the order be sent for fulfillment: the store notes where, and the service's id where there is one."""
        with self.at_present() as now:
            order = self.state.find(remote_id)
            order.record |= {"fulfillment_name": fulfillment_name, "fulfillment_id": fulfillment_id}
            self.state.write_history(order, fulfillment_name, f"Order Submitted to {fulfillment_name}", now)
            self.state.touch(order, now)
            self.record("submit", order.number, f"submitted to {fulfillment_name} as {fulfillment_id or 'no id'}")

    def set_fulfillment_method(self, remote_id: str, code: str, method: str) -> None:
        """Choose who fulfills the items with this code. Raises NotFoundError where the order has none."""
        with self.at_present() as now:
            order = self.state.find(remote_id)
            items = [item for item in order.record["order_items"] if item["code"] == code]
            if not items:
                raise NotFoundError("the order has no such item", location=code)
            for item in items:
                item["fulfillment_method"] = method
            self.state.touch(order, now)
            self.record("fulfillment method", order.number, f"{code}: {method}")

    def add_tracking(self, remote_id: str, shipment: Mapping[str, object]) -> None:
        """Add a shipment as a service's tracking does."""
        with self.at_present() as now:
            order = self.state.find(remote_id)
            added = self.state.add_shipment(order, shipment, self.store_id, now)
            self.record("tracking", order.number, "shipment not added" if added is None else "shipment added")

    def rename_folder(self, name: str, new_name: str) -> None:
        """Rename a folder, as a merchant may at any time. Raises NotFoundError."""
        with self.lock:
            self.state.folders[self.state.folder_id(name)] = new_name

    def add_folder(self, name: str) -> int:
        """A new folder, also of a name that another one has; its id."""
        with self.lock:
            self.state.folders[max(self.state.folders) + 1] = name
            return max(self.state.folders)

    def delete_folder(self, name: str) -> None:
        """Delete a folder. Orders that are in it move to the first one, without a word (SIM). Raises NotFoundError."""
        with self.lock:
            gone = self.state.folder_id(name)
            del self.state.folders[gone]
            for order in self.state.orders.values():
                if order.record["folder_id"] == gone:
                    order.record["folder_id"] = next(iter(self.state.folders))

    def fill_history(self, remote_id: str, count: int) -> None:
        """Append so many entries to the history of an order, as years of rules do."""
        with self.at_present() as now:
            order = self.state.find(remote_id)
            for entry in range(count):
                self.state.write_history(order, "Auto", f"SIM: entry {entry + 1}", now)

    def history(self, remote_id: str) -> list[dict[str, str]]:
        """The history of an order, oldest first: a copy."""
        with self.at_present():
            return [dict(entry) for entry in self.state.find(remote_id).history]

    @property
    def misuses(self) -> list[Record]:
        """What a client did that none should do, oldest first."""
        return [one for one in self.log if one.operation == _MISUSE]

    def record_misuse(self, what: str, remote_id: str | None) -> None:
        """Write down what no client should do."""
        self.record(_MISUSE, remote_id, what)

    def deliver_due(self) -> int:
        """Post what rules have queued and what is due again by the clock; how many posts were made.

        Blocks until the scripts have answered, each within 30 seconds. For tests that move orders by method or chose
        `by hand`, and after a virtual clock was advanced.
        """
        return self.appointments.deliver(self.clock.now)

    @contextmanager
    def delivering(self) -> Iterator[None]:
        """Within the block what is due is posted by itself, also what a clock that jumps has made due."""
        ended = threading.Event()

        def deliver() -> None:
            while not ended.wait(_LOOK_EVERY):
                if self.option("rule_posts") != "by hand":
                    self.deliver_due()

        thread = threading.Thread(target=deliver, name="appointments", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(_LOOK_EVERY)

    def redeliver(self, remote_id: str, *, times: int = 1) -> list[int | None]:
        """Post what the order's newest appointment posted again, byte for byte; the statuses of the answers."""
        with self.lock:
            number = self.state.find(remote_id).number
            found = [one for one in self.appointments.all if one.order_id == number]
        if not found:
            raise NotFoundError("no rule has posted this order", location=remote_id)
        return self.appointments.send_again(found[-1], times)

    def move(self, order: StoredOrder, folder: int, by: str) -> None:
        """Put an order into a folder, and let its rules run. For calls, which run under `lock`."""
        now, before = self.clock.now(), order.record["folder_id"]
        order.record["folder_id"] = folder
        name = self.state.folders[folder]
        self.state.write_history(order, by, f"Order Moved to {name} Folder", now)
        self.state.touch(order, now)
        self.record("move", order.number, f"{by} moved it from {self.state.folders.get(before, before)} to {name}")
        if before == folder and self.option("present_folder") == "runs no rule":
            return
        for rule in self.rules:
            if rule.folder_id in (None, folder):
                self._run(rule, order)

    def _run(self, rule: FolderRule, order: StoredOrder) -> None:
        now = self.clock.now()
        self.state.write_history(order, "Auto", f"Rule {rule.name}: Send Order To Website", now)
        self.appointments.add(rule, order.number, self._written(order), now)
        self.record("rule", order.number, f"{rule.name} queued a post")

    def edit_by_another(self, order: StoredOrder) -> None:
        """Let somebody else change an order now: its address, and what another program keeps with it."""
        self._edits += 1
        self.edit_order(
            order.number,
            {"shipping": {"address2": f"Suite {self._edits}"}, "order_metadata": {"other_app": f"edit {self._edits}"}},
        )

    def use_up(self, name: str, remote_id: str) -> None:
        """Set a switch that works once back to its default: the choice for the order, else that for all."""
        if self._chosen.pop((name, remote_id), None) is None:
            self._chosen.pop((name, None), None)

    def _written(self, order: StoredOrder) -> str:
        return php_json(self.views.order(order), raw_text=self.option("post_text") == "raw")

    def _written_again(self, one: Appointment) -> str:
        order = self.state.orders.get(one.order_id)
        return one.order_field if order is None or self.option("post_content") == "as queued" else self._written(order)

    def _post_headers(self, one: Appointment) -> dict[str, str]:
        given = {"User-Agent": "Order Desk (simulated)", "X-ORDER-DESK-STORE-ID": self.store_id}
        if self.option("appointment_header") == "given":
            given["X-ORDER-DESK-APPOINTMENT-ID"] = str(one.number)
        return given

    def _record_post(self, order_id: str, effect: str) -> None:
        self.record("appointment", order_id, effect)


def _read_orders(text: str) -> list[dict[str, Any]]:
    try:
        documents = json.loads(text)
    except ValueError as error:
        raise ValidationError(f"the orders are no JSON: {error}", location="orders") from error
    listed = documents if isinstance(documents, list) else [documents]
    if not all(isinstance(one, dict) and str(one.get("id", "")).isdecimal() for one in listed):
        raise ValidationError("must be a list of orders, each with a number as its id", location="orders")
    return listed


def _leaves(changes: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    for key, value in changes.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value
