"""The embedded local host: nothing is lost, nothing is given twice, a folder is only a label."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import InputError, NotFoundError
from orderdesk_sdk.orders.numbering import next_number
from orderdesk_sdk.orders.order import Order, Placement, Role
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.orders.store import Host, Move
from orderdesk_sdk.stores.sqlite.orders import Folder, ImportReport, LocalHost

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
AT_MWW = Placement("mww-main", "M-1", START, Role.FULFILLMENT)


def samples() -> tuple[Order, ...]:
    return read_order_text(SAMPLE_ORDERS, place="samples")


def texts(local_host: LocalHost, ref: str) -> list[str]:
    return [entry.text for entry in local_host.history(ref)]


def test_the_local_host_is_a_host(local_host: LocalHost) -> None:
    as_host: Host = local_host  # mypy judges this line
    assert as_host.order("1042").id == "58101"


# Import


def test_imported_orders_come_back_whole_by_id_and_number(local_host: LocalHost) -> None:
    for order in samples():
        assert local_host.order(order.id) == order
        assert local_host.order(order.number) == order


def test_an_order_without_folder_goes_into_new(local_host: LocalHost) -> None:
    local_host.import_orders([Order(id="9", number="77")], by="mara")
    assert local_host.order("77").folder_id == local_host.folders()[0].id
    assert local_host.order("1045").folder_id == 2


def test_import_adds_updates_and_leaves_alone(local_host: LocalHost) -> None:
    first, second, *_ = samples()
    changed = evolve(first, email="new@example.com", order_total=Decimal("80.00"))
    report = local_host.import_orders([changed, second, Order(id="9", number="77")], by="cron")
    assert report == ImportReport(added=("77",), updated=("1042",), unchanged=("1043",))
    assert local_host.order("1042").email == "new@example.com"
    assert texts(local_host, "1042") == ["Imported", "Updated by import"]
    assert texts(local_host, "1043") == ["Imported"]
    assert local_host.history("1042")[1].by == "cron"


def test_an_update_keeps_folder_placements_history_and_links(local_host: LocalHost) -> None:
    copy = local_host.duplicate("1042", by="mara")
    local_host.place("1042", AT_MWW, by="mara")
    local_host.move("1042", "Closed", by="mara")
    before = texts(local_host, "1042")
    local_host.import_orders([evolve(samples()[0], number="1042-B", email="")], by="mara")
    assert local_host.order("1042-B").folder_id == 3
    assert local_host.placements("58101") == (AT_MWW,)
    assert texts(local_host, "1042-B") == [*before, "Updated by import"]
    assert local_host.copies("58101") == (copy.id,)
    with pytest.raises(NotFoundError):
        local_host.order("1042")


def test_a_number_that_another_id_has_is_told_and_nothing_is_left_out(local_host: LocalHost) -> None:
    orders = [Order(id="8", number="new"), Order(id="9", number="1042"), Order(id="10", number="1043")]
    report = local_host.import_orders(orders, by="mara")
    assert report.added == ("new", "1042", "1043")
    assert [(clash.number, clash.ids) for clash in report.clashes] == [
        ("1042", ("9", "58101")),
        ("1043", ("10", "58102")),
    ]
    assert "say id:9 (1042 of no source) or id:58101 (1042 of Paper Lantern Shop, 2026-01-05)" in report.clashes[0].text
    assert local_host.import_orders(orders, by="mara") == ImportReport(unchanged=("new", "1042", "1043")), "told once"


def test_an_id_that_comes_twice_in_one_import_stops_it(local_host: LocalHost) -> None:
    with pytest.raises(InputError, match="order 8: its id comes twice"):
        local_host.import_orders([Order(id="8", number="a"), Order(id="8", number="b")], by="mara")
    with pytest.raises(NotFoundError):
        local_host.order("a")


def test_an_order_from_a_folder_of_another_store_goes_into_new_and_its_history_says_so(local_host: LocalHost) -> None:
    local_host.import_orders([Order(id="9", number="77", folder_id=38211)], by="mara")
    assert local_host.order("77").folder_id == local_host.folders()[0].id
    assert texts(local_host, "77") == ["Imported from folder 38211, unknown here"]


def test_an_order_that_json_cannot_say_is_refused_by_its_id(local_host: LocalHost) -> None:
    with pytest.raises(InputError, match=r"order 9: .*class set"):
        local_host.import_orders([Order(id="9", number="77", extra={"odd": {1}})], by="mara")


# Finding


def test_an_unknown_order_gets_close_matches(local_host: LocalHost) -> None:
    with pytest.raises(NotFoundError, match=r"'#1042' - did you mean 1042"):
        local_host.order("#1042")
    with pytest.raises(NotFoundError, match="import the order first"):
        local_host.order("zzz")


def test_a_name_of_two_orders_is_not_guessed(local_host: LocalHost) -> None:
    local_host.import_orders([Order(id="1042", number="2000")], by="mara")
    with pytest.raises(NotFoundError, match=r"'1042' is the id of one order and the number of another"):
        local_host.order("1042")
    assert local_host.order("2000").id == "1042"
    assert local_host.order("58101").number == "1042"


def test_orders_are_paged_in_import_order_and_by_folder(local_host: LocalHost) -> None:
    assert [order.number for order in local_host.orders()] == ["1042", "1043", "1044", "1045"]
    assert [order.number for order in local_host.orders(limit=2, offset=1)] == ["1043", "1044"]
    assert [order.number for order in local_host.orders("new")] == ["1042", "1043", "1044"]
    assert [order.number for order in local_host.orders("New", limit=1, offset=2)] == ["1044"]
    for limit, offset in ((0, 0), (501, 0), (1, -1)):
        with pytest.raises(InputError, match="limit 1 to 500"):
            local_host.orders(limit=limit, offset=offset)


# Folders


def test_the_usual_folders_exist_and_others_can_be_made(local_host: LocalHost) -> None:
    assert [folder.name for folder in local_host.folders()] == ["New", "Prepared", "Closed", "Canceled"]
    assert local_host.create_folder(" On hold ") == Folder(5, "On hold")
    assert local_host.move("1042", "on HOLD", by="mara") == Move("58101", "New", "On hold")
    for name in ("canceled", "  "):
        with pytest.raises(InputError, match="give a name that no folder has yet"):
            local_host.create_folder(name)


def test_a_move_changes_the_folder_and_the_history_and_nothing_else(local_host: LocalHost, path: Path) -> None:
    local_host.place("1042", AT_MWW, by="mara")

    def tables() -> dict[str, list[tuple[object, ...]]]:
        with sqlite3.connect(path) as db:
            names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            content = {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in names}  # noqa: S608 - our own names
        db.close()
        return content

    before = tables()
    assert local_host.move("1042", "Canceled", by="rule: late") == Move("58101", "New", "Canceled")
    after = tables()
    touched = {name for name in before if before[name] != after[name]}
    assert touched == {"host_orders", "host_history", "sqlite_sequence"}
    assert local_host.order("1042") == evolve(samples()[0], folder_id=4)
    assert local_host.placements("58101") == (AT_MWW,)
    assert texts(local_host, "1042")[-1] == "Moved from New to Canceled"
    assert local_host.history("1042")[-1].by == "rule: late"


def test_a_move_into_the_same_folder_leaves_no_trace(local_host: LocalHost) -> None:
    assert local_host.move("1042", "New", by="mara") == Move("58101", "New", "New")
    assert texts(local_host, "1042") == ["Imported"]


def test_a_move_to_an_unknown_folder_names_the_known_ones(local_host: LocalHost) -> None:
    with pytest.raises(NotFoundError, match=r"no folder 'Cancelled'.*New, Prepared, Closed, Canceled"):
        local_host.move("1042", "Cancelled", by="mara")


# Placements


def test_the_same_placement_again_changes_nothing(local_host: LocalHost) -> None:
    local_host.place("1042", evolve(AT_MWW, status="Received", status_at=START), by="mara")
    local_host.note_status("58101", "mww-main", "Printing", START + timedelta(minutes=1))
    local_host.place("58101", AT_MWW, by="mara")
    (placement,) = local_host.placements("58101")
    assert (placement.status, placement.status_at) == ("Printing", START + timedelta(minutes=1))
    assert texts(local_host, "1042") == ["Imported", "Placed at mww-main as M-1 (fulfillment)"]


def test_an_order_is_at_a_connection_once(local_host: LocalHost) -> None:
    local_host.place("1042", AT_MWW, by="mara")
    other_data = (
        evolve(AT_MWW, remote_id="M-2"),
        evolve(AT_MWW, role=Role.CART),
        evolve(AT_MWW, submitted_at=START + timedelta(seconds=1)),
    )
    for other in other_data:
        with pytest.raises(InputError, match=r"order 1042 at mww-main: already placed as M-1.*duplicate the order"):
            local_host.place("1042", other, by="mara")
    assert local_host.placements("58101") == (AT_MWW,)


def test_a_remote_number_belongs_to_one_order(local_host: LocalHost) -> None:
    local_host.place("1042", AT_MWW, by="mara")
    with pytest.raises(InputError, match="number M-1 there belongs to order id 58101"):
        local_host.place("1043", AT_MWW, by="mara")
    local_host.place("1043", evolve(AT_MWW, connection="mww-europe"), by="mara")
    assert local_host.placements("58102") == (evolve(AT_MWW, connection="mww-europe"),)


@pytest.mark.parametrize("blank", [evolve(AT_MWW, connection=" "), evolve(AT_MWW, remote_id="")])
def test_a_placement_needs_a_connection_and_a_number(local_host: LocalHost, blank: Placement) -> None:
    with pytest.raises(InputError, match="needs a connection and the order's number"):
        local_host.place("1042", blank, by="mara")


def test_placements_come_oldest_first(local_host: LocalHost) -> None:
    later = Placement("bdlinx", "B-9", START + timedelta(hours=1), Role.FULFILLMENT)
    earlier = Placement("shop", "1042", START - timedelta(hours=1), Role.CART)
    for placement in (later, AT_MWW, earlier):
        local_host.place("1042", placement, by="mara")
    assert local_host.placements("58101") == (earlier, AT_MWW, later)


def test_an_older_word_never_replaces_a_newer_one(local_host: LocalHost) -> None:
    local_host.place("1042", AT_MWW, by="mara")
    for minute, word in ((1, "Received"), (3, "Printing"), (2, "Received")):
        local_host.note_status("58101", "mww-main", word, START + timedelta(minutes=minute))
    assert local_host.placements("58101")[0].status == "Printing"
    assert len(local_host.history("1042")) == 2


def test_a_word_that_a_clock_dated_hours_ahead_does_not_keep_later_ones_out(local_host: LocalHost) -> None:
    local_host.place("1042", AT_MWW, by="mara")
    local_host.note_status("58101", "mww-main", "Received", START + timedelta(hours=6))
    local_host.note_status("58101", "mww-main", "Printing", START + timedelta(minutes=1))
    placement = local_host.placements("58101")[0]
    assert (placement.status, placement.status_at) == ("Printing", START + timedelta(minutes=1))


def test_a_status_needs_a_placement_and_a_zone(local_host: LocalHost) -> None:
    with pytest.raises(NotFoundError, match=r"not placed at 'mww-main' - it is placed at no connection"):
        local_host.note_status("58101", "mww-main", "Received", START)
    with pytest.raises(ValueError, match="no time zone"):
        local_host.note_status("58101", "mww-main", "Received", START.replace(tzinfo=None))


def test_calls_that_take_an_id_do_not_take_a_number(local_host: LocalHost) -> None:
    calls: tuple[Callable[[], object], ...] = (
        lambda: local_host.placements("1042"),
        lambda: local_host.note_status("1042", "mww-main", "Received", START),
        lambda: local_host.copied_from("1042"),
        lambda: local_host.copies("1042"),
    )
    for call in calls:
        with pytest.raises(NotFoundError, match="give the id, not the number"):
            call()


# Duplicates


def test_a_duplicate_is_new_unplaced_and_linked_both_ways(local_host: LocalHost, clock: VirtualClock) -> None:
    original = evolve(samples()[3], fulfillment_id="M-1", fulfillment_name="MWW")
    local_host.import_orders([original], by="mara")
    local_host.place("1045", AT_MWW, by="mara")
    clock.advance(timedelta(hours=1))
    copy = local_host.duplicate("1045", by="mara")
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
    assert local_host.order("1045-1") == copy
    assert local_host.placements(copy.id) == ()
    assert local_host.order("1045") == original
    assert local_host.placements(original.id) == (AT_MWW,)
    assert (local_host.copied_from(copy.id), local_host.copied_from(original.id)) == (original.id, None)
    assert (local_host.copies(original.id), local_host.copies(copy.id)) == ((copy.id,), ())
    assert texts(local_host, copy.id) == [f"Duplicate of order 1045 (id {original.id})"]
    assert texts(local_host, "1045")[-1] == f"Duplicated as order 1045-1 (id {copy.id})"


def test_copies_of_copies_count_on_from_the_first_original(local_host: LocalHost) -> None:
    first = local_host.duplicate("1042", by="mara")
    second = local_host.duplicate(first.id, by="mara")
    third = local_host.duplicate("1042", by="mara")
    assert [first.number, second.number, third.number] == ["1042-1", "1042-2", "1042-3"]
    assert local_host.copied_from(second.id) == first.id
    assert local_host.copies("58101") == (first.id, third.id)


def test_a_hyphen_of_the_cart_is_not_taken_for_a_suffix(local_host: LocalHost) -> None:
    local_host.import_orders([Order(id="9", number="112-3456789-1234567")], by="mara")
    assert local_host.duplicate("9", by="mara").number == "112-3456789-1234567-1"


def test_a_number_can_be_given_and_a_taken_one_names_its_owner(local_host: LocalHost) -> None:
    copy = local_host.duplicate("1042", by="mara", number="R-1")
    assert local_host.order("R-1") == copy
    assert local_host.duplicate("R-1", by="mara").number == "R-1-1"
    with pytest.raises(InputError, match="belongs to order id 58102"):
        local_host.duplicate("1042", by="mara", number="1043")
    with pytest.raises(InputError, match="is blank"):
        local_host.duplicate("1042", by="mara", number=" ")


@given(st.sets(st.integers(1, 30)))
def test_the_next_number_is_the_first_free_one(used: set[int]) -> None:
    taken = {f"A-{count}" for count in used}
    found = next_number("A", taken.__contains__)
    assert found == f"A-{min(set(range(1, 32)) - used)}"


def race(*calls: Callable[[], object]) -> None:
    """Run the calls at once, each in a thread, and raise what one of them raised."""
    together = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        together.wait()
        call()

    with ThreadPoolExecutor(len(calls)) as pool:
        for done in [pool.submit(run, call) for call in calls]:
            done.result()


@pytest.mark.parametrize("shared", [True, False], ids=["one host", "one host per thread"])
def test_threads_that_duplicate_one_order_get_different_numbers(
    local_host: LocalHost, path: Path, clock: VirtualClock, shared: bool
) -> None:
    with LocalHost(path, clock=clock) as second:
        numbers: list[str] = []

        def duplicate_ten(desk: LocalHost) -> None:
            numbers.extend(desk.duplicate("1042", by="mara").number for _ in range(10))

        race(lambda: duplicate_ten(local_host), lambda: duplicate_ten(local_host if shared else second))
    assert sorted(numbers) == sorted(f"1042-{count}" for count in range(1, 21))
    assert len(local_host.copies("58101")) == 20


def test_several_openers_of_a_new_file_make_its_tables_once(tmp_path: Path, clock: VirtualClock) -> None:
    for attempt in range(20):  # the openers collide in some attempts only
        path = tmp_path / f"{attempt}.sqlite"
        race(*[lambda path=path: LocalHost(path, clock=clock).close()] * 6)
        with LocalHost(path, clock=clock) as host:
            assert [folder.name for folder in host.folders()] == ["New", "Prepared", "Closed", "Canceled"]
