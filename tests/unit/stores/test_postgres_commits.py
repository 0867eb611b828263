"""A connection that is lost: whoever wrote is told what the database holds, also where COMMIT was never answered."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.state_machine import transition
from orderdesk_sdk.clock import SystemClock
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres.ledger import PostgresLedger
from orderdesk_sdk.stores.postgres.pool import PostgresPool
from orderdesk_sdk.stores.sql.group_commit import GroupCommit
from tests.support.builders import INTENT, SENT, make_cancellation, make_case_of, open_case
from tests.support.ledgers import DATABASES, PostgresDatabase
from tests.support.postgres import VERSIONS, open_server
from tests.support.waiting import eventually

LOST = psycopg.OperationalError("server closed the connection unexpectedly")


class LosingConnection:
    """A connection that is lost when it shall commit, in one of the ways in which that happens."""

    def __init__(self, connection: psycopg.Connection[Any], lose: Callable[[psycopg.Connection[Any]], None]) -> None:
        self._connection = connection
        self._lose = lose

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
        if query == "COMMIT":
            self._lose(self._connection)
        return self._connection.execute(query, *arguments, **options)


def before_the_server_has_it(connection: psycopg.Connection[Any]) -> None:
    """The request is lost: the server undoes the transaction when it notices that nobody is there."""
    connection.close()
    raise LOST


def after_the_server_did_it(connection: psycopg.Connection[Any]) -> None:
    """The answer is lost."""
    connection.execute("COMMIT")
    connection.close()
    raise LOST


def lose_next_commits(
    monkeypatch: pytest.MonkeyPatch, lose: Callable[[psycopg.Connection[Any]], None], count: int = 1
) -> None:
    """Let the connections of the next transactions be lost when they commit."""
    begin, give_back = PostgresPool.begin, PostgresPool.give_back
    left = [count]

    def losing(pool: PostgresPool, statement: str = "BEGIN") -> Any:
        left[0] -= 1
        connection = begin(pool, statement)
        return LosingConnection(connection, lose) if left[0] >= 0 else connection

    monkeypatch.setattr(PostgresPool, "begin", losing)

    def giving_back(pool: PostgresPool, connection: Any) -> None:
        give_back(pool, connection._connection if isinstance(connection, LosingConnection) else connection)

    monkeypatch.setattr(PostgresPool, "give_back", giving_back)


@pytest.mark.parametrize("lose", [before_the_server_has_it, after_the_server_did_it])
@pytest.mark.parametrize("has_lines", [True, False], ids=["lines of the history", "no line"])
def test_a_commit_without_an_answer_is_written_once(
    postgres: PostgresDatabase,
    monkeypatch: pytest.MonkeyPatch,
    lose: Callable[[psycopg.Connection[Any]], None],
    has_lines: bool,
) -> None:
    with closing(postgres.open()) as ledger:
        case = open_case(ledger)
        lose_next_commits(monkeypatch, lose)
        if has_lines:
            ledger.append(case, ["a note"], if_unchanged=True)
            assert [entry.content for entry in ledger.history(case.id)] == ["a note"]
        else:
            taken = ledger.claim_notifications("shop", ["digest"], SystemClock().now())
            assert taken == {"digest"}, "a claim that was made unnoticed would be refused to its own owner"
        assert list(ledger.find_flaws()) == []


def test_a_change_that_was_written_unnoticed_conflicts_with_nothing(
    postgres: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(postgres.open()) as ledger:
        case = open_case(ledger)
        after = transition(case, SENT).case
        lose_next_commits(monkeypatch, after_the_server_did_it)
        ledger.write(CaseUpdate(case, after, [SENT, INTENT]))
        assert ledger.case(case.id, CancelCase) == after


def an_interrupt_comes_first(connection: psycopg.Connection[Any]) -> None:
    raise KeyboardInterrupt


def an_interrupt_comes_after(connection: psycopg.Connection[Any]) -> None:
    connection.execute("COMMIT")
    raise KeyboardInterrupt


def an_interrupt_comes_while_it_waits(connection: psycopg.Connection[Any]) -> None:
    """The server commits, and nobody has read its answer."""
    connection.pgconn.send_query(b"COMMIT")
    connection.pgconn.flush()
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("interrupt", "is_written"),
    [(an_interrupt_comes_first, False), (an_interrupt_comes_after, True), (an_interrupt_comes_while_it_waits, True)],
)
@pytest.mark.parametrize("has_lines", [True, False], ids=["lines of the history", "no line"])
def test_an_interrupted_commit_tells_the_others_what_the_database_holds(
    postgres: PostgresDatabase,
    monkeypatch: pytest.MonkeyPatch,
    interrupt: Callable[[psycopg.Connection[Any]], None],
    is_written: bool,
    has_lines: bool,
) -> None:
    with closing(postgres.open()) as ledger:
        case = open_case(ledger)
        lose_next_commits(monkeypatch, interrupt)
        told: list[object] = []

        def write(number: int) -> None:
            try:
                if has_lines:
                    ledger.append(case, [f"note {number}"], if_unchanged=False)
                else:
                    ledger.claim_notifications("shop", [f"digest {number}"], SystemClock().now())
            except BaseException as error:  # noqa: BLE001 - whatever came is what the test looks at
                told.append(error)
            else:
                told.append(None)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
        commits = ledger._commits
        assert isinstance(commits, GroupCommit)
        with commits.locked():
            for thread in threads:
                thread.start()
            eventually(lambda: len(commits._pending) >= 2, "all of them wait for the commit")
        for thread in threads:
            thread.join()
        assert len([one for one in told if isinstance(one, KeyboardInterrupt)]) == 1
        (other,) = (one for one in told if not isinstance(one, KeyboardInterrupt))
        assert (other is None) == is_written, other
        if has_lines:
            assert len(ledger.history(case.id)) == (2 if is_written else 0)
        else:
            left = ledger.claim_notifications("shop", ["digest 0", "digest 1"], SystemClock().now())
            assert len(left) == (0 if is_written else 2)
        assert list(ledger.find_flaws()) == []


def test_who_cannot_find_out_says_so(postgres: PostgresDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(connection: psycopg.Connection[Any]) -> None:
        monkeypatch.setattr(PostgresPool, "begin", unreachable)
        after_the_server_did_it(connection)

    def unreachable(pool: PostgresPool, statement: str = "BEGIN") -> Any:
        raise StorageError("the server is gone")

    with closing(postgres.open()) as ledger:
        case = open_case(ledger)
        lose_next_commits(monkeypatch, lose)
        with pytest.raises(StorageError, match="whether it was written is not known"):
            ledger.append(case, ["a note"], if_unchanged=True)


def test_the_number_of_a_transaction_says_nothing_on_another_timeline(
    postgres: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(connection: psycopg.Connection[Any]) -> None:
        postgres.tamper("UPDATE ledger_epochs SET timeline = timeline + 1")
        after_the_server_did_it(connection)

    with closing(postgres.open()) as ledger:
        lose_next_commits(monkeypatch, lose)
        with pytest.raises(StorageError, match=r"not known.*a standby became the primary"):
            ledger.claim_notifications("shop", ["digest"], SystemClock().now())


def test_a_transaction_whose_connection_was_ended_is_run_again(postgres: PostgresDatabase) -> None:
    with closing(postgres.open()) as ledger:
        case = open_case(ledger)

        def meanwhile(_: object) -> None:
            if not ended:
                ended.append(True)
                with psycopg.connect(postgres.url, autocommit=True) as other:
                    other.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in%'"
                    )

        ended: list[bool] = []
        ledger._commits.run(meanwhile)
        ledger.append(case, ["a note"], if_unchanged=True)
        assert ended == [True]
        assert len(ledger.history(case.id)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_writers_outlive_restarts_of_the_server(tmp_path: Path, version: int) -> None:
    """Eight threads write while the server crashes: each note that was reported as written is there, each one once."""
    if DATABASES and f"postgres{version}" not in DATABASES:
        pytest.skip(f"PostgreSQL {version} is not installed on this machine")
    server = open_server(tmp_path, version)
    written: list[str] = []
    unsure: list[str] = []
    ended = threading.Event()
    with server.database() as url, closing(PostgresLedger(Secret(url))) as ledger:
        cases = [make_case_of(make_cancellation(f"{number}")) for number in range(8)]
        for number, case in enumerate(cases):
            ledger.open_cancellation(make_cancellation(f"{number}"), "", [case])

        def work(number: int) -> None:
            turn = 0
            while not ended.is_set():
                turn += 1
                note = f"{number}/{turn}"
                try:
                    ledger.append(cases[number], [note], if_unchanged=False)
                except StorageError:
                    unsure.append(note)
                else:
                    written.append(note)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for _ in range(3):
            ended.wait(0.5)
            server.restart()
        ended.wait(0.5)
        ended.set()
        for thread in threads:
            thread.join()
        found = [str(entry.content) for case in cases for entry in ledger.history(case.id)]
        assert len(found) == len(set(found))
        assert set(written) <= set(found) <= {*written, *unsure}
        assert len(written) > 8
        assert list(ledger.find_flaws()) == []
