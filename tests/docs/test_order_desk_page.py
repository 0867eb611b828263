"""docs/reference/order-desk-simulator.md: its example runs, and what it tells of switches is there and tried."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.order_desk_page import TRAPS
from orderdesk_devkit.simulators.orderdesk.options import OPTIONS

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "reference" / "order-desk-simulator.md").read_text(encoding="utf-8")
TESTS = "".join(
    path.read_text(encoding="utf-8") for path in sorted((ROOT / "devkit" / "tests" / "orderdesk_store").glob("*.py"))
)
NAMES = {one.name for one in OPTIONS}


def test_the_example_gives_what_the_page_shows() -> None:
    code, shown = re.findall(r"```(?:python|text)\n(.*?)```", PAGE, re.DOTALL)[:2]
    ran = subprocess.run([sys.executable, "-W", "error", "-c", code], check=False, capture_output=True, text=True)
    assert (ran.stderr, ran.stdout) == ("", shown)


def test_all_thirteen_traps_have_a_switch_or_a_fault() -> None:
    assert len(TRAPS) == 13
    for _, switches in TRAPS:
        named = set(re.findall("`([a-z_]+)`", switches)) - {"rules", "history"}
        assert named <= NAMES
        assert named or "faults" in switches


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_switch_is_tried(option: object) -> None:
    assert f'"{getattr(option, "name", "")}"' in TESTS
