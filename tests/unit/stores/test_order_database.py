"""The order store's file and history: on disk, append-only, migrated forward, and loud when it cannot be used."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import StorageError, ValidationError
from orderdesk_sdk.orders.notes import NOTE_LIMIT, split_note
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres.orders import PostgresOrderStore
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.order_store import SqlOrderStore
from orderdesk_sdk.stores.sqlite import order_database
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
AT_MWW = RemoteOrder("mww-main", "M-1", START, ConnectionRole.FULFILLMENT)


def samples() -> tuple[Order, ...]:
    return read_order_text(SAMPLE_ORDERS, location="samples")


def texts(local_host: SqlOrderStore, ref: str) -> list[str]:
    return [entry.text for entry in local_host.history(ref)]


# History


def test_history_tells_who_and_when(order_store: SqlOrderStore, clock: VirtualClock) -> None:
    clock.advance(timedelta(minutes=5))
    order_store.add_history("1042", "Asked MWW to cancel", by="orderdesk-sdk")
    entry = order_store.history("58101")[-1]
    assert (entry.at, entry.by, entry.text) == (START + timedelta(minutes=5), "orderdesk-sdk", "Asked MWW to cancel")


def test_long_history_is_split_into_numbered_entries(order_store: SqlOrderStore) -> None:
    order_store.add_history("1042", "x" * 1800 + "y", by="mara")
    first, second = texts(order_store, "1042")[1:]
    assert (len(first), first[:7], second) == (1800, "(1/2) x", "(2/2) xxxxxxy")


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


def test_history_is_append_only_even_for_sql(order_store: SqlOrderStore) -> None:
    for statement in ("DELETE FROM order_history", "UPDATE order_history SET text = 'nothing happened'"):
        with pytest.raises(StorageError, match="append-only"), order_store._database.writing() as db:
            db.execute(statement)
    assert texts(order_store, "1042") == ["Imported"]


def test_half_characters_of_a_reply_do_not_stop_the_history(order_store: SqlOrderStore) -> None:
    order_store.add_history("1042", "MWW said \ud800", by="mara")
    order_store.add_remote_order("1042", evolve(AT_MWW, status="\udfff", status_at=START), by="mara")
    assert texts(order_store, "1042")[1] == "MWW said ?"
    assert order_store.remote_orders("58101")[0].status == "?"


def test_who_people_are_can_be_removed_from_an_order_and_its_history(order_store: SqlOrderStore) -> None:
    order_store.add_history("1042", "Ann called", by="mara")
    order_store.remove_texts("1042", by="Ben")
    found = [(entry.by, entry.text) for entry in order_store.history("1042")]
    assert found == [("(removed)", "(removed)")] * 2 + [("Ben", "Personal texts removed")]
    assert (order_store.get_order("1042").email, order_store.get_order("1042").number) == ("", "1042")


def test_blank_texts_and_names_are_refused(order_store: SqlOrderStore) -> None:
    with pytest.raises(ValidationError, match="needs a text"):
        order_store.add_history("1042", " ", by="mara")
    calls: tuple[Callable[[], object], ...] = (
        lambda: order_store.add_history("1042", "x", by=" "),
        lambda: order_store.import_orders([], by=""),
        lambda: order_store.duplicate("1042", by=""),
        lambda: order_store.move("1042", "Closed", by=""),
        lambda: order_store.add_remote_order("1042", AT_MWW, by=""),
    )
    for call in calls:
        with pytest.raises(ValidationError, match="`by` is required"):
            call()


# The file


def test_everything_survives_reopening(open_order_store: Callable[[], SqlOrderStore]) -> None:
    with open_order_store() as first:
        first.import_orders(samples(), by="mara")
        first.add_remote_order("1042", AT_MWW, by="mara")
        first.move("1042", "Prepared", by="mara")
    with open_order_store() as second:
        assert second.get_order("1042") == evolve(samples()[0], folder_id=2)
        assert second.remote_orders("58101") == (AT_MWW,)
        assert len(second.history("1042")) == 3


def test_the_file_is_durable_and_bears_other_tables(path: Path, clock: VirtualClock) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE schema (version INTEGER)")
        db.execute("INSERT INTO schema VALUES (99)")
    db.close()
    opened = order_database.SqliteOrderDatabase(path)
    with opened.reading() as connection:
        pragmas = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
        pragmas += [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("foreign_keys", "busy_timeout")]
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")}
    opened.close()
    assert pragmas == ["wal", 2, 1, 10000]
    assert {"schema", "orders"} <= names


def test_a_failed_call_changes_nothing(order_store: SqlOrderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(db: Cursor, *_: object, **__: object) -> None:
        db.execute("INSERT INTO order_links (copy_id, original_id) VALUES ('58101', NULL)")

    with monkeypatch.context() as patch:
        patch.setattr("orderdesk_sdk.stores.sql.order_rows.add_note", full)
        with pytest.raises(StorageError, match=r"changed"):
            order_store.duplicate("1042", by="mara")
    assert len(order_store.search_orders().orders) == 4
    assert order_store.duplicates_of("58101") == ()


def test_a_newer_file_is_left_alone(path: Path, clock: VirtualClock) -> None:
    SqliteOrderStore(path, clock=clock).close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE host_schema SET version = 99, oldest = 99")
    db.close()
    with pytest.raises(StorageError, match=r"version 99, .* this program knows \d+ - install the newer orderdesk-sdk"):
        SqliteOrderStore(path, clock=clock)


def test_an_older_file_is_migrated_with_its_data(
    path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SqliteOrderStore(path, clock=clock) as first:
        first.import_orders(samples(), by="mara")
    later = (*order_database.MIGRATIONS, ("ALTER TABLE folders ADD COLUMN color TEXT",))
    monkeypatch.setattr(order_database, "MIGRATIONS", later)
    with SqliteOrderStore(path, clock=clock) as second:
        assert second.get_order("1042") == samples()[0]
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT max(version) FROM host_schema").fetchall() == [(len(later),)]
        assert db.execute("SELECT color FROM folders").fetchall() == [(None,)] * 4
    db.close()


def test_a_migration_that_fails_leaves_the_old_version(
    path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    SqliteOrderStore(path, clock=clock).close()
    broken = (*order_database.MIGRATIONS, ("CREATE TABLE extra (id INTEGER)", "NO SQL"))
    with monkeypatch.context() as patch:
        patch.setattr(order_database, "MIGRATIONS", broken)
        with pytest.raises(StorageError, match="syntax error"):
            SqliteOrderStore(path, clock=clock)
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT 1 FROM sqlite_master WHERE name = 'extra'").fetchone() is None
    db.close()
    SqliteOrderStore(path, clock=clock).close()


def test_files_that_cannot_be_opened_are_told(tmp_path: Path, clock: VirtualClock) -> None:
    with pytest.raises(StorageError, match=r"unable to open.*check that the folder exists"):
        SqliteOrderStore(tmp_path / "missing" / "desk.sqlite", clock=clock)
    junk = tmp_path / "junk.sqlite"
    junk.write_text("no database at all, " * 100)
    with pytest.raises(StorageError, match="not a database"):
        SqliteOrderStore(junk, clock=clock)


def test_a_closed_host_says_so(open_order_store: Callable[[], SqlOrderStore]) -> None:
    host = open_order_store()
    host.close()
    host.close()
    for call in (host.folders, lambda: host.create_folder("x")):
        with pytest.raises(StorageError, match=r"closed.*open"):
            call()


def open_at_once(open_store: Callable[[], SqlOrderStore], count: int) -> None:
    """Open and close it in so many threads at one moment."""
    together = threading.Barrier(count)

    def run() -> None:
        together.wait()
        open_store().close()

    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(run) for _ in range(count)]:
            done.result()


def test_several_openers_of_a_new_database_make_its_tables_once(postgres_url: str, clock: VirtualClock) -> None:
    open_at_once(lambda: PostgresOrderStore(Secret(postgres_url), clock=clock), 6)
    with PostgresOrderStore(Secret(postgres_url), clock=clock) as store:
        assert [folder.name for folder in store.folders()] == ["New", "Prepared", "Closed", "Canceled"]


def test_several_openers_of_a_new_file_make_its_tables_once(tmp_path: Path, clock: VirtualClock) -> None:
    for attempt in range(20):  # the openers collide in some attempts only
        path = tmp_path / f"{attempt}.sqlite"
        open_at_once(partial(SqliteOrderStore, path, clock=clock), 6)
        with SqliteOrderStore(path, clock=clock) as host:
            assert [folder.name for folder in host.folders()] == ["New", "Prepared", "Closed", "Canceled"]
