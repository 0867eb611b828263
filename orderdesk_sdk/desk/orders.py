"""The orders of a desk: they come in, move, and are registered where they were submitted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableSequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orderdesk_sdk.cases.archive import ForgetReport
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.events import OrderEvent
from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger
from orderdesk_sdk.cases.order_states import OrderState
from orderdesk_sdk.clock import MAX_CLOCK_SKEW
from orderdesk_sdk.desk.cancellations import CancellationService
from orderdesk_sdk.desk.notifications import NotificationService
from orderdesk_sdk.desk.order_search import OrderPage, OrderQuery, OrderSearch
from orderdesk_sdk.desk.parts import DeskParts, require_actor
from orderdesk_sdk.desk.rule_trigger import then_rules_act
from orderdesk_sdk.errors import StorageError, ValidationError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.orders.references import OrderId
from orderdesk_sdk.orders.store import FolderMove, OrderStore
from orderdesk_sdk.plugin.url_paths import number_error
from orderdesk_sdk.rules.engine import RuleEngine
from orderdesk_sdk.runtime.context import CaseContext, read_coverage
from orderdesk_sdk.stores.sql.order_store import SqlOrderStore, require_embedded_store

if TYPE_CHECKING:
    from orderdesk_sdk.stores.sql.order_import import ImportReport

__all__ = ["OrderService"]

_log = RoomLogger("desk")


class OrderService:
    """The orders of a desk. Reached as `desk.orders`."""

    def __init__(
        self,
        parts: DeskParts,
        store: OrderStore,
        cancellations: CancellationService,
        notifications: NotificationService,
        rules: RuleEngine,
    ) -> None:
        self._ledger = parts.ledger
        self._order_store = parts.order_store
        self._connections = parts.connections
        self._scheduler = parts.scheduler
        self._clock = parts.clock
        self.rule_trigger = parts.rule_trigger
        self._store = store
        self._cancellations = cancellations
        self._notifications = notifications
        self._rules = rules
        self._search = OrderSearch(store, parts.ledger)

    def get(self, order: str) -> Order:
        """The order with this id or number; `id:` or `number:` before it says which of the two it is.

        So is every `order` that the services of a desk take. Raises NotFoundError, and AmbiguousError, which names the
        orders, for what names several.
        """
        return self._order_store.resolve(order)

    def search(
        self,
        text: str | None = None,
        *,
        folder: str | None = None,
        state: OrderState | None = None,
        needs_person: bool = False,
        limit: int = 50,
        after: str | None = None,
    ) -> OrderPage:
        """One page of orders, the newest first, each with where its cancellation stands.

        The newest are those that came in last; where only the state narrows, those whose cases are the newest.

        Args:
            text: words, each of which the number, the id, a number at a service, the e-mail address, its domain or a
                name begins with; a word of one or two characters is a whole one. None takes all.
            folder: the name of a folder; None takes all.
            state: None takes all.
            needs_person: only orders of which something waits for a person.
            limit: how many at most, 1 to 500. A page may be shorter and yet not the last one.
            after: `next_after` of the page before; None: the first page.

        Raises InvalidStateError for an order store that does not list its orders, NotFoundError for an unknown folder,
        and ValidationError for what an order store cannot look for.
        """
        last = self._order_store.resolve(after).id if after is not None else None
        return self._search.read(OrderQuery(text, folder, state, needs_person), limit, last)

    def folders(self) -> tuple[str, ...]:
        """The names of the folders there are. Raises InvalidStateError for an order store that does not tell."""
        return self._search.store().folder_names()

    @then_rules_act
    def import_orders(self, orders: Iterable[Order], *, by: str) -> ImportReport:
        """Take orders into the embedded order store; rules hear of each that is new, once.

        All of them are checked before the first is written, and few are in memory at a time: an `OrderStream` over a
        file of any size will do. A shipment that an order has not had before raises the alarm where the order was
        canceled. Raises InvalidStateError for an order store that takes its orders in by itself.
        """
        person = require_actor(by)
        embedded = require_embedded_store(self._store, "import")
        new: list[OrderEvent] = []
        shipped: list[Order] = []
        report = embedded.import_orders(
            self._noting_shipments(orders, shipped),
            by=person,
            before_batch=lambda ids: new.extend(self._rules.record_imports(ids)),
        )
        self._notifications.report_shipments(shipped, by=person)
        self._rules.record(new)
        count = len(report.added) + len(report.updated) + len(report.unchanged)
        _log.info("orders imported: %d", count, about=LogSubject())
        return report

    def _noting_shipments(self, orders: Iterable[Order], shipped: MutableSequence[Order]) -> Iterator[Order]:
        """The orders; those with a shipment that is an alarm are noted, while the store still has them without it."""
        for order in orders:
            if self._notifications.has_new_shipment(order):
                shipped.append(order)
            yield order

    @then_rules_act
    def register(
        self,
        order: str,
        *,
        connection: str,
        by: str,
        remote_id: str | None = None,
        submitted_at: datetime | None = None,
    ) -> RemoteOrder:
        """Register that an order was submitted to a connection; a cancellation that is open for it goes there too.

        Args:
            remote_id: its number there, the order's own number if None.
            submitted_at: aware; now if None.

        Raises ValidationError for a number that the service would mangle or no path takes, as `..`, for a time still to
        come, and what the order store raises for clashes.
        """
        resolved, person = self._order_store.resolve(order), require_actor(by)
        role = self._connections.get(connection).integration.role
        number = resolved.number if remote_id is None else remote_id
        remote_order = RemoteOrder(connection, number, submitted_at or self._clock.now(), role)
        self._validate(resolved, remote_order)
        begun = self._scheduler.extender.begin_registration(resolved, remote_order)
        try:
            self._order_store.add_remote_order(resolved.id, remote_order, by=person)
        except ValidationError:
            self._scheduler.extender.abandon_registration(begun)
            raise
        extended = self._scheduler.extender.complete_registration(begun, resolved, remote_order)
        _log.info("registered as submitted", about=LogSubject(order_number=resolved.number, connection=connection))
        if extended is not None:
            cases = [case for case in self._cancellations.status(extended).cases if case.state is State.PENDING]
            self._scheduler.process(cases, {connection: CaseContext(resolved, remote_order, extended)})
        return remote_order

    def claim_number(self, order: str, *, by: str) -> tuple[str, ...]:
        """Let an order of the embedded order store alone go by its number; the ids of the others that had it.

        These are found by their ids from now on, and what is under way for them goes on.
        """
        embedded = require_embedded_store(self._store, "claim a number")
        return embedded.claim_number(OrderId(self._order_store.resolve(order).id), by=require_actor(by))

    def move(self, order: str, folder: str, *, by: str) -> FolderMove:
        """Put an order into a folder, and let the rules hear of it.

        By itself a move cancels nothing and notifies no service.
        """
        move, expected = self._rules.move(self._order_store.resolve(order).id, folder, require_actor(by))
        self.rule_trigger.fire(expected)
        return move

    def ensure_submittable(self, order: str) -> None:
        """For hosts, before they submit an order anywhere.

        Raises InvalidStateError where it is canceled or being so.
        """
        read_coverage(self._ledger, self._order_store, self._order_store.resolve(order)).ensure_submittable()

    def forget(self, order: str, *, by: str) -> ForgetReport:
        """Remove who people are and what they wrote from what is kept of an order, also in archives that are at hand.

        What was asked, answered and proved stays verified. An order store of your own is left to do so itself. Raises
        InvalidStateError while anything about the order is open.
        """
        resolved = OrderId(self._order_store.resolve(order).id)
        count = self._ledger.remove_personal_texts(resolved, by=require_actor(by), at=self._clock.now())
        if isinstance(self._store, SqlOrderStore):
            self._store.remove_texts(resolved, by=require_actor(by))
        cleared: list[Path] = []
        left: list[str] = []
        for archive in sorted({archived.archive for archived in self._ledger.archived(resolved)}):
            try:
                self._ledger.remove_archived_texts(Path(archive), by=require_actor(by), at=self._clock.now())
                cleared.append(Path(archive))
            except StorageError:  # It lies elsewhere now, or cannot be written: the report names it.
                left.append(archive)
        return ForgetReport(count, tuple(cleared), tuple(left))

    def _validate(self, order: Order, remote_order: RemoteOrder) -> None:
        """Refuse, before anything is recorded, a number that the service would mangle and a time still to come."""
        location = f"order {order.number} at {remote_order.connection}"
        identifiers = self._connections.get(remote_order.connection).integration.remote_id_format
        error = number_error(remote_order.remote_id, identifiers)
        if error:
            raise ValidationError(error, location=location, hint="give the number that the service knows")
        if remote_order.submitted_at > self._clock.now() + MAX_CLOCK_SKEW:
            text = f"the time of submission {remote_order.submitted_at.isoformat()} lies in the future"
            hint = "give the time at which it was submitted, with its offset from UTC, or none for now"
            raise ValidationError(text, location=location, hint=hint)
