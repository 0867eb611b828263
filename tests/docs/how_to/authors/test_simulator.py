"""docs/how-to/simulator.md is run as it stands: what it writes answers, passes the suite, and is all in the kit."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.tutorial import HEADS, PACKAGE, TUTORIAL

if TYPE_CHECKING:
    from tests.docs.how_to.authors.conftest import Workshop
    from tests.docs.how_to.conftest import Block, Pages

pytestmark = pytest.mark.slow

PAGE = "simulator.md"
ROW = re.compile(r"^\| `(\w+)` \| (.*) \|$", re.MULTILINE)
"""A row of the table of what the kit gives: a module, and what is in it."""
SUITE = """\
from orderdesk_devkit.testing.conformance import PluginConformance


class TestAcmePrint(PluginConformance):
    integration = "acme-print"
"""
DEATHS = ("test_a_cancel_survives_every_crash", "test_a_cancel_whose_response_is_lost_survives_every_crash")
"""Standard tests that take minutes of processor time, and ask nothing of a simulator that the others do not."""


@pytest.fixture
def written(workshop: Workshop, page_blocks: Pages) -> list[Block]:
    """The blocks of the page, and its simulator in the place of the plugin's own."""
    blocks = page_blocks(PAGE)
    workshop.install(page_blocks(TUTORIAL), [])
    (simulator,) = (block for block in blocks if block.text.startswith(HEADS["simulator.py"]))
    (workshop.folder / "site" / PACKAGE / "simulator.py").write_text(simulator.take(), encoding="utf-8")
    return [block for block in blocks if block is not simulator]


def test_the_page_says_what_its_reader_will_see(
    workshop: Workshop, written: list[Block], capsys: pytest.CaptureFixture[str]
) -> None:
    workshop.play(written, capsys)


def test_its_simulator_passes_the_three_lines_of_the_tutorial(workshop: Workshop, written: list[Block]) -> None:
    assert written
    path = workshop.folder / "test_conformance.py"
    path.write_text(SUITE, encoding="utf-8")
    quick = [f"--deselect={path.name}::TestAcmePrint::{name}" for name in DEATHS]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--fuzz", "100", *quick, path.name],
        check=False,
        cwd=workshop.folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(workshop.folder / "site")},
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " passed" in ran.stdout


def test_what_the_page_lists_is_in_the_kit_and_every_reader_of_calls_is_listed(page_blocks: Pages) -> None:
    text = next(iter(page_blocks(PAGE))).page.read_text(encoding="utf-8")
    rows = {module: set(re.findall(r"`(\w+)`", gives)) for module, gives in ROW.findall(text)}
    found = {module: importlib.import_module(f"orderdesk_devkit.simulators.{module}") for module in rows}
    for module, names in rows.items():
        classes = {name for name in names if name[0].isupper()}
        assert classes <= set(found[module].__all__)
        assert names & set(found[module].__all__), f"{module} gives nothing that is listed"
    assert set(found["http_requests"].__all__) == rows["http_requests"]
