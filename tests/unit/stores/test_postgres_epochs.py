"""A ledger in PostgreSQL that is put back to an older state: noticed while it runs and when opened, and told once."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import psycopg
import pytest

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.state_machine import Event, EventKind, InvalidTransitionError, transition
from orderdesk_sdk.errors import ConflictError, StorageError
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres import ledger as postgres_ledger
from orderdesk_sdk.stores.postgres.copy_ends import copy_source
from orderdesk_sdk.stores.postgres.ledger import PostgresLedger
from orderdesk_sdk.stores.postgres.pool import PostgresPool
from tests.support.builders import ACKNOWLEDGED, INTENT, SENT, make_resubmission, open_case
from tests.support.ledgers import PostgresDatabase
from tests.support.postgres import VERSIONS, PostgresServer, binaries_of, open_server
from tests.support.waiting import eventually

LOST_CHANGES = (
    "UPDATE cases SET state = older_cases.state, version = older_cases.version, data = older_cases.data,"
    " texts = older_cases.texts, sealed = older_cases.sealed, link = older_cases.link, due_at = older_cases.due_at"
    " FROM older_cases WHERE older_cases.number = cases.number"
)
"""With what follows, puts a ledger back to the copy that `remember` made when it had three lines."""
LOST_LINES = (
    LOST_CHANGES,
    "DELETE FROM history WHERE sequence > 3",
    "UPDATE chain SET count = 3, head = (SELECT head FROM older), latest = 0",
)


def remember(postgres: PostgresDatabase) -> None:
    with postgres.stranger() as cursor:
        cursor.execute("CREATE TABLE older AS SELECT * FROM chain")
        cursor.execute("CREATE TABLE older_cases AS SELECT * FROM cases")


def epochs(postgres: PostgresDatabase) -> list[tuple[int, str]]:
    with postgres.stranger() as cursor:
        return cursor.execute("SELECT lines, reason FROM ledger_epochs ORDER BY number").fetchall()


def last_event(ledger: PostgresLedger, case_id: str) -> object:
    return ledger.history(case_id)[-1].content


def test_lines_that_are_gone_while_it_runs_are_noticed_and_told_once(postgres: PostgresDatabase) -> None:
    with closing(postgres.open()) as ledger, closing(postgres.open()) as other:
        pending, waiting = open_case(ledger, "1"), open_case(ledger, "2", state=State.ACKNOWLEDGED)
        resubmission, _ = ledger.open_case(make_resubmission())
        remember(postgres)
        sent = transition(pending, SENT).case
        ledger.write(CaseUpdate(pending, sent, [SENT, INTENT]))
        other.append(waiting, ["a note of another process"], if_unchanged=True)
        postgres.tamper(*LOST_LINES)

        with pytest.raises(ConflictError):  # What was about to be done rested on what is gone.
            ledger.write(CaseUpdate(sent, transition(sent, ACKNOWLEDGED).case, [ACKNOWLEDGED]))
        found = ledger.case(pending.id, CancelCase)
        assert found.state is State.UNKNOWN
        assert "line 5 of the history, which was written, is gone" in str(found.message)
        assert ledger.case(resubmission.id, ResubmitCase).state is State.ACTION_REQUIRED
        assert ledger.case(waiting.id, CancelCase).state is State.ACKNOWLEDGED
        assert "older state" in str(last_event(ledger, waiting.id))
        event = last_event(ledger, pending.id)
        assert isinstance(event, Event)
        assert event.kind is EventKind.OUTCOME_UNKNOWN

        head = ledger.head()
        other.append(other.case(waiting.id, CancelCase), ["the other goes on"], if_unchanged=True)
        assert other.head().count == head.count + 1, "what one process has told, no other tells again"
        assert [lines for lines, _ in epochs(postgres)] == [0, 6]
        assert list(ledger.find_flaws()) == []
    with closing(postgres.open()) as again:
        assert again.head().count == head.count + 1


def test_another_server_or_timeline_is_noticed_when_it_is_opened(postgres: PostgresDatabase) -> None:
    with closing(postgres.open()) as ledger:
        case = open_case(ledger)
    for column, value, reason in (
        ("timeline", "timeline + 7", "a standby became the primary"),
        ("system", "'another'", "restored into another server"),
    ):
        postgres.tamper(f"UPDATE ledger_epochs SET {column} = {value}")  # noqa: S608 - constants
        with closing(postgres.open()) as ledger:
            assert reason in str(ledger.case(case.id, CancelCase).message)
            count = ledger.head().count
        postgres.open().close()
        with closing(postgres.open()) as ledger:
            assert ledger.head().count == count


def test_what_a_server_does_not_tell_is_no_change(postgres: PostgresDatabase) -> None:
    with closing(postgres.open()) as ledger:
        case = open_case(ledger)
    postgres.tamper("UPDATE ledger_epochs SET timeline = NULL, system = NULL")
    with closing(postgres.open()) as ledger:
        assert ledger.case(case.id, CancelCase) == case


def test_another_ledger_in_its_place_is_refused(postgres: PostgresDatabase) -> None:
    with closing(postgres.open()) as ledger:
        case = open_case(ledger)
        postgres.tamper("UPDATE ledger_epochs SET epoch = 'of another ledger'")
        with pytest.raises(StorageError, match="another ledger than before"):
            ledger.append(case, ["a note"], if_unchanged=True)


def test_a_case_of_unknown_fate_is_sent_again_on_a_persons_word_alone(postgres: PostgresDatabase) -> None:
    with closing(postgres.open()) as ledger:
        case = open_case(ledger)
        postgres.tamper("UPDATE ledger_epochs SET timeline = timeline + 1")
    with closing(postgres.open()) as ledger:
        unknown = ledger.case(case.id, CancelCase)
        assert (unknown.attempt, unknown.idempotent, unknown.retry_allowed) == (1, False, False)
        assert unknown.last_sent_at is not None
        for event in (SENT, Event(EventKind.WITHDRAWN, SENT.at, person="Ann")):
            with pytest.raises(InvalidTransitionError):
                transition(unknown, event)


def test_who_waited_while_a_ledger_was_retired_writes_nothing(
    postgres: PostgresDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A program that does not say that it uses the database, else nothing would be copied.
    monkeypatch.setattr(postgres_ledger, "PostgresPool", partial(PostgresPool, says_in_use=False))
    results: list[str] = []

    def write() -> None:
        try:
            ledger.append(case, ["a note"], if_unchanged=True)
            results.append("written")
        except StorageError as error:
            results.append(error.message)

    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND database IS NULL"
    with closing(postgres.open()) as ledger:
        case = open_case(ledger)
        with (
            copy_source(Secret(postgres.url), "ledger") as end,
            psycopg.connect(postgres.url, autocommit=True) as looks,
        ):
            writer = threading.Thread(target=write)
            writer.start()
            eventually(lambda: looks.execute(waiting).fetchone() != (0,), "the writer waits for the lock")
            end.retire("the next one", SENT.at)
            end.commit()
            writer.join()
        assert results == ["this ledger is used no more: it was copied to the next one"]
        assert list(ledger.history(case.id)) == []


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_a_promoted_standby_without_the_last_commits_is_noticed(tmp_path: Path, version: int) -> None:
    """A base backup stands for a standby that has not had the last commits: it is promoted when the primary dies."""
    if binaries_of(version) is None:
        pytest.skip(f"PostgreSQL {version} is not installed on this machine")
    primary = open_server(tmp_path / "primary", version, wal_level="replica", max_wal_senders="4")
    with psycopg.connect(primary.url(), autocommit=True) as db:
        db.execute("CREATE DATABASE desk")
    ledger = PostgresLedger(Secret(primary.url("desk")))
    case = open_case(ledger)
    standby = copy_of(primary)
    sent = transition(case, SENT).case
    ledger.write(CaseUpdate(case, sent, [SENT, INTENT]))
    primary.stop()
    shutil.move(primary.data, f"{primary.data}.lost")
    shutil.move(standby, primary.data)
    primary.start()
    promote(primary)
    with closing(ledger):
        with pytest.raises(ConflictError):
            ledger.write(CaseUpdate(sent, transition(sent, ACKNOWLEDGED).case, [ACKNOWLEDGED]))
        found = ledger.case(case.id, CancelCase)
        assert found.state is State.UNKNOWN
        assert len(ledger.history(case.id)) == 1
        count = ledger.head().count
    with closing(PostgresLedger(Secret(primary.url("desk")))) as again:
        assert again.head().count == count
        assert list(again.find_flaws()) == []


def copy_of(server: PostgresServer) -> Path:
    """A base backup of a server, set up to follow it."""
    copy = server.data.with_name("standby")
    told = [
        str(server.binaries / "pg_basebackup"),
        "-D",
        str(copy),
        "-R",
        "-X",
        "stream",
        "-c",
        "fast",
        "-d",
        server.url(),
    ]
    subprocess.run(told, check=True, user=server.user, cwd="/", stdout=subprocess.DEVNULL)
    return copy


def promote(server: PostgresServer) -> None:
    """Let a standby become a primary, and wait until it is one."""
    with psycopg.connect(server.url(), autocommit=True) as db:
        db.execute("SELECT pg_promote(true, 30)")
        for _ in range(100):
            if db.execute("SELECT pg_is_in_recovery()").fetchone() == (False,):
                return
            time.sleep(0.05)
