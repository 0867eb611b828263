"""GET /orders: pages, filters, and dates that are the store's in the question and UTC in the answer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.support.simulated_store import Store


def found(store: Store, **query: str | int) -> list[str]:
    return [order["source_id"] for order in store.ok("GET", "orders", **query)["orders"]]


def test_a_page_says_what_it_is_of(store: Store) -> None:
    page = store.ok("GET", "orders", limit=2, offset=1, order_by="id", order="ASC")
    assert [order["id"] for order in page["orders"]] == ["58102", "58103"]
    assert (page["total_records"], page["records_returned"], page["offset"], page["limit"]) == (4, 2, 1, 2)
    usual = store.ok("GET", "orders")
    assert usual["limit"] == 50
    assert [order["source_id"] for order in usual["orders"]] == ["1044", "1043", "1042", "1045"], "newest first"
    assert store.ok("GET", "orders", limit=900)["limit"] == 500


def test_orders_are_found_by_folder(store: Store) -> None:
    assert found(store, folder_id=21655) == ["1045"]
    assert found(store, folder_id="21655, 21654", order="ASC") == ["1045", "1042", "1043", "1044"]
    assert found(store, folder_name="Prepared") == ["1045"]
    assert found(store, folder_name="prepared") == [], "the name must match exactly"


def test_orders_are_found_by_what_they_hold(store: Store) -> None:
    assert found(store, source_id="1043") == ["1043"]
    assert found(store, source_name="CommerceHub") == ["1044"]
    assert found(store, email="nora.lindqvist@example.com") == ["1042"]
    assert found(store, customer_company="Ridgeline Outfitters") == ["1044"]
    assert found(store, shipping_last_name="Abernathy", customer_first_name="Theo") == ["1045"]
    assert found(store, shipping_last_name="Abernathy", customer_first_name="June") == []


def test_orders_are_ordered_by_a_field_or_by_a_name(store: Store) -> None:
    assert found(store, order_by="order_total", order="ASC") == ["1045", "1043", "1042", "1044"]
    assert found(store, order_by="shipping_last_name", order="ASC") == ["1044", "1045", "1042", "1043"]


def test_the_history_comes_only_where_it_is_asked_for(store: Store) -> None:
    store.simulator.move_order("58101", "Prepared")
    (order,) = store.ok("GET", "orders", source_id="1042", get_order_history=1)["orders"]
    assert [entry["note"] for entry in order["order_history"]] == ["Order Moved to Prepared Folder"]
    (order,) = store.ok("GET", "orders", source_id="1042")["orders"]
    assert "order_history" not in order


@pytest.mark.parametrize(("choice", "told"), [("absent", False), ("given", True)])
def test_whether_one_order_has_its_history_is_a_switch(store: Store, choice: str, told: bool) -> None:
    store.simulator.set_option("single_history", choice)
    assert ("order_history" in store.ok("GET", "orders/58101", get_order_history=1)["order"]) is told


@pytest.mark.parametrize(
    ("zone", "start", "end"),
    [
        ("America/Los_Angeles", "2026-01-05 00:41:07", "2026-01-05 00:41:07"),
        ("America/New_York", "2026-01-05 03:41:07", "2026-01-05 03:41:07"),
        ("Asia/Kolkata", "2026-01-05 14:11:07", "2026-01-05 14:11:07"),
        ("UTC", "2026-01-05 08:41:07", "2026-01-05 08:41:07"),
    ],
)
def test_dates_of_a_search_are_in_the_zone_of_the_store(store: Store, zone: str, start: str, end: str) -> None:
    store.simulator.set_option("timezone", zone)
    assert store.ok("GET", "store")["store"]["settings"]["timezone"] == zone
    assert found(store, search_start_date=start, search_end_date=end) == ["1042"]


def test_a_day_alone_begins_at_its_midnight_there(store: Store) -> None:
    assert found(store, search_start_date="2026-01-05", search_end_date="2026-01-05 00:45:00") == ["1042"]
    assert found(store, search_start_date="2026-01-03", search_end_date="2026-01-04") == ["1045"]


def test_searches_by_change_follow_every_change(store: Store) -> None:
    assert found(store, modified_start_date="2026-01-05 01:00:00") == ["1044"]
    store.ok("POST", "orders/58104/order-history", {"note": "seen"})
    assert found(store, modified_start_date="2026-01-05 01:00:00", modified_end_date="2026-01-05 01:00:00") == ["1045"]
    store.simulator.set_option("history_touches", "no")
    store.clock.advance(datetime(2026, 1, 5, 10, tzinfo=UTC) - store.clock.now())
    store.ok("POST", "orders/58104/order-history", {"note": "seen again"})
    assert found(store, modified_start_date="2026-01-05 01:30:00") == []


@pytest.mark.parametrize(
    ("added", "local"),
    [
        ("2026-03-08 09:59:59", "2026-03-08 01:59:59"),
        ("2026-03-08 10:00:00", "2026-03-08 03:00:00"),
        ("2026-03-08 10:30:00", "2026-03-08 02:30:00"),
        ("2026-11-01 08:30:00", "2026-11-01 01:30:00"),
        ("2026-11-01 10:00:00", "2026-11-01 02:00:00"),
    ],
    ids=["last second of winter", "first of summer", "skipped", "shown twice", "first of winter"],
)
def test_the_change_of_summer_time_moves_the_filter_and_not_the_order(store: Store, added: str, local: str) -> None:
    person = {"company": "Clockmakers"}
    body = {"source_id": "T", "date_added": added, "shipping": person, "order_items": [{"name": "clock"}]}
    assert store.ok("POST", "orders", body)["order"]["date_added"] == added
    assert found(store, search_start_date=local, search_end_date=local) == ["T"]


@pytest.mark.parametrize("date", ["2026-01-05T00:00:00Z", "yesterday", "2026-13-01"])
def test_a_date_of_another_kind_is_refused(store: Store, date: str) -> None:
    assert store.call("GET", "orders", search_start_date=date).status_code == 400


def test_a_list_without_a_start_is_a_misuse(store: Store) -> None:
    found(store, search_start_date="2026-01-01")
    found(store, modified_start_date="2026-01-01", folder_name="Canceled")
    found(store, source_id="1042")
    assert store.misuses() == []
    found(store, search_end_date="2026-01-09")
    assert store.misuses() == ["a list without a start date"]
