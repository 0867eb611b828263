"""A script outside of the checkout: `orderdesk` in a folder of its own, with a sandbox running beside it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["PATIENCE", "PROGRAM", "SandboxScript", "running_sandbox"]

PROGRAM = [sys.executable, "-W", "error", "-m", "orderdesk_sdk.cli"]
PATIENCE = 120.0
"""Seconds until a process that does not come up is taken for broken; it takes one."""


class SandboxScript:
    """Runs `orderdesk` in a folder of its own, as a script would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}

    def run(self, *arguments: str, code: int = 0) -> str:
        """What the command printed. Fails where it ends with another exit code or complains."""
        ran = subprocess.run(
            [*PROGRAM, *arguments], check=False, capture_output=True, text=True, cwd=self.folder, env=self.environ
        )
        assert (ran.returncode, ran.stderr) == (code, ""), ran.stdout + ran.stderr
        return ran.stdout

    def ask(self, *arguments: str, code: int = 0) -> Any:
        """The JSON that the command gave."""
        return json.loads(self.run(*arguments, "--json", code=code))

    def ready(self) -> Any:
        """What the sandbox said when it was up."""
        return json.loads((self.folder / "ready").read_text(encoding="utf-8"))


@contextmanager
def running_sandbox(folder: Path, *options: str) -> Iterator[SandboxScript]:
    """A script with a sandbox in virtual time beside it. Fails where the sandbox does not end in good order."""
    script = SandboxScript(folder)
    sandbox = subprocess.Popen(
        [*PROGRAM, "sandbox", "--virtual-time", "--ready-file", "ready", *options],
        cwd=folder,
        env=script.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        give_up = time.monotonic() + PATIENCE
        while not (folder / "ready").exists():
            assert sandbox.poll() is None, sandbox.communicate()
            assert time.monotonic() < give_up, "the sandbox did not come up"
            time.sleep(0.02)
        yield script
        sandbox.send_signal(signal.SIGTERM)
        told, complaints = sandbox.communicate(timeout=PATIENCE)
        assert (sandbox.returncode, complaints) == (0, "")
        assert "ready" in told
        assert not (folder / "ready").exists()
    finally:
        sandbox.kill()
        sandbox.communicate()
