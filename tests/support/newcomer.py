"""Somebody who does in a folder what a page says, with the SDK installed already and no package index at hand."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path

__all__ = ["Newcomer", "briefly"]

OFFLINE = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet")
FEW_TESTS = "-k 'ends_as_declared or each_request or webhooks_are_read'"
"""The conformance tests that `check-plugin` runs; the others run before it, or in devkit/tests/test_scaffold.py."""
OF_THE_SDK = re.compile(r"orderdesk-sdk\[(\w+)\]")


class Newcomer:
    """Where they are, and what they wrote. An installed plugin goes into a folder beside it, found by their Python."""

    def __init__(self, folder: Path) -> None:
        self.at = folder
        self.site = folder / "site"
        self._begun: set[Path] = set()

    def python(self, *arguments: str, code: int = 0, pytest: str = "") -> str:
        """What Python says, when it ends with this code. pytest: options of what it runs of that."""
        ran = subprocess.run(
            [sys.executable, *arguments],
            check=False,
            cwd=self.at,
            capture_output=True,
            text=True,
            env={
                **os.environ,
                # Of an editable plugin the folder beside it has only the name: no .pth is read outside site-packages.
                "PYTHONPATH": os.pathsep.join([str(self.at / "src"), str(self.site)]),
                "PYTHONDONTWRITEBYTECODE": "1",
                "COLUMNS": "120",
                "PYTEST_ADDOPTS": pytest,
                "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            },
        )
        assert ran.returncode == code, f"{arguments}: {ran.stdout}{ran.stderr}"
        return ran.stdout

    def command(self, line: str, *more: str, code: int = 0) -> str:
        """What a command says. more: arguments that make it shorter; of malformed responses a few are enough."""
        match shlex.split(line):
            case "cd", folder:
                self.at /= folder
                return ""
            case "orderdesk", "check-plugin", *rest:
                return self.python("-m", "orderdesk_sdk.cli", "check-plugin", *rest, code=code, pytest=FEW_TESTS)
            case "orderdesk", *rest:
                return self.python("-m", "orderdesk_sdk.cli", *rest, *more, code=code)
            case "python", "-m", "pytest", *rest:
                return self.python("-m", "pytest", *rest, "--fuzz", "50", *more, code=code)
            case "python", "-m", "pip", "install", *what:
                extras = [found[1] for one in what if (found := OF_THE_SDK.fullmatch(one))]
                assert {*extras} <= {*metadata("orderdesk-sdk").get_all("Provides-Extra", [])}
                if "-e" in what:
                    self.python("-m", "pip", "install", *OFFLINE, "--target", str(self.site), "-e", ".")
                return ""
            case "python", *rest:
                return self.python(*rest, *more, code=code)
            case _:
                raise AssertionError(f"nobody runs {line}")

    def write(self, name: str, text: str) -> None:
        """Write a file in place of the one that is there, or the next part of one that was begun."""
        path = self.at / name
        assert path.exists(), f"{name} is not among the files that there are"
        before = f"{path.read_text(encoding='utf-8')}\n\n" if path in self._begun else ""
        path.write_text(before + text, encoding="utf-8")
        self._begun.add(path)


def briefly(suite: str) -> tuple[str, ...]:
    """The options of pytest that leave out the two standard tests of a class which take longest."""
    deaths = ("test_a_cancel_survives_every_crash", "test_a_cancel_whose_response_is_lost_survives_every_crash")
    return tuple(f"--deselect={suite}::{name}" for name in deaths)
