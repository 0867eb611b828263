"""The script and the style sheet: an engine reads them where there is one, and nothing comes from elsewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.web.console.states import state_look

CONSOLE = Path(__file__).parents[3] / "orderdesk_sdk" / "web" / "console"
SCRIPT = CONSOLE / "static" / "console.js"
STYLES = sorted((CONSOLE / "static").glob("*.css"))
TEMPLATES = sorted((CONSOLE / "templates").glob("*.html"))
SYMBOLS = (CONSOLE / "templates" / "_symbols.html").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("node") is None, reason="no node on this machine reads the script")
def test_the_script_is_read_by_an_engine() -> None:
    subprocess.run(["node", "--check", str(SCRIPT)], check=True, capture_output=True, timeout=60)


def test_the_script_is_strict_and_its_functions_are_short() -> None:
    text = SCRIPT.read_text(encoding="utf-8")
    assert text.startswith("'use strict';")
    bodies = re.findall(r"^(?:async )?function (\w+)\(.*?^\}", text, re.MULTILINE | re.DOTALL)
    lengths = {
        match[1]: match[0].count("\n")
        for match in re.finditer(r"^(?:async )?function (\w+)\(.*?^\}", text, re.MULTILINE | re.DOTALL)
    }
    assert len(bodies) > 10
    assert {name: length for name, length in lengths.items() if length > 40} == {}


@pytest.mark.parametrize("path", [SCRIPT, *STYLES, *TEMPLATES], ids=lambda path: path.name)
def test_nothing_comes_from_elsewhere_and_nothing_is_inline(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"https?://(?!www\.w3\.org/)", text)
    assert not re.findall(r"@import|\beval\(|innerHTML\s*=|\bstyle=\"|\bon[a-z]+=\"|<script>|<style", text)
    assert "|safe" not in text


@pytest.mark.parametrize("state", list(State))
def test_a_state_has_a_word_and_a_shape_of_its_own(state: State) -> None:
    look = state_look(state)
    assert look.word == state.value
    assert f'id="i-{look.icon}"' in SYMBOLS


def test_shapes_tell_apart_what_colors_do_not() -> None:
    shapes = [state_look(state).icon for state in State if state is not State.DONE]
    assert len(shapes) == len(set(shapes))


def test_every_symbol_that_a_template_names_is_there() -> None:
    named = {
        name for path in TEMPLATES for name in re.findall(r'ui\.icon\("([a-z]+)"', path.read_text(encoding="utf-8"))
    }
    known = set(re.findall(r'id="i-([a-z]+)"', SYMBOLS))
    assert named - known == set()
