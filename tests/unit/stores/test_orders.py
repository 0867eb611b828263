"""What the embedded order store does beyond what every store must; that is in test_order_store_conformance.py."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import NotFoundError, ValidationError
from orderdesk_sdk.orders.numbering import next_free_number
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.orders.store import FolderMove
from orderdesk_sdk.stores.sql.order_import import ImportReport
from orderdesk_sdk.stores.sql.order_rows import Folder
from orderdesk_sdk.stores.sql.order_store import SqlOrderStore

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
TABLES = ("orders", "folders", "remote_orders", "order_links", "order_history")
AT_MWW = RemoteOrder("mww-main", "M-1", START, ConnectionRole.FULFILLMENT)


def samples() -> tuple[Order, ...]:
    return read_order_text(SAMPLE_ORDERS, location="samples")


def texts(local_host: SqlOrderStore, ref: str) -> list[str]:
    return [entry.text for entry in local_host.history(ref)]


# Import


def test_imported_orders_come_back_whole_by_id_and_number(order_store: SqlOrderStore) -> None:
    for order in samples():
        assert order_store.get_order(order.id) == order
        assert order_store.get_order(order.number) == order


def test_an_order_without_folder_goes_into_new(order_store: SqlOrderStore) -> None:
    order_store.import_orders([Order(id="9", number="77")], by="mara")
    assert order_store.get_order("77").folder_id == order_store.folders()[0].id
    assert order_store.get_order("1045").folder_id == 2


def test_import_adds_updates_and_leaves_alone(order_store: SqlOrderStore) -> None:
    first, second, *_ = samples()
    changed = evolve(first, email="new@example.com", order_total=Decimal("80.00"))
    report = order_store.import_orders([changed, second, Order(id="9", number="77")], by="cron")
    assert report == ImportReport(added=("77",), updated=("1042",), unchanged=("1043",))
    assert order_store.get_order("1042").email == "new@example.com"
    assert texts(order_store, "1042") == ["Imported", "Updated by import"]
    assert texts(order_store, "1043") == ["Imported"]
    assert order_store.history("1042")[1].by == "cron"


def test_an_update_keeps_folder_placements_history_and_links(order_store: SqlOrderStore) -> None:
    copy = order_store.duplicate("1042", by="mara")
    order_store.add_remote_order("1042", AT_MWW, by="mara")
    order_store.move("1042", "Closed", by="mara")
    before = texts(order_store, "1042")
    order_store.import_orders([evolve(samples()[0], number="1042-B", email="")], by="mara")
    assert order_store.get_order("1042-B").folder_id == 3
    assert order_store.remote_orders("58101") == (AT_MWW,)
    assert texts(order_store, "1042-B") == [*before, "Updated by import"]
    assert order_store.duplicates_of("58101") == (copy.id,)
    with pytest.raises(NotFoundError):
        order_store.get_order("1042")


def test_a_number_that_another_id_has_is_told_and_nothing_is_left_out(order_store: SqlOrderStore) -> None:
    orders = [Order(id="8", number="new"), Order(id="9", number="1042"), Order(id="10", number="1043")]
    report = order_store.import_orders(orders, by="mara")
    assert report.added == ("new", "1042", "1043")
    assert [(clash.number, clash.ids) for clash in report.conflicts] == [
        ("1042", ("9", "58101")),
        ("1043", ("10", "58102")),
    ]
    assert (
        "say id:9 (1042 of no source) or id:58101 (1042 of Paper Lantern Shop, 2026-01-05)"
        in report.conflicts[0].message
    )
    assert order_store.import_orders(orders, by="mara") == ImportReport(unchanged=("new", "1042", "1043")), "told once"


def test_an_id_that_comes_twice_in_one_import_stops_it(order_store: SqlOrderStore) -> None:
    with pytest.raises(ValidationError, match="order 8: its id comes twice"):
        order_store.import_orders([Order(id="8", number="a"), Order(id="8", number="b")], by="mara")
    with pytest.raises(NotFoundError):
        order_store.get_order("a")


def test_an_order_from_a_folder_of_another_store_goes_into_new_and_its_history_says_so(
    order_store: SqlOrderStore,
) -> None:
    order_store.import_orders([Order(id="9", number="77", folder_id=38211)], by="mara")
    assert order_store.get_order("77").folder_id == order_store.folders()[0].id
    assert texts(order_store, "77") == ["Imported from folder 38211, unknown here"]


def test_an_order_that_json_cannot_say_is_refused_by_its_id(order_store: SqlOrderStore) -> None:
    with pytest.raises(ValidationError, match=r"order 9: .*class set"):
        order_store.import_orders([Order(id="9", number="77", extra={"odd": {1}})], by="mara")


# Finding


def test_an_unknown_order_gets_close_matches(order_store: SqlOrderStore) -> None:
    with pytest.raises(NotFoundError, match=r"'#1042' - did you mean 1042"):
        order_store.get_order("#1042")
    with pytest.raises(NotFoundError, match="import the order first"):
        order_store.get_order("zzz")


# Folders


def test_the_usual_folders_exist_and_others_can_be_made(order_store: SqlOrderStore) -> None:
    assert [folder.name for folder in order_store.folders()] == ["New", "Prepared", "Closed", "Canceled"]
    assert order_store.create_folder(" On hold ") == Folder(5, "On hold")
    assert order_store.move("1042", "on HOLD", by="mara") == FolderMove("58101", "New", "On hold")
    for name in ("canceled", "  "):
        with pytest.raises(ValidationError, match="give a name that no folder has yet"):
            order_store.create_folder(name)


def test_a_move_changes_the_folder_and_the_history_and_nothing_else(order_store: SqlOrderStore) -> None:
    order_store.add_remote_order("1042", AT_MWW, by="mara")

    def tables() -> dict[str, list[tuple[object, ...]]]:
        with order_store._database.reading() as db:
            return {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in TABLES}  # noqa: S608 - our own names

    before = tables()
    assert order_store.move("1042", "Canceled", by="rule: late") == FolderMove("58101", "New", "Canceled")
    after = tables()
    touched = {name for name in before if before[name] != after[name]}
    assert touched == {"orders", "order_history"}
    assert order_store.get_order("1042") == evolve(samples()[0], folder_id=4)
    assert order_store.remote_orders("58101") == (AT_MWW,)
    assert texts(order_store, "1042")[-1] == "Moved from New to Canceled"
    assert order_store.history("1042")[-1].by == "rule: late"


# Remote orders


def test_an_order_is_at_a_connection_once(order_store: SqlOrderStore) -> None:
    order_store.add_remote_order("1042", AT_MWW, by="mara")
    other_data = (
        evolve(AT_MWW, remote_id="M-2"),
        evolve(AT_MWW, role=ConnectionRole.CART),
        evolve(AT_MWW, submitted_at=START + timedelta(seconds=1)),
    )
    for other in other_data:
        with pytest.raises(
            ValidationError, match=r"order 1042 at mww-main: already registered as M-1.*duplicate the order"
        ):
            order_store.add_remote_order("1042", other, by="mara")
    assert order_store.remote_orders("58101") == (AT_MWW,)


@pytest.mark.parametrize("blank", [evolve(AT_MWW, connection=" "), evolve(AT_MWW, remote_id="")])
def test_a_placement_needs_a_connection_and_a_number(order_store: SqlOrderStore, blank: RemoteOrder) -> None:
    with pytest.raises(ValidationError, match="needs a connection and the order's number"):
        order_store.add_remote_order("1042", blank, by="mara")


def test_a_word_that_a_clock_dated_hours_ahead_does_not_keep_later_ones_out(order_store: SqlOrderStore) -> None:
    order_store.add_remote_order("1042", AT_MWW, by="mara")
    order_store.record_status("58101", "mww-main", "Received", START + timedelta(hours=6))
    order_store.record_status("58101", "mww-main", "Printing", START + timedelta(minutes=1))
    remote_order = order_store.remote_orders("58101")[0]
    assert (remote_order.status, remote_order.status_at) == ("Printing", START + timedelta(minutes=1))


def test_a_status_needs_a_placement_and_a_zone(order_store: SqlOrderStore) -> None:
    with pytest.raises(NotFoundError, match=r"not registered at 'mww-main' - the order is registered at no connection"):
        order_store.record_status("58101", "mww-main", "Received", START)
    with pytest.raises(ValueError, match="no time zone"):
        order_store.record_status("58101", "mww-main", "Received", START.replace(tzinfo=None))


def test_calls_that_take_an_id_do_not_take_a_number(order_store: SqlOrderStore) -> None:
    with pytest.raises(NotFoundError, match="give the id, not the number"):
        order_store.duplicates_of("1042")
    with pytest.raises(NotFoundError, match="give the id, not the number"):
        order_store.remote_orders("1042")


# Duplicates


def test_a_duplicate_is_new_unplaced_and_linked_both_ways(order_store: SqlOrderStore, clock: VirtualClock) -> None:
    original = evolve(samples()[3], fulfillment_id="M-1", fulfillment_name="MWW")
    order_store.import_orders([original], by="mara")
    order_store.add_remote_order("1045", AT_MWW, by="mara")
    clock.advance(timedelta(hours=1))
    copy = order_store.duplicate("1045", by="mara")
    assert copy == evolve(
        original,
        id=copy.id,
        number="1045-1",
        folder_id=1,
        fulfillment_id="",
        fulfillment_name="",
        shipments=(),
        added_at=clock.now(),
        updated_at=clock.now(),
    )
    assert copy.id != original.id
    assert order_store.get_order("1045-1") == copy
    assert order_store.remote_orders(copy.id) == ()
    assert order_store.get_order("1045") == original
    assert order_store.remote_orders(original.id) == (AT_MWW,)
    assert (order_store.original_of(copy.id), order_store.original_of(original.id)) == (original.id, None)
    assert (order_store.duplicates_of(original.id), order_store.duplicates_of(copy.id)) == ((copy.id,), ())
    assert texts(order_store, copy.id) == [f"Duplicate of order 1045 (id {original.id})"]
    assert texts(order_store, "1045")[-1] == f"Duplicated as order 1045-1 (id {copy.id})"


def test_copies_of_copies_count_on_from_the_first_original(order_store: SqlOrderStore) -> None:
    first = order_store.duplicate("1042", by="mara")
    second = order_store.duplicate(first.id, by="mara")
    third = order_store.duplicate("1042", by="mara")
    assert [first.number, second.number, third.number] == ["1042-1", "1042-2", "1042-3"]
    assert order_store.original_of(second.id) == first.id
    assert order_store.duplicates_of("58101") == (first.id, third.id)


def test_a_hyphen_of_the_cart_is_not_taken_for_a_suffix(order_store: SqlOrderStore) -> None:
    order_store.import_orders([Order(id="9", number="112-3456789-1234567")], by="mara")
    assert order_store.duplicate("9", by="mara").number == "112-3456789-1234567-1"


def test_a_number_can_be_given_and_a_taken_one_names_its_owner(order_store: SqlOrderStore) -> None:
    copy = order_store.duplicate("1042", by="mara", number="R-1")
    assert order_store.get_order("R-1") == copy
    assert order_store.duplicate("R-1", by="mara").number == "R-1-1"
    with pytest.raises(ValidationError, match="belongs to order id 58102"):
        order_store.duplicate("1042", by="mara", number="1043")
    with pytest.raises(ValidationError, match="is blank"):
        order_store.duplicate("1042", by="mara", number=" ")


@given(st.sets(st.integers(1, 30)))
def test_the_next_number_is_the_first_free_one(used: set[int]) -> None:
    taken = {f"A-{count}" for count in used}
    found = next_free_number("A", taken.__contains__)
    assert found == f"A-{min(set(range(1, 32)) - used)}"
