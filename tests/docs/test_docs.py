"""The pages of docs/: none stands outside the contents, none shows what no test runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.generate import PAGES
from docs.host_page import SERVICES
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
TREE = re.compile(r"^```\{toctree\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^\s*(?:```|~~~).*$", re.MULTILINE)
SEEN = {f"```{language}" for language in ("sh", "python", "toml", "json", "text", "eml", "csv")}
"""How the blocks begin that tests/docs/how_to/conftest.py finds, in which nothing is left out.

Test_every_block.py there.
"""
COMMAND = re.compile(r"^(?: {4})?orderdesk [^\n]*", re.MULTILINE)
READ_FILE = re.compile(r"(?:\bimport|--from|--email|<|\bsave \S+) ([\w-]+\.\w+)\b")
"""What a command reads: orders, lists of orders, e-mails, secrets, rules."""
WRITTEN_BY_SANDBOX = ("orders.json", "orderdesk.toml")
SHOWN = [path for folder in ("tutorial", "how-to") for path in sorted((DOCS / folder).glob("*.md"))]
SHOWN = [path for path in SHOWN if path.relative_to(DOCS).as_posix() not in PAGES]


def in_contents(page: Path) -> set[Path]:
    """The pages that a page's tables of contents name, and those that these name."""
    found: set[Path] = set()
    for tree in TREE.findall(page.read_text(encoding="utf-8")):
        entries = [line for line in tree.splitlines() if line and not line.startswith(":")]
        found |= {path.resolve() for entry in entries for path in page.parent.glob(f"{entry}.md")}
    return found.union(*(in_contents(one) for one in found - {page}))


def test_every_page_is_in_the_contents() -> None:
    index = DOCS / "index.md"
    assert {*DOCS.rglob("*.md")} - {index} <= in_contents(index)


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.stem)
def test_a_page_that_shows_commands_or_code_is_run_by_a_test(page: Path) -> None:
    tests = (ROOT / "tests" / "docs" / "how_to").rglob("test_*.py")
    run = [
        test for test in tests if re.search(rf'^PAGE = "\S*\b{page.stem}\.md"$', test.read_text("utf-8"), re.MULTILINE)
    ]
    assert run, f"no test under tests/docs/how_to has {page.name} as its PAGE"


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.stem)
def test_a_page_has_only_blocks_that_the_tests_see(page: Path) -> None:
    fences = [fence.strip("\n") for fence in FENCE.findall(TREE.sub("", page.read_text(encoding="utf-8")))]
    assert {*fences[::2]} <= SEEN
    assert {*fences[1::2]} <= {"```"}


@pytest.mark.parametrize("page", [*SHOWN, ROOT / "README.md"], ids=lambda page: page.stem)
def test_a_page_shows_how_each_file_is_made_that_a_command_reads(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for command in COMMAND.finditer(text):
        for name in READ_FILE.findall(command[0]):
            before = text[: command.start()]
            is_known = f"`{name}`" in before or (name in WRITTEN_BY_SANDBOX and "orderdesk sandbox" in before)
            assert is_known, f"{page.name}: `{command[0].strip()}` reads a file that nothing on the page made or named"


def test_the_page_of_the_host_api_has_every_service_of_a_desk(tmp_path: Path) -> None:
    with Desk(Config(tmp_path / "desk.db")) as desk:
        properties = {name for name, made in vars(Desk).items() if isinstance(made, property)}
        services = {
            name
            for name in {*vars(desk), *properties}
            if type(getattr(desk, name)).__name__.endswith(("Service", "RuleEngine"))
        }
        assert {name: type(getattr(desk, name)) for name in services} == dict(SERVICES)
