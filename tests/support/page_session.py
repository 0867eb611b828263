"""A person who begins in an empty folder and does, in a real shell, exactly what the blocks of a page say."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import distribution
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import httpx
import pytest

from tests.support.waiting import eventually

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Block

__all__ = ["PageSession", "play"]

PORT = "8000"
"""What the pages serve on; a free port stands for it here."""
EXPORT = re.compile(r'export (\w+)="([^"$]*)"')
POSTS = re.compile(r"^curl.* (?:--json|-d) ")
INSTALLED = re.compile(r"(orderdesk-[\w-]+)(?:\[([\w,]+)\])?|([a-z]+)")


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
    return port


class PageSession:
    """The folder, what is in it, and what runs beside the shell. Programs that were begun are ended with the block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self._begun: list[subprocess.Popen[bytes]] = []
        self._environment = {
            **{name: text for name, text in os.environ.items() if not name.lower().endswith("_proxy")},
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "COLUMNS": "100",
        }
        if shutil.which("bash") is None or shutil.which("curl") is None:
            pytest.skip("the pages are for a shell with curl, and there is none")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._begun:
            process.terminate()
        for process in self._begun:
            process.wait()

    def write(self, text: str, *, more: bool) -> None:
        """Write a block that begins with the name of its file, as in `# main.py`. more: at the end of what it has."""
        name = text.partition("\n")[0].removeprefix("# ")
        assert re.fullmatch(r"[\w/]+\.\w+", name), f"the block names no file: {name}"
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if more else "w", encoding="utf-8") as file:
            file.write(text)

    def shell(self, text: str) -> str:
        """Run a block of commands; what the last of them wrote to stdout. One that ends in & runs on beside it."""
        shown = ""
        for line in text.splitlines():
            if line.startswith("pip install "):
                self.install(line)
            elif exported := EXPORT.fullmatch(line):
                self._environment[exported[1]] = exported[2]
            elif line.endswith("&"):
                self._begin(line.removesuffix("&").strip())
            else:
                shown = self._run(line)
        return shown

    def install(self, line: str) -> None:
        """Do what a `pip install` is there for: here it must be there already."""
        _require_installable(line)

    def _run(self, line: str) -> str:
        ran = subprocess.run(
            ["bash", "-c", self._here(line)],
            check=False,
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, f"{line}: {ran.stdout}{ran.stderr}"
        return ran.stdout

    def _begin(self, line: str) -> None:
        """Start a program that serves, and wait until it does."""
        ready = self.folder / f".ready-{len(self._begun)}"
        is_sandbox = line.startswith("orderdesk sandbox")
        command = f"exec {self._here(line)}{f' --ready-file {ready}' if is_sandbox else ''}"
        log = (self.folder / f".log-{len(self._begun)}").open("wb")
        process = subprocess.Popen(
            ["bash", "-c", command], cwd=self.folder, env=self._environment, stdout=log, stderr=log
        )
        self._begun.append(process)
        log.close()

        def is_up() -> bool:
            assert process.poll() is None, f"{line}: {Path(log.name).read_text(encoding='utf-8')}"
            return ready.exists() if is_sandbox else self._answers() or PORT not in line

        eventually(is_up, f"`{line}` is up", pause=0.05)

    def _answers(self) -> bool:
        try:
            httpx.get(f"http://127.0.0.1:{self.port}/", trust_env=False)
        except httpx.TransportError:
            return False
        return True

    def _here(self, line: str) -> str:
        """A line with the port of this session."""
        return re.sub(rf"\b{PORT}\b", str(self.port), line)


def _require_installable(line: str) -> None:
    """What a page installs is there, and its extras exist. Nothing is fetched."""
    for word in line.split()[2:]:
        found = INSTALLED.fullmatch(word.strip('"'))
        assert found, f"what does {word} install?"
        name, extras, other = found.groups()
        known = distribution(name or other).metadata.get_all("Provides-Extra", [])
        assert {*(extras or "").split(",")} - {""} <= {*known}, word


def play(session: PageSession, blocks: Sequence[Block]) -> None:
    """Do what the blocks say, in their order: what a command tells is what the page shows of it.

    A worker's thread may send a case while the call that made it returns. So of the reply to a POST only the keys are
    what the page shows, and a GET is repeated until it is.
    """
    told, line, begun = "", "", set[str]()
    for block in blocks:
        match block.language:
            case "python":
                session.write(block.take(), more=block.text.partition("\n")[0] in begun)
                begun.add(block.text.partition("\n")[0])
            case "sh":
                line = block.text.splitlines()[-1]
                told = session.shell(block.take())
            case "json" if POSTS.search(line):
                assert json.loads(told).keys() == json.loads(block.take()).keys()
            case "json":
                shown = json.loads(block.take())
                eventually(lambda: json.loads(session.shell(line)) == shown, f"{shown} as the reply to {line}")  # noqa: B023 - called here
            case _:
                block.check(told)
