"""Programs run as by `python -m`, by a Python that need not import the SDK and pytest anew for each."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from orderdesk_devkit.testing.failpoints.fork_server import ForkServer
from tests.support.python_child import Program

__all__ = ["Ran", "WarmPython"]

LONGEST = 600.0
"""Seconds that a program may take."""


@frozen
class Ran:
    """How a program ended, and what it said on stdout and stderr."""

    code: int
    output: str


class WarmPython:
    """Starts with the first program."""

    def __init__(self) -> None:
        self._server: ForkServer | None = None

    def run(self, module: str, *arguments: str | Path, at: Path, environment: Mapping[str, str] | None = None) -> Ran:
        """Run a module with arguments in a folder.

        environment: variables beside those of this process.
        """
        if self._server is None:
            self._server = ForkServer(1, "tests.support.python_child", LONGEST)
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "output"
            variables = {**os.environ, **(environment or {})}
            program = Program(module, tuple(map(str, arguments)), str(at), variables, str(output))
            code = self._server.run(program).code
            return Ran(code, output.read_text(encoding="utf-8", errors="replace"))

    def close(self) -> None:
        """End it. Harmless when repeated."""
        if self._server is not None:
            self._server.close()
            self._server = None
