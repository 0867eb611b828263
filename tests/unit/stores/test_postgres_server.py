"""The servers that other tests stand on: shared by processes, gone after the last, and as broken as a test wants."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from tests.support.postgres import VERSIONS, PostgresServer, open_server

CHILD = """
import sys, time
from pathlib import Path
from tests.support.postgres import open_server
print(open_server(Path(sys.argv[1]), int(sys.argv[2])).socket, flush=True)
time.sleep(600)
"""


def started(folder: Path, version: int = VERSIONS[0]) -> tuple[subprocess.Popen[str], Path]:
    """A process that uses the folder's server, and the socket's folder."""
    child = subprocess.Popen([sys.executable, "-c", CHILD, folder, str(version)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    return child, Path(child.stdout.readline().strip())


def test_each_test_has_a_database_of_its_own_and_none_stays(postgres_server: PostgresServer) -> None:
    with postgres_server.database() as one, postgres_server.database() as other:
        with psycopg.connect(one) as db:
            db.execute("CREATE TABLE mine (id integer)")
            found = db.info.server_version // 10000
        with psycopg.connect(other) as db:
            assert db.execute("SELECT to_regclass('mine')").fetchone() == (None,)
    assert found == postgres_server.version
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(one)


def test_a_template_is_prepared_once(postgres_server: PostgresServer) -> None:
    prepared: list[str] = []

    def prepare(url: str) -> None:
        prepared.append(url)
        with psycopg.connect(url) as db:
            db.execute("CREATE TABLE made (id integer)")

    names = [postgres_server.template("template_of_a_test", prepare) for _ in range(2)]
    with postgres_server.database(names[0]) as url, psycopg.connect(url) as db:
        assert db.execute("SELECT to_regclass('made')::text").fetchone() == ("made",)
    assert len(prepared) <= 1, "another process of this run may have been first"


@pytest.mark.slow
def test_a_server_ends_after_the_last_process_that_uses_it_however_that_ends(tmp_path: Path) -> None:
    first, socket = started(tmp_path)
    second, same = started(tmp_path)
    assert same == socket
    first.send_signal(signal.SIGKILL)
    first.wait()
    time.sleep(0.3)
    psycopg.connect(f"host={socket} user=postgres dbname=postgres").close()
    second.send_signal(signal.SIGKILL)
    second.wait()
    give_up = time.monotonic() + 20
    while socket.exists() and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not socket.exists()
    assert not (tmp_path / f"postgres-{VERSIONS[0]}.json").exists()
    for child in (first, second):
        assert child.stdout is not None
        child.stdout.close()


@pytest.mark.slow
def test_a_restart_loses_what_was_not_committed_and_nothing_else(tmp_path: Path) -> None:
    server = open_server(tmp_path, VERSIONS[0])
    with server.database() as url:
        with psycopg.connect(url) as db:
            db.execute("CREATE TABLE kept (id integer)")
            db.execute("INSERT INTO kept VALUES (1)")
        with psycopg.connect(url) as db:
            db.execute("INSERT INTO kept VALUES (2)")
            server.restart()
            with pytest.raises(psycopg.OperationalError):
                db.execute("SELECT 1")
            db.close()
        with psycopg.connect(url) as db:
            assert db.execute("SELECT id FROM kept").fetchall() == [(1,)]
