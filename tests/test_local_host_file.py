"""The local host's file and history: on disk, append-only, migrated forward, and loud when it cannot be used."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import InputError, LedgerError
from orderdesk_sdk.orders.order import Order, Placement, Role
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.stores.sqlite import order_database
from orderdesk_sdk.stores.sqlite.orders import NOTE_LIMIT, LocalHost, split_note

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
AT_MWW = Placement("mww-main", "M-1", START, Role.FULFILLMENT)


def samples() -> tuple[Order, ...]:
    return read_order_text(SAMPLE_ORDERS, place="samples")


def texts(local_host: LocalHost, ref: str) -> list[str]:
    return [entry.text for entry in local_host.history(ref)]


# History


def test_history_tells_who_and_when(local_host: LocalHost, clock: VirtualClock) -> None:
    clock.advance(timedelta(minutes=5))
    local_host.add_history("1042", "Asked MWW to cancel", by="orderdesk-sdk")
    entry = local_host.history("58101")[-1]
    assert (entry.at, entry.by, entry.text) == (START + timedelta(minutes=5), "orderdesk-sdk", "Asked MWW to cancel")


def test_long_history_is_split_into_numbered_entries(local_host: LocalHost) -> None:
    local_host.add_history("1042", "x" * 1800 + "y", by="mara")
    first, second = texts(local_host, "1042")[1:]
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


def test_history_is_append_only_even_for_sql(local_host: LocalHost, path: Path) -> None:
    with sqlite3.connect(path) as db:
        for statement in ("DELETE FROM host_history", "UPDATE host_history SET text = 'nothing happened'"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                db.execute(statement)
    db.close()
    assert texts(local_host, "1042") == ["Imported"]


def test_half_characters_of_a_reply_do_not_stop_the_history(local_host: LocalHost) -> None:
    local_host.add_history("1042", "MWW said \ud800", by="mara")
    local_host.place("1042", evolve(AT_MWW, status="\udfff", status_at=START), by="mara")
    assert texts(local_host, "1042")[1] == "MWW said ?"
    assert local_host.placements("58101")[0].status == "?"


def test_blank_texts_and_names_are_refused(local_host: LocalHost) -> None:
    with pytest.raises(InputError, match="needs a text"):
        local_host.add_history("1042", " ", by="mara")
    calls: tuple[Callable[[], object], ...] = (
        lambda: local_host.add_history("1042", "x", by=" "),
        lambda: local_host.import_orders([], by=""),
        lambda: local_host.duplicate("1042", by=""),
        lambda: local_host.move("1042", "Closed", by=""),
        lambda: local_host.place("1042", AT_MWW, by=""),
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
    opened = order_database.LocalFile(path)
    with opened.reading() as connection:
        pragmas = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
        pragmas += [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("foreign_keys", "busy_timeout")]
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")}
    opened.close()
    assert pragmas == ["wal", 2, 1, 10000]
    assert {name for name in names if not name.startswith("host_")} == {"schema"}


def test_a_failed_call_changes_nothing(local_host: LocalHost, path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TRIGGER full_disk BEFORE INSERT ON host_history BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    db.close()
    with pytest.raises(LedgerError, match=r"disk full; this call changed nothing"):
        local_host.duplicate("1042", by="mara")
    assert len(local_host.orders()) == 4
    assert local_host.copies("58101") == ()


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
    later = (*order_database.MIGRATIONS, ("ALTER TABLE host_folders ADD COLUMN color TEXT",))
    monkeypatch.setattr(order_database, "MIGRATIONS", later)
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
    broken = (*order_database.MIGRATIONS, ("CREATE TABLE host_extra (id INTEGER)", "NO SQL"))
    with monkeypatch.context() as patch:
        patch.setattr(order_database, "MIGRATIONS", broken)
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
