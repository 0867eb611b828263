"""Numbers of things, as people read them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from orderdesk_sdk.cases.counts import counted

ROOT = Path(__file__).resolve().parent.parent.parent.parent
SOURCES = [*sorted((ROOT / "orderdesk_sdk").rglob("*.py")), *sorted((ROOT / "devkit" / "src").rglob("*.py"))]
BY_HAND = re.compile(r"'' if .+ (?:==|!=) 1 else 's'|'y' if .+ else 'ies'|\(s\)")
"""A plural that is made by hand, or left to the reader."""


@pytest.mark.parametrize(
    ("number", "words", "text"),
    [
        (0, ("case",), "0 cases"),
        (1, ("case",), "1 case"),
        (1200, ("entry", "entries"), "1,200 entries"),
        (1, ("entry", "entries"), "1 entry"),
    ],
)
def test_a_count_has_the_word_that_goes_with_it(number: int, words: tuple[str, ...], text: str) -> None:
    assert counted(number, *words) == text


def messages_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            yield ast.unparse(node)


@pytest.mark.parametrize("room", ["cli", "desk", "web", "runtime", "stores", "cases"])
def test_no_message_makes_its_plural_by_hand(room: str) -> None:
    paths = [path for path in SOURCES if room in path.relative_to(ROOT).parts]
    assert [f"{path.name}: {text}" for path in paths for text in messages_of(path) if BY_HAND.search(text)] == []
