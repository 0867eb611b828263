"""A contender in a process of its own, so that no client's imports, threads or log handlers slow another.

    python -m bench.measured_process NAME URL

reads lines `CALLS_OPERATION THREADS`, and prints for each the seconds that they took.
"""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType
from typing import Self

from bench.clients import CLIENTS
from bench.loopback import ROOT, quiet_environment

__all__ = ["Contender"]


class Contender:
    """A running contender; idle but while `rate` measures it."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.measured_process", name, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=quiet_environment(),
        )

    def rate(self, calls: int, threads: int) -> float:
        """Cancels per second."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{calls} {threads}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.name} ended; its error is above")
        return calls / float(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=10)


def main(name: str, url: str) -> None:
    """Measure whatever stdin asks for."""
    client = CLIENTS[name](url)
    for line in sys.stdin:
        calls, threads = map(int, line.split())
        print(client.run(calls, threads), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
