"""Lists of the orders at Order Desk, as far as its API finds any: by number, id and e-mail address, and by folder.

Each is bounded: by the days within which orders are looked for, and by the page that somebody wants to see.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

from orderdesk_sdk.clock import Clock
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.orders.order_search import FoundOrder, FoundOrders, search_words
from orderdesk_sdk.stores.orderdesk_api.api import OrderDeskApi
from orderdesk_sdk.stores.orderdesk_api.connection_names import ConnectionNames
from orderdesk_sdk.stores.orderdesk_api.order_document import OrderDocument
from orderdesk_sdk.stores.orderdesk_api.order_search import list_newest
from orderdesk_sdk.stores.orderdesk_api.profile_cache import ProfileCache
from orderdesk_sdk.stores.orderdesk_api.settings import OrderDeskSettings
from orderdesk_sdk.stores.store_records import StoreRecords

__all__ = ["OrderLists"]


class OrderLists(ABC):
    """What a `SearchableOrderStore` offers, over Order Desk's API."""

    read_together: Final = 20
    """Each order that is named by its id is a call."""

    _api: OrderDeskApi
    _settings: OrderDeskSettings
    _names: ConnectionNames
    _clock: Clock
    _records: StoreRecords
    _profiles: ProfileCache

    @abstractmethod
    def _search(self, number: str) -> tuple[OrderDocument, ...]:
        """The orders with this number of the cart's."""

    @abstractmethod
    def _read(self, order_id: str) -> OrderDocument:
        """The order of an id."""

    @abstractmethod
    def _read_or_none(self, order_id: str) -> OrderDocument | None:
        """The order of what may be an id."""

    @abstractmethod
    def _folder_id(self, name: str) -> int:
        """The id of a folder."""

    @abstractmethod
    def _remote_orders_of(self, document: OrderDocument) -> tuple[RemoteOrder, ...]:
        """Where an order was submitted."""

    def search_orders(
        self, text: str | None = None, folder: str | None = None, *, limit: int = 50, after: str | None = None
    ) -> FoundOrders:
        """One page of the orders that were added within `search_days`, the newest first.

        Found by whole numbers, ids and e-mail addresses. Raises ValidationError for another text.
        """
        folder_id = None if folder is None else self._folder_id(folder)
        wanted = (text or "").strip()
        if len(search_words(text)) > 1:
            raise _not_searchable()
        if wanted and "@" not in wanted:
            return FoundOrders(self._named(wanted, folder_id) if after is None else (), has_more=False)
        found = list_newest(
            self._api,
            now=self._clock.now(),
            days=self._settings.search_days,
            zone=self._profiles.get().timezone,
            most=limit + 1,
            folder_id=folder_id,
            email=wanted or None,
            before=None if after is None else self._read(after).order,
        )
        return FoundOrders(tuple(map(self._found, found[:limit])), has_more=len(found) > limit)

    def find_orders(self, order_ids: Sequence[str]) -> tuple[FoundOrder, ...]:
        """The orders with these ids, in their order; those that there are."""
        read = map(self._read_or_none, order_ids)
        return tuple(self._found(document) for document in read if document is not None)

    def folder_names(self) -> tuple[str, ...]:
        """The names of the store's folders."""
        return tuple(self._profiles.get().folders.values())

    def _named(self, name: str, folder_id: int | None) -> tuple[FoundOrder, ...]:
        """The orders that a name may be meant for, as an id, as a number, or as a number elsewhere."""
        documents = {one.order.id: one for one in self._search(name)}
        kept = {self._records.order_of(connection, name) for connection in self._names.connections()}
        for order_id in {name, *kept} - {None, *documents}:
            if order_id is not None and (document := self._read_or_none(order_id)) is not None:
                documents[order_id] = document
        if not documents and not any(map(str.isdigit, name)):
            raise _not_searchable()
        found = [self._found(one) for one in documents.values() if folder_id in (None, one.order.folder_id)]
        return tuple(sorted(found, key=lambda one: int(one.order.id), reverse=True))

    def _found(self, document: OrderDocument) -> FoundOrder:
        folder = document.order.folder_id
        name = None if folder is None else self._profiles.get().folders.get(folder)
        return FoundOrder(document.order, name, self._remote_orders_of(document))


def _not_searchable() -> ValidationError:
    return ValidationError(
        "Order Desk's API does not find orders by names",
        location="text",
        hint="give one whole number, id or e-mail address, or look in Order Desk",
    )
