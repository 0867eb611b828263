"""docs/tutorial/first-plugin.md is followed as it is written: a plugin is begun, made true, tested, and made to lie."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orderdesk_devkit.scaffold.plugin_template import Auth, Cancel
from tests.support.newcomer import Newcomer, briefly

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Block, Pages

pytestmark = pytest.mark.slow

PAGE = "../tutorial/first-plugin.md"
FIRST_RUN = "python -m pytest"
"""The tests as they were generated; of theirs the long ones are left to devkit/tests/test_scaffold.py."""
SUITE = "tests/test_conformance.py::TestAcmePrint"
WRONG_PLUGIN_START = "def status_answer("
"""How the block begins that is no part of the plugin, but shows what becomes of a wrong one."""
FAILING_TEST = "test_an_order_that_ships_anyway_is_never_called_canceled"
EXAMPLE = re.compile(r"(?<=^```toml\n)(.*?)(?=^```$)", re.MULTILINE | re.DOTALL)
"""The example of a README."""


class Reader(Newcomer):
    """Somebody who follows the tutorial."""

    def lies(self, block: Block) -> str:
        """What the conformance suite says of a plugin with this block at its end; then it is as before."""
        plugin = self.at / "src" / "orderdesk_acme_print" / "api.py"
        honest = plugin.read_text(encoding="utf-8")
        plugin.write_text(f"{honest}\n\n{block.take()}", encoding="utf-8")
        said = self.python("-m", "pytest", "-q", "-k", FAILING_TEST, code=1)
        plugin.write_text(honest, encoding="utf-8")
        told = "\n".join(
            line.removeprefix("E").removeprefix(" " * 11) for line in said.splitlines() if line[:2] == "E "
        )
        return told.partition("ConformanceError: ")[2]

    def follow(self, page: list[Block]) -> None:
        """Do what the page says, in its order; what is shown is what was said."""
        said = ""
        for block, following in zip(page, [*page[1:], None], strict=True):
            head, _, rest = block.text.partition("\n")
            named = head.removeprefix("# ") if head.startswith("# ") else None
            match block.language:
                case "sh":
                    faults = following is not None and "hint: " in following.text
                    for line in block.take().splitlines():
                        shorter = briefly(SUITE) if line == FIRST_RUN else ()
                        said = self.command(line, *shorter, code=int(faults and line.startswith("orderdesk ")))
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
                case "python" if block.text.startswith(WRONG_PLUGIN_START):
                    said = self.lies(block)
                case "python":
                    said = self.python("-c", block.take())
                case _:
                    raise AssertionError(f"nothing runs this block: {block.text}")


def test_the_tutorial_works_as_it_is_written(page_blocks: Pages, tmp_path: Path) -> None:
    Reader(tmp_path).follow(page_blocks(PAGE))


def test_the_next_plugin_can_be_begun_in_all_ways_that_there_are(page_blocks: Pages) -> None:
    text = page_blocks(PAGE)[0].page.read_text(encoding="utf-8")
    rows = "".join(line for line in text.splitlines() if re.match(r"\| .* \| `--(cancel|auth) ", line))
    told = re.findall(r"`(?:--\w+ )?([a-z0-9-]+)`", rows)
    assert sorted(told) == sorted([*Cancel, *Auth])
