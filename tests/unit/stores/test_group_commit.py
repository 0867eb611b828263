"""Grouped commits: many callers share one flush, none is told more than the disk holds, none pays for another."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sqlite.connection import connect
from orderdesk_sdk.stores.sqlite.group_commit import GroupCommit
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger

Job = Callable[[Cursor], None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "group.db"


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    opened = connect(path)
    opened.execute("CREATE TABLE kept (number INTEGER PRIMARY KEY, text TEXT)")
    yield opened
    opened.close()


@pytest.fixture
def group(connection: sqlite3.Connection) -> GroupCommit:
    return GroupCommit(connection)


def kept(path: Path) -> list[int]:
    """What another connection sees: what is committed."""
    other = sqlite3.connect(path)
    found = [row[0] for row in other.execute("SELECT number FROM kept ORDER BY number")]
    other.close()
    return found


def insert(number: int, text: str = "") -> Job:
    return lambda cursor: (cursor.execute("INSERT INTO kept VALUES (?, ?)", (number, text)), None)[1]


def together(group: GroupCommit, jobs: list[Job], meanwhile: Callable[[], None] = lambda: None) -> list[object]:
    """Run jobs at once so that they share one transaction; per job None or what it raised."""
    results: list[object] = ["not run"] * len(jobs)

    def work(index: int) -> None:
        try:
            group.run(jobs[index])
            results[index] = None
        except BaseException as error:  # noqa: BLE001 - whatever came is what the test looks at
            results[index] = error

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(jobs))]
    with group.locked():
        for thread in threads:
            thread.start()
        while len(group._pending) < len(jobs):
            threading.Event().wait(0.001)
        meanwhile()
    for thread in threads:
        thread.join()
    return results


def test_every_job_is_durable_when_its_caller_returns(group: GroupCommit, path: Path) -> None:
    missing: list[int] = []

    def work(first: int) -> None:
        for number in range(first, first + 20):
            group.run(insert(number))
            if number not in kept(path):
                missing.append(number)

    threads = [threading.Thread(target=work, args=(100 * number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert missing == []
    assert len(kept(path)) == 160


def test_waiting_jobs_share_one_transaction(group: GroupCommit, connection: sqlite3.Connection, path: Path) -> None:
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    assert together(group, [insert(number) for number in range(8)]) == [None] * 8
    assert statements.count("COMMIT") == 1
    assert kept(path) == list(range(8))


def test_a_job_that_fails_changes_nothing_and_hurts_no_other(group: GroupCommit, path: Path) -> None:
    def half(cursor: Cursor) -> None:
        insert(50)(cursor)
        raise ValueError("changed my mind")

    def twice(cursor: Cursor) -> None:
        insert(60)(cursor)
        insert(60)(cursor)

    results = together(group, [insert(1), half, insert(2), twice, insert(3)])
    assert [type(result) for result in results] == [
        type(None),
        ValueError,
        type(None),
        sqlite3.IntegrityError,
        type(None),
    ]
    assert kept(path) == [1, 2, 3]


def test_when_the_disk_is_full_everybody_in_the_transaction_is_told(
    group: GroupCommit, connection: sqlite3.Connection, path: Path
) -> None:
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    results = together(group, [insert(1), insert(2, "x" * 100_000), insert(3)])
    assert [type(result) for result in results] == [StorageError] * 3
    assert all("full" in str(result) and "free space" in str(result) for result in results)
    assert kept(path) == []
    group.run(insert(4))
    assert kept(path) == [4]


def test_when_the_file_may_not_be_written_the_caller_is_told(
    group: GroupCommit, connection: sqlite3.Connection, path: Path
) -> None:
    connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StorageError, match="readonly"):
        group.run(insert(1))
    connection.execute("PRAGMA query_only = OFF")
    group.run(insert(2))
    assert kept(path) == [2]


def test_when_the_database_is_closed_nobody_is_told_that_anything_was_written(
    group: GroupCommit, connection: sqlite3.Connection, path: Path
) -> None:
    results = together(group, [insert(number) for number in range(4)], meanwhile=connection.close)
    assert [type(result) for result in results] == [StorageError] * 4
    assert kept(path) == []


def test_a_damaged_database_is_a_ledger_error_and_not_the_jobs_own(group: GroupCommit, path: Path) -> None:
    def damaged(cursor: Cursor) -> None:
        raise sqlite3.DatabaseError("database disk image is malformed")

    results = together(group, [insert(1), damaged])
    assert [type(result) for result in results] == [StorageError] * 2
    assert kept(path) == []


def test_a_thread_that_is_told_to_end_undoes_the_transaction_and_the_next_one_works(
    group: GroupCommit, path: Path
) -> None:
    def told(cursor: Cursor) -> None:
        raise KeyboardInterrupt

    results = together(group, [insert(1), told, insert(2)])
    assert sum(isinstance(result, KeyboardInterrupt) for result in results) == 1, "whoever committed hears of it"
    assert all(isinstance(result, StorageError | KeyboardInterrupt) for result in results)
    group.run(insert(3))
    assert kept(path) == [3]


def test_a_closed_ledger_says_so_for_reading_and_writing(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "orderdesk.db")
    ledger.close()
    with pytest.raises(StorageError, match="nothing was written"):
        ledger.open_cancellation(
            Cancellation("c1", "k", "1", "1042", "Ann", None, datetime(2026, 1, 5, tzinfo=UTC)), "", []
        )
    with pytest.raises(StorageError, match="cannot be read"):
        ledger.next_due()
