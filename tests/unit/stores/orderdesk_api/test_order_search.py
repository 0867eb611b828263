"""Ranges of dates in the store's local time, across changes of summer time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderdesk_sdk.clock import hours
from orderdesk_sdk.stores.orderdesk_api.order_search import PAGE, store_local_range
from orderdesk_sdk.stores.orderdesk_api.store import OrderDeskStore
from tests.support.order_desk import ORDER_ID, LiveStore

ZONES = ("America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "UTC")


def as_moment(text: str, zone: ZoneInfo, fold: int) -> datetime:
    local = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone, fold=fold)
    return local.astimezone(UTC)


@given(
    since=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - given
    length=st.timedeltas(timedelta(seconds=1), timedelta(days=3)),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    fold=st.sampled_from([0, 1]),
)
def test_a_range_holds_every_moment_however_the_store_reads_it(
    since: datetime, length: timedelta, zone: ZoneInfo, fold: int
) -> None:
    until = since + length
    first, last = store_local_range(since, until, zone)
    assert as_moment(first, zone, fold) <= since
    assert as_moment(last, zone, fold) >= until.replace(microsecond=0)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(
    "changed", [datetime(2026, 11, 1, 9, 30, tzinfo=UTC), datetime(2026, 3, 8, 10, 30, tzinfo=UTC)]
)
def test_orders_that_changed_around_a_change_of_summer_time_are_found(
    live: LiveStore, store: OrderDeskStore, zone: str, changed: datetime
) -> None:
    live.simulator.set_option("timezone", zone)
    live.clock.advance(changed - live.clock.now())
    live.simulator.edit_order(ORDER_ID, {"shipping_method": "Air"})
    for minute in (0, 30, 59):
        since = changed - timedelta(minutes=minute)
        found = store.orders_changed(since, changed + timedelta(minutes=1), folder="New")
        assert [order.order_id for order in found] == [ORDER_ID]
    assert list(store.orders_changed(changed + timedelta(minutes=1), changed + hours(2))) == []


def test_more_orders_than_a_page_holds(live: LiveStore, store: OrderDeskStore) -> None:
    live.clock.advance(hours(1))
    for number in range(PAGE + 20):
        live.simulator.add_order(f"N-{number}", lines=[("MUG", 1)])
    found = [order.order_id for order in store.orders_changed(live.clock.now(), live.clock.now() + hours(1))]
    assert len(set(found)) == len(found) == PAGE + 20
    assert len(live.calls("GET", "/orders")) == 2
