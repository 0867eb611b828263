"""The order store over Order Desk's API v2.

What it has to change, it changes by the calls that cannot lose anybody's work: a history entry, a move, a new order. A
whole record is sent for two things only, since nothing else can hold them: the registration of an order that Order Desk
itself did not submit, and the link from an order to its duplicate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final, Self

from attrs import evolve

from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger
from orderdesk_sdk.cases.order_watch import ChangedOrder
from orderdesk_sdk.clock import MAX_CLOCK_SKEW, Clock, utc
from orderdesk_sdk.errors import NotFoundError, OrderDeskError, ValidationError
from orderdesk_sdk.orders.numbering import DEFAULT_SUFFIX, next_free_number, numbering_base
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.orders.references import OrderId, OrderNumber, order_ref
from orderdesk_sdk.orders.store import FolderMove, RegisteredOrder
from orderdesk_sdk.orders.store_rules import is_registered, pick_order
from orderdesk_sdk.stores.orderdesk_api.api import OrderDeskApi
from orderdesk_sdk.stores.orderdesk_api.connection_names import ConnectionNames
from orderdesk_sdk.stores.orderdesk_api.errors import RejectedError, StoreUnavailableError, UnclearOutcomeError
from orderdesk_sdk.stores.orderdesk_api.order_cache import OrderCache, RecentValues
from orderdesk_sdk.stores.orderdesk_api.order_copies import create_copy, is_copy_of, number_taken
from orderdesk_sdk.stores.orderdesk_api.order_document import OrderDocument
from orderdesk_sdk.stores.orderdesk_api.order_history import HistoryNote, OrderHistory
from orderdesk_sdk.stores.orderdesk_api.order_lists import OrderLists
from orderdesk_sdk.stores.orderdesk_api.order_moves import move_order
from orderdesk_sdk.stores.orderdesk_api.order_search import find_by_number, list_changed, stored_time
from orderdesk_sdk.stores.orderdesk_api.own_metadata import OwnMetadata, read_own_metadata
from orderdesk_sdk.stores.orderdesk_api.profile_cache import ProfileCache
from orderdesk_sdk.stores.orderdesk_api.record_update import read_order, update_metadata
from orderdesk_sdk.stores.orderdesk_api.remote_orders import remote_orders_of
from orderdesk_sdk.stores.orderdesk_api.settings import OrderDeskSettings
from orderdesk_sdk.stores.orderdesk_api.store_profile import StoreProfile
from orderdesk_sdk.stores.store_records import LocalStoreRecords, ServiceStatus, StoreRecords

__all__ = ["OrderDeskStore"]

_MAX_ANCESTORS: Final = 50
_PLACE: Final = "at Order Desk"
_log = RoomLogger("stores")


class OrderDeskStore(OrderLists):
    """An `OrderStore` over Order Desk's API v2; safe for threads, and beside whoever else works in the store.

    Every method raises StoreUnavailableError (a StorageError) where Order Desk cannot be asked now, ConfigurationError
    for rejected credentials, RejectedError for what it refuses, and MalformedResponseError for what is no answer.
    """

    def __init__(
        self,
        api: OrderDeskApi,
        settings: OrderDeskSettings,
        names: ConnectionNames,
        clock: Clock,
        *,
        records: StoreRecords | None = None,
        suffix: str = DEFAULT_SUFFIX,
    ) -> None:
        """
        Args:
            records: what the API cannot hold or be asked for; None keeps it in this process.
            suffix: of the numbers of duplicates.
        """
        self._api = api
        self._settings = settings
        self._names = names
        self._clock = clock
        self._records = records or LocalStoreRecords()
        self._suffix = suffix
        self._profiles = ProfileCache(api, clock, settings.timezone)
        self._history = OrderHistory(api, self._profiles)
        self._cache = OrderCache(settings.reuse_reads_for)
        self._numbers_kept = RecentValues[tuple[RemoteOrder, ...]](10_000)

    def close(self) -> None:
        """Close the connections to Order Desk."""
        self._api.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    # Orders

    def get_order(self, ref: str) -> Order:
        """The order with this id or number of the cart's, as it was within the last second or so.

        An order is found by its number if it was added within `search_days`.
        """
        return self._find(ref).order

    def registered_order(self, ref: str) -> RegisteredOrder:
        """The order, where it was submitted, and what it is a duplicate of, by one read."""
        document = self._find(ref)
        original = self._own(document).original or None
        return RegisteredOrder(document.order, original, self._remote_orders_of(document))

    def current_time(self) -> datetime:
        """The time by the store's own clock; by this program's, where the store does not tell it."""
        return stored_time(self._api.get("test").document.get("current_date_time")) or self._clock.now()

    def orders_changed(self, since: datetime, until: datetime, *, folder: str | None = None) -> Iterator[ChangedOrder]:
        """The orders that were changed from `since` to `until`, both aware and by the store's clock, page by page.

        With `folder`, those that are in it now.
        """
        folder_id = None if folder is None else self._folder_id(folder)
        return list_changed(self._api, utc(since), utc(until), zone=self._profiles.get().timezone, folder_id=folder_id)

    def _find(self, ref: str) -> OrderDocument:
        named = order_ref(ref)
        if isinstance(named, OrderId):
            return self._read(str(named))
        documents = {one.order.id: one for one in self._search(str(named))}
        by_id = None if isinstance(named, OrderNumber) else self._read_or_none(str(named))
        if by_id is not None:
            documents[by_id.order.id] = by_id
        if documents:
            return documents[pick_order(ref, (one.order for one in documents.values())).id]
        days = self._settings.search_days
        kind = "number" if isinstance(named, OrderNumber) else "id or number"
        raise NotFoundError(
            f"no order {_PLACE} has the {kind} {str(named)!r}",
            hint=f"by number, orders of the last {days} days are found; name an older one as id:NUMBER",
        )

    def _search(self, number: str) -> tuple[OrderDocument, ...]:
        if not number.strip():
            return ()
        zone = self._profiles.get().timezone
        found = find_by_number(self._api, number, now=self._clock.now(), days=self._settings.search_days, zone=zone)
        for one in found:
            self._cache.keep(one)
        return found

    def _read(self, order_id: str) -> OrderDocument:
        """The order of an id, as it was within the last second or so."""
        if not (order_id.isascii() and order_id.isdigit()):  # Every id is a number; nothing else goes into a path.
            raise NotFoundError(f"no order {_PLACE} has the id {order_id!r}", hint="give the id that Order Desk shows")
        kept = self._cache.get(order_id)
        if kept is None:
            try:
                kept = read_order(self._api, order_id)
            except NotFoundError:
                raise NotFoundError(
                    f"no order {_PLACE} has the id {order_id!r}", hint="give the id that Order Desk shows"
                ) from None
            self._cache.keep(kept)
        return kept

    def _read_or_none(self, order_id: str) -> OrderDocument | None:
        """The order of what may be an id. A number that is none may be answered with any error."""
        try:
            return self._read(order_id)
        except (NotFoundError, RejectedError):
            return None

    def _own(self, document: OrderDocument) -> OwnMetadata:
        return read_own_metadata(document.metadata, document.order.id)

    # Remote orders

    def remote_orders(self, order_id: str) -> tuple[RemoteOrder, ...]:
        """Where the order was submitted, oldest first. Takes the id only.

        A cart or service that no connection stands for is told under Order Desk's own name for it.
        """
        return self._remote_orders_of(self._read(str(order_id)))

    def _remote_orders_of(self, document: OrderDocument) -> tuple[RemoteOrder, ...]:
        order = document.order
        found = remote_orders_of(
            order, self._own(document), self._names, self._settings, self._records.statuses(order.id)
        )
        plain = tuple(evolve(remote, status=None, status_at=None) for remote in found)
        if plain and self._numbers_kept.get(order.id) != plain:
            self._records.keep_numbers(order.id, plain)
            self._numbers_kept.keep(order.id, plain)
        return found

    def add_remote_order(self, ref: str, remote_order: RemoteOrder, *, by: str) -> None:
        """Register where the order was submitted, in its metadata; the same again changes nothing."""
        _require_actor(by)
        document = self._find(ref)
        order = document.order
        wanted = evolve(remote_order, status=None, status_at=None)
        owner = self.find_by_remote_id(wanted.connection, wanted.remote_id)
        if is_registered(order, wanted, self._own(document).registered, owner):
            return
        self._check_derived(document, wanted)

        def register(own: OwnMetadata) -> OwnMetadata:
            return own if is_registered(order, wanted, own.registered) else own.with_registered(wanted)

        if original := self._own(document).original:  # What made the duplicate may have been broken off.
            self._link(self._read(original), order, by=by)
        self._change_metadata(order.id, register)
        text = f"Registered at {wanted.connection} as {wanted.remote_id} ({wanted.role.value})"
        self._note(order, text, by=by)

    def _check_derived(self, document: OrderDocument, wanted: RemoteOrder) -> None:
        """Refuse what Order Desk's own record says otherwise; the time that it does not tell may be added."""
        for known in self._remote_orders_of(document):
            if (known.remote_id, known.role) != (wanted.remote_id, wanted.role):
                is_registered(document.order, wanted, (known,))

    def find_by_remote_id(self, connection: str, remote_id: str) -> str | None:
        """The id of the order that has this number at a connection; None: none has, as far as is known.

        Found are the orders that were read before, and those whose number of the cart's it is.
        """
        kept = self._records.order_of(connection, remote_id)
        known = self._read_or_none(kept) if kept is not None else None
        if known is not None and self._is_at(known, connection, remote_id):
            return known.order.id
        found = (one.order.id for one in self._search(remote_id) if self._is_at(one, connection, remote_id))
        return next(found, None)

    def _is_at(self, document: OrderDocument, connection: str, remote_id: str) -> bool:
        return any(
            (one.connection, one.remote_id) == (connection, remote_id) for one in self._remote_orders_of(document)
        )

    def record_status(self, order_id: str, connection: str, status: str, at: datetime) -> None:
        """Keep the service's word in the ledger's database: at Order Desk only a whole record could hold it."""
        moment = utc(at)
        known = self._numbers_kept.get(str(order_id)) or ()
        if all(remote.connection != connection for remote in known):  # Else the store need not be asked, nor be there.
            known = self.remote_orders(str(order_id))
        places = [remote.connection for remote in known]
        if connection not in places:
            hint = f"the order is registered at {', '.join(places) or 'no connection'}"
            raise NotFoundError(f"order id {order_id} is not registered at {connection!r}", hint=hint)
        word = status.encode(errors="replace").decode()
        believed = self._clock.now() + MAX_CLOCK_SKEW
        self._records.keep_status(str(order_id), connection, ServiceStatus(word, moment), believed_until=believed)

    # History

    def add_history(self, ref: str, text: str, *, by: str) -> None:
        """Append to the order's history; a long text becomes several entries. Raises HistoryFullError."""
        _require_actor(by)
        self._history.add(self._find(ref).order, text, by=by)

    def add_receipt(self, order_id: str, text: str, *, by: str, key: str) -> None:
        """As `add_history`, once: the same key again adds nothing, also after a crash."""
        self._history.add(self._read(order_id).order, text, by=by, key=f"{order_id} {key}")

    def history(self, ref: str) -> tuple[HistoryNote, ...]:
        """The order's history as Order Desk tells it. Slow: not to be asked for often."""
        return self._history.read(self._find(ref).order)

    def _note(self, order: Order, text: str, *, by: str, key: str | None = None) -> None:
        """A note beside a change that was made: what keeps it from being written, does not undo the change."""
        try:
            self._history.add(order, text, by=by, key=None if key is None else f"{order.id} {key}")
        except OrderDeskError as error:
            told = LogSubject(order_number=order.number)
            _log.warning("changed, and not told in the history: %s", type(error).__name__, about=told)

    # Duplicates

    def next_free_number(self, ref: str) -> str:
        """The first free of 1042-1, 1042-2, ...: what `duplicate` would pick now."""
        document = self._find(ref)
        base = numbering_base(document.order.number, self._ancestors(document), self._suffix)
        return next_free_number(base, lambda number: bool(self._search(number)), self._suffix)

    def _ancestors(self, document: OrderDocument) -> tuple[str, ...]:
        """The numbers of the orders that this one comes from, nearest first."""
        numbers: list[str] = []
        while (original := self._own(document).original) and len(numbers) < _MAX_ANCESTORS:
            earlier = self._read_or_none(original)
            if earlier is None:
                break
            document = earlier
            numbers.append(document.order.number)
        return tuple(numbers)

    def original_of(self, order_id: str) -> str | None:
        """The id of the order that this one is a duplicate of; None: of none. Takes the id only."""
        return self._own(self._read(str(order_id))).original or None

    def duplicate(self, ref: str, *, by: str, number: str | None = None) -> Order:
        """A new order like this one in the store's first folder, submitted nowhere, linked to it both ways.

        Where an earlier call was broken off, the duplicate that it made is found, and the link completed.
        """
        _require_actor(by)
        found = self._find(ref)
        original = read_order(self._api, found.order.id)
        if number is None:
            number = self.next_free_number(OrderId(original.order.id))
        if not number.strip():
            raise number_taken(number, "none")
        copy = self._existing_copy(original.order, number) or self._create(original, number)
        self._link(original, copy.order, by=by)
        return copy.order

    def _link(self, original: OrderDocument, copy: Order, *, by: str) -> None:
        """Let an order know of its duplicate; last, so that whoever sees the link knows that the histories tell it."""
        if copy.id in self._own(original).copies:
            return
        for each, other, text in ((original.order, copy, "Duplicated as"), (copy, original.order, "Duplicate of")):
            self._note(each, f"{text} order {other.number} (id {other.id})", by=by, key=f"{text} {other.id}")
        self._change_metadata(original.order.id, lambda own: own.with_copy(copy.id))

    def _existing_copy(self, original: Order, number: str) -> OrderDocument | None:
        """The duplicate of this number, where there is one. Raises ValidationError for a number of another order."""
        for document in self._search(number):
            if not is_copy_of(document, original.id):
                raise number_taken(number, document.order.id)
            return document
        return None

    def _create(self, original: OrderDocument, number: str) -> OrderDocument:
        refusal: Exception | None = None
        try:
            create_copy(self._api, original, number)
        except (RejectedError, UnclearOutcomeError) as error:
            refusal = error
        copy = self._existing_copy(original.order, number)
        if copy is not None:
            return copy
        raise refusal or StoreUnavailableError(
            "the duplicate was created, and is not found yet",
            location=f"order {original.order.number}",
            hint="try again in a moment: it is looked for before anything is created",
        )

    def _change_metadata(self, order_id: str, change: Callable[[OwnMetadata], OwnMetadata]) -> None:
        try:
            after = update_metadata(self._api, order_id, change)
        finally:
            self._cache.forget(order_id)
        self._cache.keep(after)
        self._remote_orders_of(after)  # Its numbers are found from now on.

    # Folders

    def profile(self) -> StoreProfile:
        """The store's name, time zone and folders, as they are now."""
        return self._profiles.read()

    def ping(self) -> None:
        """Ask whether the API answers, with these credentials."""
        self._api.get("test")

    def folder_of(self, ref: str) -> str | None:
        """The name of the folder the order is in; None where it is in none."""
        folder_id = self._find(ref).order.folder_id
        if folder_id is None:
            return None
        known = self._profiles.get().folders.get(folder_id)
        return known if known is not None else self._profiles.read().folders.get(folder_id)

    def resolve_folder_name(self, name: str) -> str:
        """The folder's name as the store spells it. Raises NotFoundError, and AmbiguousError for two of one name."""
        folder_id = self._folder_id(name)
        return self._profiles.get().folders[folder_id]

    def _folder_id(self, name: str) -> int:
        try:
            return self._profiles.get().folder_id(name)
        except NotFoundError:
            return self._profiles.read().folder_id(name)  # It may be new, or have been renamed.

    def move(self, ref: str, folder: str, *, by: str) -> FolderMove:
        """Put the order into the folder of that name. In Order Desk that runs the rules of the folder."""
        _require_actor(by)
        order = self._find(ref).order
        try:
            moved = move_order(self._api, self._profiles, order.id, folder)
        finally:
            self._cache.forget(order.id)
        if moved.source != moved.destination:
            self._note(order, f"Moved from {moved.source or 'no folder'} to {moved.destination}", by=by)
        return moved


def _require_actor(by: str) -> None:
    if not by.strip():
        raise ValidationError("`by` is required", hint="name the person or program that makes this change")
