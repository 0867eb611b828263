"""The process that starts a PostgreSQL server for tests, waits until nobody uses it, and ends it.

python -m tests.support.postgres_keeper FOLDER VERSION BINARIES SETTINGS    see `tests.support.postgres.open_server`

It outlives whoever started it: the users of a server are those who hold the lock of a file, and a lock goes with its
process, however that ends.
"""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["main"]

ROOM: Final = 2 * 1024**3
"""Bytes of memory that databases of tests may fill: several times what they do."""

SETTINGS: Final = {
    "listen_addresses": "''",
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "log_min_messages": "warning",
}
"""Of a server that is fast, and lost with the machine."""


def main(folder: Path, version: str, binaries: Path, settings: Mapping[str, str]) -> None:
    """Start a server, tell in `postgres-VERSION.json` how to reach it, and leave a process that ends it."""
    told = folder / f"postgres-{version}.json"
    home = Path(tempfile.mkdtemp(prefix="orderdesk-pg-", dir=_place(settings)))
    try:
        found = _start(home, binaries, settings)
    except (OSError, subprocess.SubprocessError) as error:
        texts = [path.read_text("utf-8") for path in (home / "said", home / "log") if path.exists()]
        found = {"error": "\n".join([f"PostgreSQL {version} did not start: {error}", *texts])}
    _write(told, found)
    if os.fork() != 0:
        return
    os.setsid()  # Control-C at the terminal is for the tests.
    try:
        with (folder / f"postgres-{version}.users").open("rb") as users:
            fcntl.flock(users, fcntl.LOCK_EX)
            told.unlink(missing_ok=True)
            _stop(found)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _place(settings: Mapping[str, str]) -> Path:
    """Where the server's folder is made: in memory, if there is room, and programs may be run from there.

    On disk where it is to flush: in memory that would cost nothing.
    """
    memory, disk = Path("/dev/shm"), Path("/tmp")  # noqa: S108 - a folder of its own is made there
    if settings.get("fsync") == "on":
        return disk
    fits = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM
    return memory if fits and not os.statvfs(memory).f_flag & os.ST_NOEXEC else disk


def _start(home: Path, binaries: Path, settings: Mapping[str, str]) -> dict[str, str | None]:
    user = _server_user()
    if user is not None:
        # The user of the server may not look into the folders of root, where the programs of a wheel lie.
        binaries = _copied(binaries, home)
        shutil.chown(home, user)
    data = home / "data"
    found = {"binaries": str(binaries), "data": str(data), "socket": str(home), "user": user}
    arguments = ["--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-D", str(data)]
    _run(found, "initdb", *arguments)
    wanted = {**SETTINGS, "unix_socket_directories": f"'{home}'", **settings}
    lines = "".join(f"{name} = {value}\n" for name, value in wanted.items())
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(lines)
    _run(found, "pg_ctl", "-w", "-D", str(data), "-l", str(home / "log"), "start")
    return found


def _server_user() -> str | None:
    """Who the server runs as: PostgreSQL refuses to run as root. None: as this process."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _copied(binaries: Path, home: Path) -> Path:
    package = binaries.parent.parent
    libraries = package.with_name(f"{package.name}.libs")
    if not libraries.is_dir():
        return binaries  # Of the system, and open to everybody.
    copy = home / "programs"
    shutil.copytree(libraries, copy / libraries.name)
    shutil.copytree(binaries.parent, copy / package.name / binaries.parent.name, symlinks=True)
    subprocess.run(["chmod", "-R", "a+rX", copy], check=True)
    return copy / package.name / binaries.parent.name / "bin"


def _run(found: Mapping[str, str | None], program: str, *arguments: str) -> None:
    told = [f"{found['binaries']}/{program}", *arguments]
    with Path(f"{found['socket']}/said").open("ab") as said:  # A pipe would stay open in the server.
        subprocess.run(told, check=True, user=found["user"], stdout=said, stderr=said, cwd="/", timeout=60)


def _stop(found: Mapping[str, str | None]) -> None:
    if "data" in found:
        with suppress(subprocess.SubprocessError):  # A test left it down.
            _run(found, "pg_ctl", "-D", str(found["data"]), "-m", "immediate", "stop")


def _write(path: Path, found: Mapping[str, str | None]) -> None:
    """Write the file whole: whoever sees it may read it."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(found), encoding="utf-8")
    unfinished.replace(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), json.loads(sys.argv[4]))
