"""The ledger as a file: its owner's alone, copied whole, and never written where nobody will find it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import StorageError, ValidationError
from orderdesk_sdk.plugin.toolkit.file_drop import LocalFileDrop
from orderdesk_sdk.plugin.toolkit.private_files import make_private_folder, paths_open_to_others
from orderdesk_sdk.stores.sqlite.backup import accept_current_state, restore
from orderdesk_sdk.stores.sqlite.connection import wal_path
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from orderdesk_sdk.stores.sqlite.ledger_schema import MIGRATIONS
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from tests.support.builders import NOW, make_cancellation, make_case_of, open_case

Opened = SqliteLedger | SqliteOrderStore


@pytest.fixture
def ledger(sqlite_ledger: SqliteLedger) -> SqliteLedger:
    """A ledger in a file, whatever other databases there are."""
    return sqlite_ledger


def write_to_host(host: SqliteOrderStore) -> None:
    host.create_folder(f"Folder {len(host.folders())}")


# Private


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o277], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_the_ledger_and_what_sqlite_puts_beside_it_are_their_owners_alone(path: Path) -> None:
    with closing(SqliteLedger(path)) as ledger, SqliteOrderStore(path, clock=VirtualClock()) as host:
        open_case(ledger)
        write_to_host(host)
        names = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert {name: oct(mode & 0o077) for name, mode in names.items()} == dict.fromkeys(
        ("orderdesk.db", "orderdesk.db-wal", "orderdesk.db-shm"), oct(0)
    )
    assert list(paths_open_to_others(path)) == []


def test_a_file_for_somebody_else_and_a_folder_are_their_owners_alone(tmp_path: Path) -> None:
    make_private_folder(tmp_path / "outbox")
    LocalFileDrop(tmp_path / "outbox").put("cancel.xml", b"<order/>")
    made = (tmp_path / "outbox", tmp_path / "outbox" / "cancel.xml")
    assert [oct(stat.S_IMODE(each.stat().st_mode)) for each in made] == ["0o700", "0o600"]
    made[1].chmod(0o640)
    assert list(paths_open_to_others(*made, tmp_path / "absent")) == [made[1]]


# Copies


def test_a_plain_copy_of_a_ledger_in_use_is_refused_and_left_alone(
    ledger: SqliteLedger, path: Path, tmp_path: Path
) -> None:
    open_case(ledger)
    copy = tmp_path / "copy.db"
    shutil.copy(path, copy)
    before = copy.read_bytes()
    for _ in range(2):
        with pytest.raises(StorageError, match=r"no complete ledger.*`orderdesk ledger backup`"):
            SqliteLedger(copy)
    assert copy.read_bytes() == before
    assert not wal_path(copy).exists()


def test_a_copy_of_an_early_version_whose_tables_lie_in_its_log_is_refused(tmp_path: Path) -> None:
    source, copy = tmp_path / "early.db", tmp_path / "copy.db"
    with closing(sqlite3.connect(source, isolation_level=None)) as early:
        early.execute("PRAGMA journal_mode = WAL")
        early.execute("CREATE TABLE cases (id)")
        shutil.copy(source, copy)
    assert copy.stat().st_size == 4096
    for opened in (SqliteLedger, lambda path: SqliteOrderStore(path, clock=VirtualClock())):
        with pytest.raises(StorageError, match="no complete ledger"):
            opened(copy)


def test_a_copy_with_its_log_and_one_of_a_closed_ledger_are_whole(
    ledger: SqliteLedger, path: Path, tmp_path: Path
) -> None:
    case = open_case(ledger)
    for file in (path, wal_path(path)):
        shutil.copy(file, tmp_path / file.name.replace("orderdesk", "with-log"))
    ledger.close()
    shutil.copy(path, tmp_path / "closed.db")
    for name in ("with-log.db", "closed.db"):
        with closing(SqliteLedger(tmp_path / name)) as copy:
            assert copy.cases(CancelCase) == (case,)


@pytest.mark.slow
def test_a_ledger_whose_log_was_removed_after_a_crash_is_refused_until_a_person_accepts_it(path: Path) -> None:
    crash(path)
    assert wal_path(path).stat().st_size > 0
    wal_path(path).unlink()
    with pytest.raises(StorageError, match="no complete ledger"):
        SqliteLedger(path)
    assert accept_current_state(path, NOW).count == 0
    with closing(SqliteLedger(path)) as ledger:
        assert ledger.cases(CancelCase) == ()
    with pytest.raises(ValidationError, match="nothing is missing"):
        accept_current_state(path, NOW)


@pytest.mark.slow
def test_a_crash_and_an_end_without_closing_leave_a_ledger_that_opens(path: Path) -> None:
    crash(path)
    with closing(SqliteLedger(path)) as ledger:
        assert len(ledger.cases(CancelCase)) == 1
    crash(path, ends="pass")
    with closing(SqliteLedger(path)) as ledger:
        assert len(ledger.cases(CancelCase)) == 2


def crash(path: Path, ends: str = "os._exit(9)") -> None:
    """A process that opens a case and ends without closing anything."""
    program = f"""
        import os, sys
        from pathlib import Path
        from orderdesk_sdk.cases.cancellation import CancelCase
        from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
        from tests.support.builders import make_cancellation, make_case_of
        ledger = SqliteLedger(Path({str(path)!r}))
        number = str(len(ledger.cases(CancelCase)) + 1)
        ledger.open_cancellation(make_cancellation(number), "", [make_case_of(make_cancellation(number))])
        {ends}
    """
    root = Path(__file__).resolve().parent.parent.parent.parent
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], cwd=root, timeout=60, check=False)


# A file that is changed under whoever uses it


def replaced(path: Path) -> None:
    shutil.copy(path, path.with_name("new.db"))
    path.with_name("new.db").replace(path)


def removed(path: Path) -> None:
    path.unlink()


def truncated(path: Path) -> None:
    os.truncate(path, 4096)


def without_log(path: Path) -> None:
    wal_path(path).unlink()


def with_another_log(path: Path) -> None:
    shutil.copy(wal_path(path), path.with_name("new.db"))
    path.with_name("new.db").replace(wal_path(path))


@pytest.mark.parametrize("change", [replaced, removed, truncated, without_log, with_another_log])
def test_nothing_is_written_into_a_file_that_nobody_will_find(
    ledger: SqliteLedger, path: Path, change: Callable[[Path], None]
) -> None:
    case = open_case(ledger)
    with SqliteOrderStore(path, clock=VirtualClock()) as host:
        write_to_host(host)
        change(path)
        writes: list[Callable[[], object]] = [
            lambda: ledger.append(case, ["a note"], if_unchanged=True),
            lambda: ledger.open_cancellation(make_cancellation("2"), "", [make_case_of(make_cancellation("2"))]),
            lambda: write_to_host(host),
        ]
        for write in writes:
            with pytest.raises(StorageError, match=r"while the ledger is in use.*start them again"):
                write()
        if change not in (without_log, with_another_log):
            for read in (lambda: ledger.cases(CancelCase), host.folders):
                with pytest.raises(StorageError, match="while the ledger is in use"):
                    read()
        assert path.exists() == (change is not removed)


def test_a_program_may_go_to_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    with closing(SqliteLedger(Path("a.db"))) as ledger, SqliteOrderStore("a.db", clock=VirtualClock()) as host:
        monkeypatch.chdir(tmp_path / "elsewhere")
        case = open_case(ledger)
        write_to_host(host)
        assert (ledger.cases(CancelCase), list(ledger.find_flaws())) == ((case,), [])
        ledger.backup(tmp_path / "backup.db")


def test_an_older_copy_that_is_put_into_the_file_itself_is_noticed(
    ledger: SqliteLedger, path: Path, tmp_path: Path
) -> None:
    case = open_case(ledger)
    ledger.backup(tmp_path / "older.db")
    ledger.append(case, ["written after the backup"], if_unchanged=True)
    with closing(sqlite3.connect(tmp_path / "older.db")) as older, closing(sqlite3.connect(path)) as here:
        older.backup(here)
    with pytest.raises(StorageError, match="the ledger lacks line 2, which was written"):
        ledger.append(case, ["into an older copy"], if_unchanged=True)


def test_what_other_processes_write_is_no_other_ledger(ledger: SqliteLedger, path: Path) -> None:
    case = open_case(ledger)
    with closing(SqliteLedger(path)) as other:
        for turn in range(3):
            other.append(case, [f"theirs {turn}"], if_unchanged=True)
            ledger.append(case, [f"ours {turn}"], if_unchanged=True)
    ledger.append(case, ["after they closed it"], if_unchanged=True)
    assert len(ledger.history(case.id)) == 7


# Backups


def test_a_backup_is_whole_private_and_one_file_while_others_write(
    ledger: SqliteLedger, path: Path, tmp_path: Path
) -> None:
    case = open_case(ledger)
    with closing(sqlite3.connect(path, isolation_level=None)) as writing:
        writing.execute("BEGIN IMMEDIATE")
        made = ledger.backup(tmp_path / "backup.db")
        writing.execute("COMMIT")
    ledger.append(case, ["after it"], if_unchanged=True)
    assert (made.head.count, made.flaws) == (1, ())
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(("backup", ".backup"))] == ["backup.db"]
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    with closing(SqliteLedger(made.path)) as copy:
        assert (copy.cases(CancelCase), copy.history(case.id), list(copy.find_flaws())) == ((case,), (), [])


def test_a_backup_overwrites_nothing_and_leaves_nothing_where_it_fails(
    ledger: SqliteLedger, path: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.db").write_bytes(b"mine")
    with pytest.raises(ValidationError, match="the file exists already"):
        ledger.backup(tmp_path / "mine.db")
    assert (tmp_path / "mine.db").read_bytes() == b"mine"
    with pytest.raises(StorageError, match="cannot be written"):
        ledger.backup(tmp_path / "absent" / "backup.db")
    ledger.close()
    path.write_bytes(b"no ledger any more, " * 500)
    with pytest.raises(StorageError, match="no backup was made"):
        ledger.backup(tmp_path / "backup.db")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["mine.db", "orderdesk.db"]


def test_a_backup_of_a_ledger_that_was_changed_says_so(ledger: SqliteLedger, path: Path, tmp_path: Path) -> None:
    open_case(ledger)
    with closing(sqlite3.connect(path)) as stranger, stranger:
        stranger.execute("DROP TRIGGER cases_are_changed_with_history")
        stranger.execute("UPDATE cases SET version = 9")
    assert [flaw.subject_id for flaw in ledger.backup(tmp_path / "backup.db").flaws] == ["c1-1"]


# Readers


def test_who_only_reads_waits_for_nobody_who_writes(ledger: SqliteLedger, path: Path) -> None:
    case = open_case(ledger)
    with closing(sqlite3.connect(path, isolation_level=None)) as writing:
        writing.execute("BEGIN IMMEDIATE")
        with closing(SqliteLedger(path)) as reading:
            assert reading.cases(CancelCase) == (case,)
        writing.execute("COMMIT")


# Of whatever version


def test_an_empty_file_becomes_a_ledger_and_is_one_when_opened_again(path: Path) -> None:
    path.touch()
    for _ in range(2):
        SqliteLedger(path).close()
    raw = sqlite3.connect(path)
    assert raw.execute("SELECT max(version) FROM ledger_schema").fetchall() == [(len(MIGRATIONS),)]
    assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    raw.close()


def test_a_ledger_of_a_newer_version_is_refused_and_left_alone(path: Path) -> None:
    SqliteLedger(path).close()
    raw = sqlite3.connect(path)
    with raw:
        raw.execute("INSERT INTO ledger_schema (version, oldest) VALUES (?1, ?1)", (len(MIGRATIONS) + 1,))
    with pytest.raises(StorageError, match="install the newer") as raised:
        SqliteLedger(path)
    assert raised.value.location == str(path)
    assert raw.execute("SELECT max(version) FROM ledger_schema").fetchone() == (len(MIGRATIONS) + 1,)
    raw.close()


def test_what_is_no_database_is_refused_and_left_alone(tmp_path: Path, path: Path) -> None:
    path.write_text("dear diary" * 100, encoding="utf-8")
    for place in (path, tmp_path, tmp_path / "absent" / "orderdesk.db"):
        with pytest.raises(StorageError, match="cannot be opened") as raised:
            SqliteLedger(place)
        assert raised.value.location == str(place)
    assert path.read_text(encoding="utf-8") == "dear diary" * 100


WRITER = """
import sys
from pathlib import Path
from datetime import UTC, datetime
from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.builders import make_cancellation, make_case_of, open_case
ledger = SqliteLedger(Path(sys.argv[1]))
for number in range(40):
    name = f"{sys.argv[2]}{number}"
    now = datetime(2026, 1, 5, tzinfo=UTC)
    ledger.open_cancellation(Cancellation(name, name, "1", "1042", "Ann", None, now), "content", [])
"""


def test_two_processes_that_write_one_file_lose_nothing(path: Path) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), name]) for name in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    ledger = SqliteLedger(path)
    assert {found.id for found in ledger.cancellations("1")} == {f"{name}{n}" for name in "ab" for n in range(40)}
    ledger.close()


def test_what_may_have_been_sent_after_a_backup_is_of_unknown_fate_once_it_is_restored(
    ledger: SqliteLedger, path: Path, tmp_path: Path
) -> None:
    case = open_case(ledger)
    waiting = open_case(ledger, "2", state=State.ACKNOWLEDGED)
    backup = ledger.backup(tmp_path / "backup.db").path
    ledger.close()
    restored = restore(backup, path, NOW)
    assert restored.distrusted == 1
    with closing(SqliteLedger(path)) as again:
        assert again.case(case.id, CancelCase).state is State.UNKNOWN
        assert "a backup was restored" in str(again.case(case.id, CancelCase).message)
        assert again.case(waiting.id, CancelCase).state is State.ACKNOWLEDGED
        assert list(again.find_flaws(restored.head)) == []


def test_a_backup_that_lacks_nothing_by_a_persons_word_is_believed(
    ledger: SqliteLedger, path: Path, tmp_path: Path
) -> None:
    case = open_case(ledger)
    backup = ledger.backup(tmp_path / "backup.db").path
    ledger.close()
    assert restore(backup, path, NOW, lacks_nothing=True).distrusted == 0
    with closing(SqliteLedger(path)) as again:
        assert again.case(case.id, CancelCase) == case
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT reason FROM ledger_epochs").fetchall() == [
            ("a backup was restored that lacks nothing",)
        ]


def test_what_the_missing_log_may_have_sent_is_of_unknown_fate_once_it_is_accepted(path: Path, tmp_path: Path) -> None:
    with closing(SqliteLedger(path)) as ledger:
        case = open_case(ledger)
    with closing(SqliteLedger(path)) as ledger:
        ledger.append(case, ["in the log alone"], if_unchanged=True)
        shutil.copy(path, tmp_path / "copy.db")
    accept_current_state(tmp_path / "copy.db", NOW)
    with closing(SqliteLedger(tmp_path / "copy.db")) as accepted:
        found = accepted.case(case.id, CancelCase)
        assert (found.state, "the log of the ledger was missing" in str(found.message)) == (State.UNKNOWN, True)
        assert list(accepted.find_flaws()) == []
