"""A contender in a process of its own, so that no client's imports, threads or log handlers slow another.

    python -m bench.measured_process NAME URL

reads lines `CALLS THREADS`, and prints for each the seconds and the seconds of CPU that they took.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.clients import CLIENTS, Run
from bench.loopback import ROOT, quiet_environment

__all__ = ["Contender"]


class Contender:
    """A running contender; idle but while it is measured."""

    def __init__(self, name: str, url: str, *arguments: str, in_memory: bool = False) -> None:
        """Start it.

        Args:
            arguments: of the contender, behind its URL.
            in_memory: its files lie in memory, where there is such a place: what is measured is not the disk.
        """
        memory = Path("/dev/shm")  # noqa: S108 - folders of its own are made there
        place = {"TMPDIR": str(memory)} if in_memory and memory.is_dir() else {}
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.measured_process", name, url, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=quiet_environment() | place,
        )

    def run(self, calls: int, threads: int) -> Run:
        """What so many cancels took."""
        self.start(calls, threads)
        return self.end()

    def start(self, calls: int, threads: int) -> None:
        """Begin a run, beside those of other processes."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{calls} {threads}\n")
        self._process.stdin.flush()

    def end(self) -> Run:
        """What the run took that was begun, once it is over."""
        assert self._process.stdout is not None
        answer = self._process.stdout.readline().split()
        if not answer:
            raise RuntimeError(f"{self.name} ended; its error is above")
        return Run(float(answer[0]), float(answer[1]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=10)


def main(name: str, *arguments: str) -> None:
    """Measure whatever stdin asks for."""
    client = CLIENTS[name](*arguments)
    for line in sys.stdin:
        calls, threads = map(int, line.split())
        took = client.run(calls, threads)
        print(took.seconds, took.cpu_seconds, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
