"""Lists of a live Order Desk store: what its API finds, in bounded ranges, and a word on what it does not find."""

from __future__ import annotations

import pytest

from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.errors import NotFoundError, ValidationError
from orderdesk_sdk.orders.order_search import SearchableOrderStore
from orderdesk_sdk.stores.orderdesk_api.order_search import PAGE
from orderdesk_sdk.stores.orderdesk_api.store import OrderDeskStore
from orderdesk_sdk.stores.store_records import LocalStoreRecords
from tests.support.order_desk import ORDER_ID, ORDER_NUMBER, LiveStore, remote_order


def found(store: OrderDeskStore, text: str | None = None, folder: str | None = None) -> list[str]:
    return [one.order.number for one in store.search_orders(text, folder).orders]


def test_it_lists_orders_the_newest_first_by_folder(live: LiveStore, store: OrderDeskStore) -> None:
    assert isinstance(store, SearchableOrderStore)
    live.clock.advance(hours(24))
    live.simulator.add_order("N-1", lines=[("MUG", 1)])
    live.clock.advance(minutes(1))
    live.simulator.add_order("N-2", lines=[("MUG", 1)])
    everything = found(store)
    assert everything[:2] == ["N-2", "N-1"]
    assert ORDER_NUMBER in everything
    store.move(ORDER_NUMBER, "Prepared", by="Ann")
    page = store.search_orders(None, "prepared")
    assert [(one.order.number, one.folder) for one in page.orders if one.order.id == ORDER_ID] == [
        (ORDER_NUMBER, "Prepared")
    ]
    assert "N-1" not in [one.order.number for one in page.orders]
    assert store.folder_names() == ("New", "Prepared", "Closed", "Canceled")
    with pytest.raises(NotFoundError):
        store.search_orders(None, "Nowhere")


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_pages_follow_each_other_also_within_a_second(live: LiveStore, store: OrderDeskStore, limit: int) -> None:
    live.clock.advance(hours(24))
    for number in range(4):
        live.simulator.add_order(f"N-{number}", lines=[("MUG", 1)])
    whole = [one.order.id for one in store.search_orders().orders]
    paged: list[str] = []
    while True:
        page = store.search_orders(limit=limit, after=paged[-1] if paged else None)
        paged += [one.order.id for one in page.orders]
        if not page.has_more:
            break
    assert paged == whole
    assert len(set(paged)) == len(paged) > 4


def test_no_more_is_asked_for_than_is_shown(live: LiveStore, store: OrderDeskStore) -> None:
    for number in range(PAGE + 20):
        live.simulator.add_order(f"N-{number}", lines=[("MUG", 1)])
    calls = len(live.calls("GET", "/orders"))
    assert len(store.search_orders(limit=20).orders) == 20
    assert len(live.calls("GET", "/orders")) == calls + 1
    assert live.simulator.misuses == [], "a range of dates is asked for, as Order Desk wants it"


def test_an_order_is_found_by_a_whole_number_id_or_address(live: LiveStore, store: OrderDeskStore) -> None:
    live.simulator.edit_order(ORDER_ID, {"email": "Anna@example.com"})
    for text in (ORDER_NUMBER, ORDER_ID, f" {ORDER_NUMBER} "):
        assert found(store, text) == [ORDER_NUMBER]
    assert found(store, "Anna@example.com") == [ORDER_NUMBER]
    assert found(store, "nobody@example.com") == []
    assert found(store, "4711") == []
    assert found(store, ORDER_NUMBER, "Canceled") == []
    assert store.search_orders(ORDER_NUMBER, after=ORDER_ID).orders == ()


def test_an_order_is_found_by_its_number_elsewhere_once_it_was_seen(live: LiveStore) -> None:
    with live.opened(LocalStoreRecords()) as store:
        store.add_remote_order(ORDER_ID, remote_order("mill", "M-555"), by="Ann")
        (one,) = store.search_orders("M-555").orders
    assert one.order.id == ORDER_ID
    assert "M-555" in [remote.remote_id for remote in one.remote_orders]


@pytest.mark.parametrize("text", ["anna", "Anna Smith", "1042 anna", "anna@example.com smith"])
def test_what_the_api_does_not_find_is_said(store: OrderDeskStore, text: str) -> None:
    with pytest.raises(ValidationError, match="does not find orders by names - give one whole number"):
        store.search_orders(text)


def test_orders_by_id_are_read_one_by_one(live: LiveStore, store: OrderDeskStore) -> None:
    assert [one.order.id for one in store.find_orders([ORDER_ID, "4711", "x"])] == [ORDER_ID]
    assert store.read_together <= 20


def test_orders_that_came_long_ago_are_in_no_list(live: LiveStore, store: OrderDeskStore) -> None:
    assert ORDER_NUMBER in found(store)
    live.clock.advance(hours(24 * 500))
    assert found(store) == []
