"""The pages of the reference: each public name stands there with its import, and their examples do what they show."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO
from pathlib import Path

import pytest

from docs.toolkit_pages import TOOLKIT_PAGES

REFERENCE = Path(__file__).resolve().parent.parent.parent / "docs" / "reference"
NAMED = re.compile(r"^#{2,3} `([A-Za-z_]\w*)`\n\n([^\n]*)", re.MULTILINE)
"""A heading that is one name, and the line below it."""
IMPORT = re.compile(r"`?from (orderdesk_[\w.]+) import (\w+)`?")
OF_A_PLUGIN = re.compile("orderdesk_[a-z_]+")
"""Hooks are implemented, not imported."""
WITHOUT_IMPORTS = {"api", "capabilities", "cli-json"}
"""They name documents and keys in JSON, which nobody imports."""
BLOCK = re.compile(r"^```(python|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = {path.stem: path.read_text(encoding="utf-8") for path in sorted(REFERENCE.glob("*.md"))}
SHOWN = [(page, name, below) for page, text in PAGES.items() for name, below in NAMED.findall(text)]


@pytest.mark.parametrize("page", sorted({page for page, _, _ in SHOWN} - WITHOUT_IMPORTS))
def test_a_name_stands_with_an_import_that_works(page: str) -> None:
    for name, below in NAMED.findall(PAGES[page]):
        if page == "hooks" and OF_A_PLUGIN.fullmatch(name):
            continue
        stated = IMPORT.fullmatch(below)
        assert stated, f"{page}.md: no import stands below the heading {name}"
        module, imported = stated.groups()
        assert imported == name
        assert name in import_module(module).__all__
        assert hasattr(import_module(module), name)


@pytest.mark.parametrize("public", ["orderdesk_sdk", "orderdesk_sdk.plugin", "orderdesk_sdk.errors"])
def test_every_public_name_stands_on_a_page(public: str) -> None:
    told = {name for _, name, _ in SHOWN} | {
        name.strip()
        for text in PAGES.values()
        for names in re.findall(r"^from orderdesk_[\w.]+ import ([\w, ]+)$", text, re.MULTILINE)
        for name in names.split(",")
    }
    told |= {name for text in PAGES.values() for _, name in IMPORT.findall(text)}
    lacking = {*import_module(public).__all__} - told - {"errors"}  # The last is a page of its own.
    assert not lacking, f"add the modules of {', '.join(sorted(lacking))} to docs/toolkit_pages.py"


@pytest.mark.parametrize("page", TOOLKIT_PAGES)
def test_the_examples_of_a_page_do_what_they_show(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(PAGES[page].partition("\n## `")[0])
    assert blocks
    names: dict[str, object] = {}
    shown = StringIO()
    for language, text in blocks:
        if language == "text":
            assert shown.getvalue() == text
            continue
        shown = StringIO()
        with redirect_stdout(shown):
            exec(compile(text, f"{page}.md", "exec"), names)  # noqa: S102 - the page is what is tested
