"""docs/explanation/security.md: every claim has tests, and every test that it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/explanation/security.md"
REQUIREMENTS = 12
THREATS = 15
"""At least so many, of what neighbors do."""
_TEST = re.compile(r"`(test_\w+)`")


@cache
def known_tests() -> frozenset[str]:
    found = set()
    for file in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                found.add(node.name)
    return frozenset(found)


def rows() -> list[list[str]]:
    """The cells of each row of the tables, without their heads."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    tables = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [cells for cells in tables if cells[-1] != "tests" and not set(cells[-1]) <= {"-"}]


ROWS = rows()


def test_the_twelve_requirements_and_the_threats_are_there() -> None:
    numbers = [cells[0] for cells in ROWS if cells[0].isdigit()]
    assert numbers == [str(number) for number in range(1, REQUIREMENTS + 1)]
    assert len(ROWS) - len(numbers) >= THREATS


@pytest.mark.parametrize("cells", ROWS, ids=lambda cells: cells[0][:40])
def test_each_row_has_tests_that_exist(cells: list[str]) -> None:
    named = _TEST.findall(cells[-1])
    assert named
    assert sorted(set(named) - known_tests()) == []
    assert len(named) == len(set(named))


def test_a_test_that_does_not_exist_would_be_told() -> None:
    assert "test_a_test_that_does_not_exist_would_be_told" in known_tests()
    assert "test_" + "that_nobody_wrote" not in known_tests()
