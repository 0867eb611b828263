"""docs/tutorial/first-plugin.md is followed as it is written: five files, an installation, a test run, a cancel."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.how_to.conftest import Block, Pages

PAGE = "../tutorial/first-plugin.md"
NAMED = re.compile(r"# (\S+\.(?:py|toml))\n")
"""The first line of a block that is a file, or the next part of one."""
LIE = "@hookimpl\n"
"""How the block begins that is no part of the plugin, but shows what becomes of a wrong one."""
INSTALL_SDK, INSTALL, TEST = (
    'python -m pip install "orderdesk-sdk[testing]"',
    'python -m pip install -e ".[sandbox]"',
    "python -m pytest -q -rs",
)
NEW = "orderdesk new acme-print --cancel button --auth bearer"
EASIER = ("test_a_cancel_survives_every_death", "test_a_lost_reply_survives_every_death")
"""Standard tests that one run of the tutorial need not repeat: they take minutes of processor time."""


@pytest.fixture
def followed(page_blocks: Pages, tmp_path: Path) -> Path:
    """The folder of somebody who wrote the files of the tutorial."""
    for block in page_blocks(PAGE):
        if (named := NAMED.match(block.text)) is None:
            continue
        path = tmp_path / named[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        before = f"{path.read_text(encoding='utf-8')}\n\n" if path.exists() else ""
        path.write_text(before + block.text.removeprefix(named[0]), encoding="utf-8")
    (tmp_path / "src" / "orderdesk_acme_print" / "py.typed").touch()
    return tmp_path


def python(folder: Path, *arguments: str, site: Path, code: int = 0) -> str:
    """What Python says in a folder, with an installed plugin, when it ends with this code."""
    ran = subprocess.run(
        [sys.executable, *arguments],
        check=False,
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(site), "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    assert ran.returncode == code, ran.stdout + ran.stderr
    return ran.stdout


def installed(folder: Path) -> Path:
    """The plugin as pip installs it, without its dependencies, which are here; not into this environment."""
    site = folder / "site"
    options = ("--no-deps", "--no-build-isolation", "--no-index", "-q", "--target", str(site))
    python(folder, "-m", "pip", "install", *options, ".", site=site)
    return site


def assert_green(folder: Path) -> None:
    quick = [f"--deselect=tests/test_conformance.py::TestAcmePrint::{name}" for name in EASIER]
    shown = python(folder, "-m", "pytest", "-q", "-rs", "--fuzz", "100", *quick, site=installed(folder))
    assert " passed" in shown
    assert "failed" not in shown


def test_the_listed_files_are_those_that_one_writes(followed: Path, page_blocks: Pages) -> None:
    listing = next(block.text for block in page_blocks(PAGE, ["text"]) if block.text.startswith("acme_print/"))
    listed = [line.split()[0] for line in listing.splitlines()[1:]]
    written = [path.relative_to(followed).as_posix() for path in followed.rglob("*") if path.is_file()]
    assert sorted(listed) == sorted(written)


def test_the_commands_of_the_tutorial_end_green(followed: Path, page_blocks: Pages) -> None:
    lines = [line for block in page_blocks(PAGE, ["sh"]) for line in block.text.splitlines()]
    assert lines == [INSTALL_SDK, INSTALL, TEST, NEW]
    assert_green(followed)


def test_the_snippets_print_what_the_tutorial_shows(
    followed: Path,
    page_blocks: Pages,
) -> None:
    site = installed(followed)
    snippets = [
        block
        for block in page_blocks(PAGE, ["python", "text"])
        if not (NAMED.match(block.text) or block.text.startswith(LIE))
    ]
    pairs: list[tuple[Block, Block]] = [
        (one, after) for one, after in pairwise(snippets) if one.language == "python"
    ]  # fmt: skip
    assert len(pairs) == 2
    for snippet, shown in pairs:
        assert python(followed, "-c", snippet.text, site=site) == shown.text


def test_a_plugin_that_lies_is_told_what_the_tutorial_shows(followed: Path, page_blocks: Pages) -> None:
    blocks = page_blocks(PAGE, ["python", "text"])
    lie, shown = next(pair for pair in pairwise(blocks) if pair[0].text.startswith(LIE))
    plugin = followed / "src" / "orderdesk_acme_print" / "__init__.py"
    plugin.write_text(f"{plugin.read_text(encoding='utf-8')}\n\n{lie.text}", encoding="utf-8")
    name = "test_an_order_that_ships_all_the_same_never_reads_as_canceled"
    said = python(followed, "-m", "pytest", "-q", "-k", name, site=installed(followed), code=1)
    told = "\n".join(line.removeprefix("E").strip() for line in said.splitlines() if line.startswith("E "))
    assert told.partition("NotConformant: ")[2].splitlines() == [line.strip() for line in shown.text.splitlines()]


def test_a_plugin_that_is_begun_for_one_is_green(
    page_blocks: Pages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    blocks = page_blocks(PAGE, ["sh", "text"])
    command, shown = next(pair for pair in pairwise(blocks) if pair[0].text == f"{NEW}\n")
    shown.check(command.run_shell())
    assert_green(tmp_path / "orderdesk-acme-print")
