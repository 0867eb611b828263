"""Grouped commits: many callers share one flush, none is told more than the disk holds, none pays for another."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.stores.sql.database import Cursor
from orderdesk_sdk.stores.sql.group_commit import GroupCommit, TransactionLostError, _PendingCommit
from orderdesk_sdk.stores.sqlite.connection import connect
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from orderdesk_sdk.stores.sqlite.write_session import SqliteWriteSession
from tests.support.waiting import eventually

Write = Callable[[Cursor], None]


def kept(path: Path) -> list[int]:
    """What another connection sees: what is committed."""
    other = sqlite3.connect(path)
    found = [row[0] for row in other.execute("SELECT number FROM kept ORDER BY number")]
    other.close()
    return found


def insert(number: int, text: str = "") -> Write:
    return lambda cursor: (cursor.execute("INSERT INTO kept VALUES (?, ?)", (number, text)), None)[1]


def together(group: GroupCommit, writes: list[Write], meanwhile: Callable[[], None] = lambda: None) -> list[object]:
    """Run writes at once so that they share one transaction; per write None or what it raised."""
    results: list[object] = ["not run"] * len(writes)

    def work(index: int) -> None:
        try:
            group.run(writes[index])
            results[index] = None
        except BaseException as error:  # noqa: BLE001 - whatever came is what the test looks at
            results[index] = error

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(writes))]
    with group.locked():
        for thread in threads:
            thread.start()
        eventually(lambda: len(group._pending) >= len(writes), "all of them wait for the commit")
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


def test_jobs_that_do_not_fail_need_no_savepoint(group: GroupCommit, connection: sqlite3.Connection) -> None:
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    together(group, [insert(number) for number in range(4)])
    assert not [statement for statement in statements if "SAVEPOINT" in statement or "ROLLBACK" in statement]


def test_a_job_that_is_run_again_gives_what_its_last_run_gave(group: GroupCommit, path: Path) -> None:
    runs: list[int] = []
    given: list[int] = []

    def counted(cursor: Cursor) -> int:
        insert(1)(cursor)
        runs.append(1)
        return len(runs)

    def failing(cursor: Cursor) -> None:
        raise ValueError("changed my mind")

    def work(write: Callable[[Cursor], int | None]) -> None:
        with contextlib.suppress(ValueError):
            found = group.run(write)
            given.append(found or 0)

    threads = [threading.Thread(target=work, args=(write,)) for write in (counted, failing)]
    with group.locked():
        for number, thread in enumerate(threads, start=1):
            thread.start()
            eventually(lambda: len(group._pending) >= number, "all of them wait for the commit")  # noqa: B023 - called at once
    for thread in threads:
        thread.join()
    assert (given, kept(path)) == ([2], [1])


@given(wanted=st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=6))
@settings(max_examples=20, deadline=None)
def test_jobs_that_share_a_transaction_end_as_if_each_had_its_own(
    wanted: list[tuple[int, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Of writes in any order, of which some raise after they wrote and some break a rule of the table."""

    def write_of(number: int, raises: bool) -> Write:
        def write(cursor: Cursor) -> None:
            insert(number)(cursor)
            if raises:
                raise ValueError(number)

        return write

    ends = []
    for shares in (True, False):
        path = tmp_path_factory.mktemp("group") / "group.db"
        with contextlib.closing(connect(path)) as opened:
            opened.execute("CREATE TABLE kept (number INTEGER PRIMARY KEY, text TEXT)")
            group = GroupCommit(SqliteWriteSession(opened))
            pending = [_PendingCommit(write_of(*one)) for one in wanted]
            for batch in [pending] if shares else [[one] for one in pending]:
                group._pending = batch
                group._commit()
            ends.append((kept(path), [type(one.error) for one in pending]))
    assert ends[0] == ends[1]


def test_a_caller_that_is_interrupted_while_it_waits_keeps_nobody_from_committing(
    group: GroupCommit, path: Path
) -> None:
    """Nobody that has gone is let through: else everybody would wait for ever."""
    waits, goes_on = threading.Event(), threading.Event()

    def slow(cursor: Cursor) -> None:
        waits.set()
        goes_on.wait(120)

    first = threading.Thread(target=group.run, args=(slow,))
    first.start()
    waits.wait(120)
    gone = _PendingCommit(insert(1))
    assert not group._goes_first(gone)
    group._pass_on(gone)
    last = threading.Thread(target=group.run, args=(insert(2),))
    last.start()
    eventually(lambda: len(group._pending) >= 2, "all of them wait for the commit")
    goes_on.set()
    for thread in (first, last):
        thread.join(120)
        assert not thread.is_alive()
    assert kept(path) == [1, 2]


class LosingSession(SqliteWriteSession):
    """A session whose connection is lost while it commits, so that nothing is written, `losses` times."""

    losses = 1

    def commit(self) -> None:
        if self.losses > 0:
            self.losses -= 1
            raise TransactionLostError("the connection was lost")
        super().commit()

    def may_run_again(self, error: BaseException) -> bool:
        return isinstance(error, TransactionLostError)


@pytest.mark.parametrize("losses", [1, 2])
def test_a_transaction_that_was_lost_is_run_once_more(connection: sqlite3.Connection, path: Path, losses: int) -> None:
    session = LosingSession(connection)
    session.losses = losses
    results = together(GroupCommit(session), [insert(number) for number in range(3)])
    written = losses == 1
    assert [type(result) for result in results] == [type(None) if written else TransactionLostError] * 3
    assert kept(path) == ([0, 1, 2] if written else [])


def test_a_job_that_succeeds_when_a_lost_transaction_is_run_again_has_succeeded(
    connection: sqlite3.Connection, path: Path
) -> None:
    """What kept it from being done the first time, another process has put right meanwhile."""
    runs: list[int] = []

    def refused_at_first(cursor: Cursor) -> None:
        runs.append(1)
        if len(runs) <= 2:  # Once with the others, and once apart from them.
            raise ValueError("another process has the case")
        insert(2)(cursor)

    results = together(GroupCommit(LosingSession(connection)), [insert(1), refused_at_first])
    assert (results, kept(path)) == ([None, None], [1, 2])


def test_a_caller_that_is_interrupted_at_its_turn_keeps_nobody_from_hearing_of_the_commit(
    group: GroupCommit, path: Path
) -> None:
    waits, goes_on = threading.Event(), threading.Event()
    results: list[object] = []

    def slow(cursor: Cursor) -> None:
        waits.set()
        goes_on.wait(120)

    def write() -> None:
        try:
            results.append(group.run(insert(2)))
        except Exception as error:  # noqa: BLE001 - whatever came is what the test looks at
            results.append(error)

    first = threading.Thread(target=group.run, args=(slow,))
    first.start()
    waits.wait(120)
    gone = _PendingCommit(insert(1))
    assert not group._goes_first(gone)
    last = threading.Thread(target=write)
    last.start()
    eventually(lambda: len(group._pending) >= 2, "all of them wait for the commit")
    goes_on.set()
    first.join(120)  # It has let through the one that is gone.
    group._pass_on(gone)
    last.join(120)
    assert (results, kept(path)) == ([None], [1, 2])
