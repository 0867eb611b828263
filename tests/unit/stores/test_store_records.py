"""What is kept of the orders of a store elsewhere: the same in every database, and in a process alone."""

from __future__ import annotations

import pytest

from orderdesk_sdk.clock import minutes
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.stores.store_records import LocalStoreRecords, ServiceStatus, StoreRecords
from tests.support.builders import LATER, NOW
from tests.support.ledgers import SqlLedger


@pytest.fixture(params=["kept", "local"])
def records(request: pytest.FixtureRequest, ledger: SqlLedger) -> StoreRecords:
    return ledger.store_records("order-desk 1") if request.param == "kept" else LocalStoreRecords()


def test_numbers_name_the_order_that_was_read_last(records: StoreRecords) -> None:
    remote = RemoteOrder("mill", "77", NOW, ConnectionRole.FULFILLMENT)
    assert records.order_of("mill", "77") is None
    records.keep_numbers("1", [remote])
    records.keep_numbers("2", [remote])
    assert (records.order_of("mill", "77"), records.order_of("shop", "77")) == ("2", None)


def test_an_older_word_never_replaces_a_newer_one(records: StoreRecords) -> None:
    newer, older = ServiceStatus("packed", NOW), ServiceStatus("new", NOW - minutes(1))
    for status in (newer, older, newer):
        records.keep_status("1", "mill", status, believed_until=LATER)
    assert (dict(records.statuses("1")), dict(records.statuses("2"))) == ({"mill": newer}, {})


def test_a_word_of_a_time_to_come_is_not_believed(records: StoreRecords) -> None:
    now, future = ServiceStatus("packed", NOW), ServiceStatus("new", LATER)
    records.keep_status("1", "mill", future, believed_until=LATER)
    records.keep_status("1", "mill", now, believed_until=NOW)
    assert dict(records.statuses("1")) == {"mill": now}


def test_stores_are_kept_apart(ledger: SqlLedger) -> None:
    remote = RemoteOrder("mill", "77", NOW, ConnectionRole.FULFILLMENT)
    ledger.store_records("order-desk 1").keep_numbers("1", [remote])
    assert ledger.store_records("order-desk 2").order_of("mill", "77") is None
