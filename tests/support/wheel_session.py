"""A person with Python, pip and our wheels, in an empty environment and an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from orderdesk_devkit.testing.report_keys import WHEEL_SKIP
from tests.support.distributions import ROOT
from tests.support.page_session import PageSession

__all__ = ["WheelSession", "wheel_environment"]

ADVICE = re.compile(r"run `(pip install [^`]+)`")
BESIDE = re.compile(r"\s+# .*$", re.MULTILINE)
"""What is said beside a command."""


def wheel_environment(folder: Path, wheels: Path) -> Mapping[str, str]:
    """The variables of a shell whose Python has pip and nothing else; pip takes our packages from `wheels`.

    Skips the test, aloud, where pip reaches no index.
    """
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
    constraints = ROOT / "constraints.txt"
    variables = {
        "PATH": os.pathsep.join([str(folder / "bin"), os.environ["PATH"]]),
        "PIP_FIND_LINKS": f"{wheels} {os.environ.get('PIP_FIND_LINKS', '')}",
        "PIP_CONSTRAINT": f"{constraints} {os.environ.get('PIP_CONSTRAINT', '')}",
        "PIP_QUIET": "1",
        "PYTHONPATH": "",
    }
    pinned = next(line for line in constraints.read_text(encoding="utf-8").splitlines() if line.startswith("attrs=="))
    asked = subprocess.run(
        [str(folder / "bin" / "python"), "-m", "pip", "download", "--no-deps", "--dest", str(folder / "try"), pinned],
        check=False,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
    )
    if asked.returncode != 0:
        pytest.skip(f"{WHEEL_SKIP}pip reaches no package index ({asked.stderr.strip().splitlines()[-1]})")
    return variables


def commands_of(text: str) -> list[str]:
    """The commands of a page, without what is said beside them."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in BESIDE.sub("", block).splitlines()]


class WheelSession(PageSession):
    """A page's session in such an environment: what a line installs is really installed."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        folder.mkdir()
        super().__init__(folder)
        self._environment |= environment

    def install(self, line: str) -> None:
        """Let pip do it."""
        self._run(line)

    def page(self, text: str, done: str = "") -> None:
        """Do all commands of a page, as they stand there, but those that stand on a page that is done."""
        for line in commands_of(text):
            if line not in commands_of(done):
                self.shell(line)

    def advice(self, line: str) -> str:
        """The line that a command gives to install what it lacks, after which it ends with exit code 1."""
        ran = subprocess.run(
            ["bash", "-c", line], check=False, cwd=self.folder, env=self._environment, capture_output=True, text=True
        )
        assert ran.returncode == 1, f"{line}: {ran.returncode}: {ran.stdout}{ran.stderr}"
        found = ADVICE.search(" ".join(ran.stderr.split()))
        assert found, f"{line}: {ran.stderr}"
        return found[1]
