"""Where the children come from that are killed: prepared processes that fork one for each case."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from types import TracebackType
from typing import Protocol, Self

from attrs import frozen

from orderdesk_devkit.testing.failpoints.child import ENDED
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
    """`at_once` processes that fork children, each by the main function of a module. A context manager; any thread."""

    def __init__(
        self,
        at_once: int = 2,
        module: str = "orderdesk_devkit.testing.failpoints.child",
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        """timeout: real seconds after which a child that neither died nor ended is given up."""
        self._timeout = timeout
        self._idle: queue.Queue[subprocess.Popen[str]] = queue.Queue()
        self._all = [_parent(module) for _ in range(at_once)]
        for parent in self._all:
            self._idle.put(parent)
        self.at_once = at_once

    def run(self, task: Dumpable) -> ProcessExit:
        """Let a child do a case; returns when it is gone.

        Raises OrderDeskError for one that hangs, or whose parent broke down.
        """
        parent = self._idle.get()
        assert parent.stdin is not None
        assert parent.stdout is not None
        timer = threading.Timer(self._timeout, parent.kill)
        timer.start()
        said: list[str] = []
        try:
            parent.stdin.write(task.dump() + "\n")
            parent.stdin.flush()
            for line in parent.stdout:
                what, _, code = line.rstrip("\n").partition(" ")
                if what == ENDED:
                    return ProcessExit(int(code), tuple(said))
                said.append(line.rstrip("\n"))
        except (BrokenPipeError, ValueError):  # ValueError: its pipes are closed.
            said.append("the parent of the child is gone")
        finally:
            timer.cancel()
            self._idle.put(parent)
        raise OrderDeskError("\n".join(["the child hung, or its parent broke down", *said]), location="fork server")

    def close(self) -> None:
        """End the processes. Harmless when repeated."""
        for parent in self._all:
            parent.kill()
            parent.wait()
            for pipe in (parent.stdin, parent.stdout):
                if pipe is not None:
                    pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _parent(module: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own interpreter and a module of ours
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
