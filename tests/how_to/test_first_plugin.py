"""docs/tutorial/first-plugin.md is followed as it is written: a plugin is begun, made true, tested, and made to lie."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from orderdesk_sdk.authoring.blueprint import Auth, Cancel

if TYPE_CHECKING:
    from tests.how_to.conftest import Block, Pages

PAGE = "../tutorial/first-plugin.md"
INSTALL_SDK = 'python -m pip install "orderdesk-sdk[authoring]"'
INSTALL = 'python -m pip install -e ".[test]"'
FIRST_RUN = "python -m pytest"
"""The tests as they were generated; of theirs the long ones are left to tests/test_scaffold.py."""
LONG = ("test_a_cancel_survives_every_death", "test_a_cancel_whose_reply_is_lost_survives_every_death")
SUITE = "tests/test_conformance.py::TestAcmePrint"
OFFLINE = ("--no-deps", "--no-build-isolation", "--no-index", "-q")
LIE = "@hookimpl\n"
"""How the block begins that is no part of the plugin, but shows what becomes of a wrong one."""
CAUGHT = "test_an_order_that_ships_all_the_same_never_reads_as_canceled"
EXAMPLE = re.compile(r"(?<=^```toml\n)(.*?)(?=^```$)", re.MULTILINE | re.DOTALL)
"""The example of a README."""


class Newcomer:
    """Somebody who follows the tutorial. The SDK is installed already; the plugin goes into a folder beside it."""

    def __init__(self, folder: Path) -> None:
        self.at = folder
        self.site = folder / "site"
        self._begun: set[Path] = set()

    def python(self, *arguments: str, code: int = 0) -> str:
        """What Python says, when it ends with this code."""
        ran = subprocess.run(
            [sys.executable, *arguments],
            check=False,
            cwd=self.at,
            capture_output=True,
            text=True,
            env={
                **os.environ,
                # The sources come first: the plugin is as good as installed editable.
                "PYTHONPATH": os.pathsep.join([str(self.at / "src"), str(self.site)]),
                "PYTHONDONTWRITEBYTECODE": "1",
                "COLUMNS": "120",
                "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            },
        )
        assert ran.returncode == code, f"{arguments}: {ran.stdout}{ran.stderr}"
        return ran.stdout

    def command(self, line: str, code: int) -> str:
        """What a command of the tutorial says."""
        words = shlex.split(line)
        match words:
            case _ if line == INSTALL_SDK:
                return ""
            case _ if line == INSTALL:
                return self.python("-m", "pip", "install", *OFFLINE, "--target", str(self.site), ".")
            case "python", "-m", "pytest", *rest:
                left_out = [f"--deselect={SUITE}::{name}" for name in LONG] if line == FIRST_RUN else []
                return self.python("-m", "pytest", *rest, "--fuzz", "50", *left_out)
            case "cd", folder:
                self.at /= folder
                return ""
            case "orderdesk", *rest:
                return self.python("-m", "orderdesk_sdk.cli", *rest, code=code)
            case _:
                assert words[0] == "python", f"nobody runs {line}"
                return self.python(*words[1:])

    def write(self, name: str, text: str) -> None:
        """Write a file, or the next part of one that was begun."""
        path = self.at / name
        before = f"{path.read_text(encoding='utf-8')}\n\n" if path in self._begun else ""
        path.write_text(before + text, encoding="utf-8")
        self._begun.add(path)

    def lies(self, block: Block) -> str:
        """What the conformance suite says of a plugin with this block at its end; then it is as before."""
        plugin = self.at / "src" / "orderdesk_acme_print" / "__init__.py"
        honest = plugin.read_text(encoding="utf-8")
        plugin.write_text(f"{honest}\n\n{block.take()}", encoding="utf-8")
        said = self.python("-m", "pytest", "-q", "-k", CAUGHT, code=1)
        plugin.write_text(honest, encoding="utf-8")
        told = "\n".join(
            line.removeprefix("E").removeprefix(" " * 11) for line in said.splitlines() if line[:2] == "E "
        )
        return told.partition("NotConformant: ")[2]

    def follow(self, page: list[Block]) -> None:
        """Do what the page says, in its order; what is shown is what was said."""
        said = ""
        for block, following in zip(page, [*page[1:], None], strict=True):
            head, _, rest = block.text.partition("\n")
            named = head.removeprefix("# ") if head.startswith("# ") else None
            match block.language:
                case "sh":
                    faults = following is not None and "what to do: " in following.text
                    for line in block.take().splitlines():
                        said = self.command(line, code=int(faults and line.startswith("orderdesk ")))
                case "text":
                    block.check(said)
                case "toml" if named:
                    assert rest in (self.at / named).read_text(encoding="utf-8")
                    block.take()
                case "toml":
                    readme = self.at / "README.md"
                    before, _, after = EXAMPLE.split(readme.read_text(encoding="utf-8"), maxsplit=1)
                    readme.write_text(before + block.take() + after, encoding="utf-8")
                case "python" if named:
                    block.take()
                    self.write(named, rest)
                case "python" if block.text.startswith(LIE):
                    said = self.lies(block)
                case "python":
                    said = self.python("-c", block.take())
                case _:
                    raise AssertionError(f"nothing runs this block: {block.text}")


def test_the_tutorial_works_as_it_is_written(page_blocks: Pages, tmp_path: Path) -> None:
    reader = Newcomer(tmp_path)
    reader.follow(page_blocks(PAGE))
    written = {
        path.relative_to(reader.at).as_posix() for path in reader.at.rglob("*") if path.suffix in (".py", ".toml")
    }
    assert {path.relative_to(reader.at).as_posix() for path in reader._begun} <= written, "a file that is not generated"


def test_the_next_plugin_can_be_begun_in_all_ways_that_there_are(page_blocks: Pages) -> None:
    text = page_blocks(PAGE)[0].page.read_text(encoding="utf-8")
    rows = "".join(line for line in text.splitlines() if re.match(r"\| .* \| `--(cancel|auth) ", line))
    told = re.findall(r"`(?:--\w+ )?([a-z0-9-]+)`", rows)
    assert sorted(told) == sorted([*Cancel, *Auth])
