"""The embedded local host: nothing is lost, nothing is given twice, a folder is only a label."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import InputError, LedgerError, NotFoundError
from orderdesk_sdk.hosts import Host, Move, local_file
from orderdesk_sdk.hosts.local import NOTE_LIMIT, Folder, ImportReport, LocalHost, next_number, split_note
from orderdesk_sdk.hosts.samples import SAMPLE_ORDERS
from orderdesk_sdk.order import Order, Placement, Role
from orderdesk_sdk.order_reader import read_order_text

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
AT_MWW = Placement("mww-main", "M-1", START, Role.FULFILLMENT)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.sqlite"


@pytest.fixture
def host(path: Path, clock: VirtualClock) -> Iterator[LocalHost]:
    with LocalHost(path, clock=clock) as opened:
        opened.import_orders(samples(), by="mara")
        yield opened


def samples() -> tuple[Order, ...]:
    return read_order_text(SAMPLE_ORDERS, place="samples")


def texts(host: LocalHost, ref: str) -> list[str]:
    return [entry.text for entry in host.history(ref)]


def test_the_local_host_is_a_host(host: LocalHost) -> None:
    as_host: Host = host  # mypy judges this line
    assert as_host.order("1042").id == "58101"


# Import


def test_imported_orders_come_back_whole_by_id_and_number(host: LocalHost) -> None:
    for order in samples():
        assert host.order(order.id) == order
        assert host.order(order.number) == order


def test_an_order_without_folder_goes_into_new(host: LocalHost) -> None:
    host.import_orders([Order(id="9", number="77")], by="mara")
    assert host.order("77").folder_id == host.folders()[0].id
    assert host.order("1045").folder_id == 2


def test_import_adds_updates_and_leaves_alone(host: LocalHost) -> None:
    first, second, *_ = samples()
    changed = evolve(first, email="new@example.com", order_total=Decimal("80.00"))
    report = host.import_orders([changed, second, Order(id="9", number="77")], by="cron")
    assert report == ImportReport(added=("77",), updated=("1042",), unchanged=("1043",))
    assert host.order("1042").email == "new@example.com"
    assert texts(host, "1042") == ["Imported", "Updated by import"]
    assert texts(host, "1043") == ["Imported"]
    assert host.history("1042")[1].by == "cron"


def test_an_update_keeps_folder_placements_history_and_links(host: LocalHost) -> None:
    copy = host.duplicate("1042", by="mara")
    host.place("1042", AT_MWW, by="mara")
    host.move("1042", "Closed", by="mara")
    before = texts(host, "1042")
    host.import_orders([evolve(samples()[0], number="1042-B", email="")], by="mara")
    assert host.order("1042-B").folder_id == 3
    assert host.placements("58101") == (AT_MWW,)
    assert texts(host, "1042-B") == [*before, "Updated by import"]
    assert host.copies("58101") == (copy.id,)
    with pytest.raises(NotFoundError):
        host.order("1042")


def test_a_number_that_another_id_has_stops_the_whole_import(host: LocalHost) -> None:
    wrong = [Order(id="8", number="new"), Order(id="9", number="1042"), Order(id="10", number="1043")]
    with pytest.raises(InputError) as caught:
        host.import_orders(wrong, by="mara")
    assert "order 9: number 1042 belongs to order id 58101" in str(caught.value)
    assert "order 10: number 1043 belongs to order id 58102" in str(caught.value)
    with pytest.raises(NotFoundError):
        host.order("8")


def test_an_unknown_folder_id_is_refused_with_the_folders_there_are(host: LocalHost) -> None:
    with pytest.raises(InputError, match=r"order 9: there is no folder 38211.*1 New, 2 Prepared"):
        host.import_orders([Order(id="9", number="77", folder_id=38211)], by="mara")


def test_an_order_that_json_cannot_say_is_refused_by_its_id(host: LocalHost) -> None:
    with pytest.raises(InputError, match=r"order 9: .*class set"):
        host.import_orders([Order(id="9", number="77", extra={"odd": {1}})], by="mara")


# Finding


def test_an_unknown_order_gets_close_matches(host: LocalHost) -> None:
    with pytest.raises(NotFoundError, match=r"'#1042' - did you mean 1042"):
        host.order("#1042")
    with pytest.raises(NotFoundError, match="import the order first"):
        host.order("zzz")


def test_a_name_of_two_orders_is_not_guessed(host: LocalHost) -> None:
    host.import_orders([Order(id="1042", number="2000")], by="mara")
    with pytest.raises(NotFoundError, match=r"'1042' is the id of one order and the number of another"):
        host.order("1042")
    assert host.order("2000").id == "1042"
    assert host.order("58101").number == "1042"


def test_orders_are_paged_in_import_order_and_by_folder(host: LocalHost) -> None:
    assert [order.number for order in host.orders()] == ["1042", "1043", "1044", "1045"]
    assert [order.number for order in host.orders(limit=2, offset=1)] == ["1043", "1044"]
    assert [order.number for order in host.orders("new")] == ["1042", "1043", "1044"]
    assert [order.number for order in host.orders("New", limit=1, offset=2)] == ["1044"]
    for limit, offset in ((0, 0), (501, 0), (1, -1)):
        with pytest.raises(InputError, match="limit 1 to 500"):
            host.orders(limit=limit, offset=offset)


# Folders


def test_the_usual_folders_exist_and_others_can_be_made(host: LocalHost) -> None:
    assert [folder.name for folder in host.folders()] == ["New", "Prepared", "Closed", "Canceled"]
    assert host.create_folder(" On hold ") == Folder(5, "On hold")
    assert host.move("1042", "on HOLD", by="mara") == Move("58101", "New", "On hold")
    for name in ("canceled", "  "):
        with pytest.raises(InputError, match="give a name that no folder has yet"):
            host.create_folder(name)


def test_a_move_changes_the_folder_and_the_history_and_nothing_else(host: LocalHost, path: Path) -> None:
    host.place("1042", AT_MWW, by="mara")

    def tables() -> dict[str, list[tuple[object, ...]]]:
        with sqlite3.connect(path) as db:
            names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            content = {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in names}  # noqa: S608 - our own names
        db.close()
        return content

    before = tables()
    assert host.move("1042", "Canceled", by="rule: late") == Move("58101", "New", "Canceled")
    after = tables()
    touched = {name for name in before if before[name] != after[name]}
    assert touched == {"host_orders", "host_history", "sqlite_sequence"}
    assert host.order("1042") == evolve(samples()[0], folder_id=4)
    assert host.placements("58101") == (AT_MWW,)
    assert texts(host, "1042")[-1] == "Moved from New to Canceled"
    assert host.history("1042")[-1].by == "rule: late"


def test_a_move_into_the_same_folder_leaves_no_trace(host: LocalHost) -> None:
    assert host.move("1042", "New", by="mara") == Move("58101", "New", "New")
    assert texts(host, "1042") == ["Imported"]


def test_a_move_to_an_unknown_folder_names_the_known_ones(host: LocalHost) -> None:
    with pytest.raises(NotFoundError, match=r"no folder 'Cancelled'.*New, Prepared, Closed, Canceled"):
        host.move("1042", "Cancelled", by="mara")


# Placements


def test_the_same_placement_again_changes_nothing(host: LocalHost) -> None:
    host.place("1042", evolve(AT_MWW, status="Received", status_at=START), by="mara")
    host.note_status("58101", "mww-main", "Printing", START + timedelta(minutes=1))
    host.place("58101", AT_MWW, by="mara")
    (placement,) = host.placements("58101")
    assert (placement.status, placement.status_at) == ("Printing", START + timedelta(minutes=1))
    assert texts(host, "1042") == ["Imported", "Placed at mww-main as M-1 (fulfillment)"]


def test_an_order_is_at_a_connection_once(host: LocalHost) -> None:
    host.place("1042", AT_MWW, by="mara")
    other_data = (
        evolve(AT_MWW, remote_id="M-2"),
        evolve(AT_MWW, role=Role.CART),
        evolve(AT_MWW, submitted_at=START + timedelta(seconds=1)),
    )
    for other in other_data:
        with pytest.raises(InputError, match=r"order 1042 at mww-main: already placed as M-1.*duplicate the order"):
            host.place("1042", other, by="mara")
    assert host.placements("58101") == (AT_MWW,)


def test_a_remote_number_belongs_to_one_order(host: LocalHost) -> None:
    host.place("1042", AT_MWW, by="mara")
    with pytest.raises(InputError, match="number M-1 there belongs to order id 58101"):
        host.place("1043", AT_MWW, by="mara")
    host.place("1043", evolve(AT_MWW, connection="mww-europe"), by="mara")
    assert host.placements("58102") == (evolve(AT_MWW, connection="mww-europe"),)


@pytest.mark.parametrize("blank", [evolve(AT_MWW, connection=" "), evolve(AT_MWW, remote_id="")])
def test_a_placement_needs_a_connection_and_a_number(host: LocalHost, blank: Placement) -> None:
    with pytest.raises(InputError, match="needs a connection and the order's number"):
        host.place("1042", blank, by="mara")


def test_placements_come_oldest_first(host: LocalHost) -> None:
    later = Placement("bdlinx", "B-9", START + timedelta(hours=1), Role.FULFILLMENT)
    earlier = Placement("shop", "1042", START - timedelta(hours=1), Role.CART)
    for placement in (later, AT_MWW, earlier):
        host.place("1042", placement, by="mara")
    assert host.placements("58101") == (earlier, AT_MWW, later)


def test_an_older_word_never_replaces_a_newer_one(host: LocalHost) -> None:
    host.place("1042", AT_MWW, by="mara")
    for minute, word in ((1, "Received"), (3, "Printing"), (2, "Received")):
        host.note_status("58101", "mww-main", word, START + timedelta(minutes=minute))
    assert host.placements("58101")[0].status == "Printing"
    assert len(host.history("1042")) == 2


def test_a_status_needs_a_placement_and_a_zone(host: LocalHost) -> None:
    with pytest.raises(NotFoundError, match=r"not placed at 'mww-main' - it is placed at no connection"):
        host.note_status("58101", "mww-main", "Received", START)
    with pytest.raises(ValueError, match="no time zone"):
        host.note_status("58101", "mww-main", "Received", START.replace(tzinfo=None))


def test_calls_that_take_an_id_do_not_take_a_number(host: LocalHost) -> None:
    calls: tuple[Callable[[], object], ...] = (
        lambda: host.placements("1042"),
        lambda: host.note_status("1042", "mww-main", "Received", START),
        lambda: host.copied_from("1042"),
        lambda: host.copies("1042"),
    )
    for call in calls:
        with pytest.raises(NotFoundError, match="give the id, not the number"):
            call()


# Duplicates


def test_a_duplicate_is_new_unplaced_and_linked_both_ways(host: LocalHost, clock: VirtualClock) -> None:
    original = evolve(samples()[3], fulfillment_id="M-1", fulfillment_name="MWW")
    host.import_orders([original], by="mara")
    host.place("1045", AT_MWW, by="mara")
    clock.advance(timedelta(hours=1))
    copy = host.duplicate("1045", by="mara")
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
    assert host.order("1045-1") == copy
    assert host.placements(copy.id) == ()
    assert host.order("1045") == original
    assert host.placements(original.id) == (AT_MWW,)
    assert (host.copied_from(copy.id), host.copied_from(original.id)) == (original.id, None)
    assert (host.copies(original.id), host.copies(copy.id)) == ((copy.id,), ())
    assert texts(host, copy.id) == [f"Duplicate of order 1045 (id {original.id})"]
    assert texts(host, "1045")[-1] == f"Duplicated as order 1045-1 (id {copy.id})"


def test_copies_of_copies_count_on_from_the_first_original(host: LocalHost) -> None:
    first = host.duplicate("1042", by="mara")
    second = host.duplicate(first.id, by="mara")
    third = host.duplicate("1042", by="mara")
    assert [first.number, second.number, third.number] == ["1042-1", "1042-2", "1042-3"]
    assert host.copied_from(second.id) == first.id
    assert host.copies("58101") == (first.id, third.id)


def test_a_hyphen_of_the_cart_is_not_taken_for_a_suffix(host: LocalHost) -> None:
    host.import_orders([Order(id="9", number="112-3456789-1234567")], by="mara")
    assert host.duplicate("9", by="mara").number == "112-3456789-1234567-1"


def test_a_number_can_be_given_and_a_taken_one_names_its_owner(host: LocalHost) -> None:
    copy = host.duplicate("1042", by="mara", number="R-1")
    assert host.order("R-1") == copy
    assert host.duplicate("R-1", by="mara").number == "R-1-1"
    with pytest.raises(InputError, match="belongs to order id 58102"):
        host.duplicate("1042", by="mara", number="1043")
    with pytest.raises(InputError, match="is blank"):
        host.duplicate("1042", by="mara", number=" ")


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
    host: LocalHost, path: Path, clock: VirtualClock, shared: bool
) -> None:
    with LocalHost(path, clock=clock) as second:
        numbers: list[str] = []

        def duplicate_ten(desk: LocalHost) -> None:
            numbers.extend(desk.duplicate("1042", by="mara").number for _ in range(10))

        race(lambda: duplicate_ten(host), lambda: duplicate_ten(host if shared else second))
    assert sorted(numbers) == sorted(f"1042-{count}" for count in range(1, 21))
    assert len(host.copies("58101")) == 20


def test_several_openers_of_a_new_file_make_its_tables_once(tmp_path: Path, clock: VirtualClock) -> None:
    for attempt in range(20):  # the openers collide in some attempts only
        path = tmp_path / f"{attempt}.sqlite"
        race(*[lambda path=path: LocalHost(path, clock=clock).close()] * 6)
        with LocalHost(path, clock=clock) as host:
            assert [folder.name for folder in host.folders()] == ["New", "Prepared", "Closed", "Canceled"]


# History


def test_history_tells_who_and_when(host: LocalHost, clock: VirtualClock) -> None:
    clock.advance(timedelta(minutes=5))
    host.add_history("1042", "Asked MWW to cancel", by="orderdesk-sdk")
    entry = host.history("58101")[-1]
    assert (entry.at, entry.by, entry.text) == (START + timedelta(minutes=5), "orderdesk-sdk", "Asked MWW to cancel")


def test_long_history_is_split_into_numbered_entries(host: LocalHost) -> None:
    host.add_history("1042", "x" * 1800 + "y", by="mara")
    first, second = texts(host, "1042")[1:]
    assert (len(first), first[:7], second) == (1800, "(1/2) x", "(2/2) xxxxxxy")


@settings(deadline=None)
@given(st.text(min_size=1).filter(str.strip), st.integers(20, 60), st.integers(1, 200))
def test_split_notes_hold_everything_within_the_limit(text: str, limit: int, times: int) -> None:
    text *= times
    notes = split_note(text, limit)
    assert all(len(note) <= limit for note in notes)
    bodies = notes if len(notes) == 1 else [note.split(") ", 1)[1] for note in notes]
    assert "".join(bodies) == text
    if len(notes) > 1:
        assert [note.split(") ")[0] for note in notes] == [
            f"({count}/{len(notes)}" for count in range(1, len(notes) + 1)
        ]


def test_the_limit_is_order_desks() -> None:
    assert NOTE_LIMIT == 1800
    assert split_note("x" * 1800) == ("x" * 1800,)


def test_history_is_append_only_even_for_sql(host: LocalHost, path: Path) -> None:
    with sqlite3.connect(path) as db:
        for statement in ("DELETE FROM host_history", "UPDATE host_history SET text = 'nothing happened'"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                db.execute(statement)
    db.close()
    assert texts(host, "1042") == ["Imported"]


def test_half_characters_of_a_reply_do_not_stop_the_history(host: LocalHost) -> None:
    host.add_history("1042", "MWW said \ud800", by="mara")
    host.place("1042", evolve(AT_MWW, status="\udfff", status_at=START), by="mara")
    assert texts(host, "1042")[1] == "MWW said ?"
    assert host.placements("58101")[0].status == "?"


def test_blank_texts_and_names_are_refused(host: LocalHost) -> None:
    with pytest.raises(InputError, match="needs a text"):
        host.add_history("1042", " ", by="mara")
    calls: tuple[Callable[[], object], ...] = (
        lambda: host.add_history("1042", "x", by=" "),
        lambda: host.import_orders([], by=""),
        lambda: host.duplicate("1042", by=""),
        lambda: host.move("1042", "Closed", by=""),
        lambda: host.place("1042", AT_MWW, by=""),
    )
    for call in calls:
        with pytest.raises(InputError, match="who did this"):
            call()


# The file


def test_everything_survives_reopening(path: Path, clock: VirtualClock) -> None:
    with LocalHost(path, clock=clock) as first:
        first.import_orders(samples(), by="mara")
        first.place("1042", AT_MWW, by="mara")
        first.move("1042", "Prepared", by="mara")
    with LocalHost(str(path), clock=clock) as second:
        assert second.order("1042") == evolve(samples()[0], folder_id=2)
        assert second.placements("58101") == (AT_MWW,)
        assert len(second.history("1042")) == 3


def test_the_file_is_durable_and_bears_other_tables(path: Path, clock: VirtualClock) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE schema (version INTEGER)")
        db.execute("INSERT INTO schema VALUES (99)")
    db.close()
    opened = local_file.LocalFile(path)
    with opened.reading() as connection:
        pragmas = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
        pragmas += [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("foreign_keys", "busy_timeout")]
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")}
    opened.close()
    assert pragmas == ["wal", 2, 1, 10000]
    assert {name for name in names if not name.startswith("host_")} == {"schema"}


def test_a_failed_call_changes_nothing(host: LocalHost, path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TRIGGER full_disk BEFORE INSERT ON host_history BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    db.close()
    with pytest.raises(LedgerError, match=r"disk full; this call changed nothing"):
        host.duplicate("1042", by="mara")
    assert len(host.orders()) == 4
    assert host.copies("58101") == ()


def test_a_newer_file_is_left_alone(path: Path, clock: VirtualClock) -> None:
    LocalHost(path, clock=clock).close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE host_schema SET version = 99")
    db.close()
    with pytest.raises(LedgerError, match=r"version 99; this program knows \d+ - install the newer orderdesk-sdk"):
        LocalHost(path, clock=clock)


def test_an_older_file_is_migrated_with_its_data(
    path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalHost(path, clock=clock) as first:
        first.import_orders(samples(), by="mara")
    later = (*local_file.MIGRATIONS, ("ALTER TABLE host_folders ADD COLUMN color TEXT",))
    monkeypatch.setattr(local_file, "MIGRATIONS", later)
    with LocalHost(path, clock=clock) as second:
        assert second.order("1042") == samples()[0]
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT max(version) FROM host_schema").fetchall() == [(len(later),)]
        assert db.execute("SELECT color FROM host_folders").fetchall() == [(None,)] * 4
    db.close()


def test_a_migration_that_fails_leaves_the_old_version(
    path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    LocalHost(path, clock=clock).close()
    broken = (*local_file.MIGRATIONS, ("CREATE TABLE host_extra (id INTEGER)", "NO SQL"))
    with monkeypatch.context() as patch:
        patch.setattr(local_file, "MIGRATIONS", broken)
        with pytest.raises(LedgerError, match="syntax error"):
            LocalHost(path, clock=clock)
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT 1 FROM sqlite_master WHERE name = 'host_extra'").fetchone() is None
    db.close()
    LocalHost(path, clock=clock).close()


def test_files_that_cannot_be_opened_are_told(tmp_path: Path, clock: VirtualClock) -> None:
    with pytest.raises(LedgerError, match=r"unable to open.*check that the folder exists"):
        LocalHost(tmp_path / "missing" / "desk.sqlite", clock=clock)
    junk = tmp_path / "junk.sqlite"
    junk.write_text("no database at all, " * 100)
    with pytest.raises(LedgerError, match="not a database"):
        LocalHost(junk, clock=clock)


def test_a_closed_host_says_so(path: Path, clock: VirtualClock) -> None:
    host = LocalHost(path, clock=clock)
    host.close()
    host.close()
    for call in (host.folders, lambda: host.create_folder("x")):
        with pytest.raises(LedgerError, match=r"closed.*open the local host again"):
            call()
