"""Durable cancels with the ledger in PostgreSQL, from one, two and four processes that share it.

The server is one of this machine over a Unix socket, and every commit is flushed to disk.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bench.figure import Figure, Scale, compare, interleaved
from bench.loopback import Loopback
from bench.measured_process import Contender
from tests.support.postgres import VERSIONS, binaries_of, open_server

__all__ = ["postgres"]

PROCESSES = (1, 2, 4)
THREADS = 4
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}


def postgres(effort: Scale) -> Iterator[Figure]:
    """The rate of all processes together, over bare httpx in as many, and over one process with a SQLite file."""
    version = next((one for one in VERSIONS if binaries_of(one) is not None), None)
    if version is None:
        print("bench: no PostgreSQL is installed here", file=sys.stderr, flush=True)
        return
    calls = effort.pick(60, 200)
    with tempfile.TemporaryDirectory(prefix="orderdesk-bench-") as folder, ExitStack() as stack:
        server = open_server(Path(folder), version, **DURABLE)
        url = stack.enter_context(server.database())
        loopback = stack.enter_context(Loopback())
        started = dict[str, list[Contender]]()
        for name, arguments in (("httpx", ()), ("desk.cancel on PostgreSQL", (url,))):
            started[name] = [
                stack.enter_context(Contender(name, loopback.url, *arguments)) for _ in range(max(PROCESSES))
            ]
        file = [stack.enter_context(Contender("desk.cancel", loopback.url))]
        _rate([*started["desk.cancel on PostgreSQL"], *started["httpx"], *file], 10)  # Warm.
        for count in PROCESSES:
            ours, bare, sqlite = interleaved(
                effort.pick(3, 5, 9),
                [
                    partial(_rate, started["desk.cancel on PostgreSQL"][:count], calls),
                    partial(_rate, started["httpx"][:count], calls),
                    partial(_rate, file, calls),
                ],
            )
            name = f"durable cancels on PostgreSQL {version}, {count} process{'es' if count > 1 else ''}"
            yield compare(name, "1/s", f"bare httpx, {count} too", ours, bare)
            yield compare(name, "1/s", "desk.cancel with a SQLite file, 1 process", ours, sqlite)


def _rate(contenders: Sequence[Contender], calls: int) -> float:
    """Cancels per second of all of them together, each with its own threads."""
    for contender in contenders:
        contender.start(calls, THREADS)
    return len(contenders) * calls / max(contender.end().seconds for contender in contenders)
