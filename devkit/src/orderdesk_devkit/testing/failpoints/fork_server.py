"""Where the children come from that are killed: prepared processes that fork one for each case."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import IO, Protocol, Self

from attrs import define, frozen

from orderdesk_devkit.testing.failpoints.child import ENDED, FORKED
from orderdesk_sdk.errors import OrderDeskError

__all__ = ["ForkServer", "ProcessExit"]

TIMEOUT_SECONDS = 60.0
"""Real seconds after which a child that neither died nor ended is given up."""


@frozen
class ProcessExit:
    """How a child ended.

    Args:
        code: its exit code, negative for a signal.
        output: its lines, in order.
    """

    code: int
    output: tuple[str, ...]


class Dumpable(Protocol):
    """What a child is told to do, as a line of text."""

    def dump(self) -> str:
        """The line."""


class ForkServer:
    """`at_once` processes that fork children, each by the main function of a module. A context manager; any thread.

    Only the first is started: the others are forked from it when everything is imported.
    """

    def __init__(
        self,
        at_once: int = 2,
        module: str = "orderdesk_devkit.testing.failpoints.child",
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        """timeout: real seconds after which a child that neither died nor ended is given up."""
        self._timeout = timeout
        self._first, self._all = _start(module, at_once)
        self._idle: queue.Queue[_Parent] = queue.Queue()
        for parent in self._all:
            self._idle.put(parent)
        self.at_once = at_once

    def run(self, task: Dumpable) -> ProcessExit:
        """Let a child do a case; returns when it is gone.

        Raises OrderDeskError for one that hangs, or whose parent broke down.
        """
        parent = self._idle.get()
        said: list[str] = []
        try:
            with parent.killed_after(self._timeout):
                parent.tasks.write(task.dump() + "\n")
                parent.tasks.flush()
                for line in parent.told:
                    what, _, code = line.rstrip("\n").partition(" ")
                    if what == ENDED:
                        return ProcessExit(int(code), tuple(said))
                    said.append(line.rstrip("\n"))
        except (BrokenPipeError, ValueError):  # ValueError: its pipes are closed.
            said.append("the parent of the child is gone")
        finally:
            self._idle.put(parent)
        raise OrderDeskError("\n".join(["the child hung, or its parent broke down", *said]), location="fork server")

    def close(self) -> None:
        """End the processes. Harmless when repeated."""
        for parent in self._all:
            parent.close()
        self._first.kill()
        self._first.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@define
class _Parent:
    """A process that forks children. tasks: what they are to do, a line each. told: what they say."""

    tasks: IO[str]
    told: IO[str]
    pid: int | None
    """None until it has told it, which it does when it is ready."""

    @contextmanager
    def killed_after(self, seconds: float) -> Iterator[None]:
        """It is killed where the block takes longer."""
        if self.pid is None:
            _, _, number = self.told.readline().rstrip("\n").rpartition(" ")
            self.pid = int(number)  # ValueError, where it has said nothing: it is gone.
        timer = threading.Timer(seconds, self.kill)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def kill(self) -> None:
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def close(self) -> None:
        if not self.told.closed:
            self.kill()
        with suppress(BrokenPipeError):
            self.tasks.close()
        self.told.close()


def _start(module: str, at_once: int) -> tuple[subprocess.Popen[str], list[_Parent]]:
    """The process that is started, and the parents: itself, and those that it forks."""
    pipes = [(os.pipe(), os.pipe()) for _ in range(at_once - 1)]
    theirs = [(tasks[0], told[1]) for tasks, told in pipes]
    first = subprocess.Popen(  # noqa: S603 - our own interpreter and a module of ours
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        pass_fds=[number for pair in theirs for number in pair],
        env={**os.environ, FORKED: " ".join(f"{tasks},{told}" for tasks, told in theirs)},
    )
    for number in (number for pair in theirs for number in pair):
        os.close(number)
    assert first.stdin is not None
    assert first.stdout is not None
    others = [_Parent(os.fdopen(tasks[1], "w"), os.fdopen(told[0], encoding="utf-8"), None) for tasks, told in pipes]
    return first, [_Parent(first.stdin, first.stdout, first.pid), *others]
