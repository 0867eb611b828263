"""docs/how-to/cancel-everywhere.md is run as it stands: four places, one command, four kinds of proof."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orderdesk_sdk import Desk, EvidenceKind, Receipt, State

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Block, Simulators

pytestmark = pytest.mark.slow

PAGE = "cancel-everywhere.md"


@pytest.fixture
def page(sandbox_page: Callable[[str], list[Block]]) -> Sequence[Block]:
    return sandbox_page(PAGE)


def test_the_commands_of_the_page_cancel_everywhere_and_show_what_it_shows(
    page: Sequence[Block], sandbox: Simulators
) -> None:
    shown = ""
    for block in page:
        match block.language:
            case "python":
                break
            case "sh":
                shown = block.run_shell()
            case "text":
                block.check(shown)
            case _:
                block.write()
    assert "Canceled at every connection." in shown
    assert sandbox["amazon-mcf"][0].actual_status("1044") == "Cancelled"
    assert sandbox["commercehub"][0].actual_status("1044") == "cancelled"


def test_the_receipt_in_the_readme_is_that_of_the_page(page: Sequence[Block]) -> None:
    readme = Path(__file__).resolve().parent.parent.parent.parent / "README.md"
    shown = re.search(r"^```\n(Order 1044 .*?)^```$", readme.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert shown is not None
    whole = next(block.text for block in page if "  receipt, " in block.text).splitlines()
    assert [line for line in shown[1].splitlines() if line not in whole] == []


def test_the_program_of_the_page_does_the_same(
    page: Sequence[Block], sandbox: Simulators, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, object] = {}
    for block in page:
        if block.language in ("toml", "eml"):
            block.write()
    page[0].run_shell()  # Takes BDLinx's read call out.
    first = next(number for number, block in enumerate(page) if block.language == "python")
    said = ""
    for block in page[first:]:
        if block.language == "text":
            block.check(said)
        else:
            block.run(names)
            said = capsys.readouterr().out
    receipt = names["receipt"]
    assert isinstance(receipt, Receipt)
    assert isinstance(names["desk"], Desk)
    cases = {found.case.connection: found for found in receipt.cancellations[0].cases}
    assert {found.case.state for found in cases.values()} == {State.CANCELED}
    proofs = {name: found.evidence for name, found in cases.items()}
    kinds = {name: proof.kind for name, proof in proofs.items() if proof is not None}
    assert kinds == {
        "amazon-mcf": EvidenceKind.POLLED_STATUS,
        "bdlinx": EvidenceKind.PERSON,
        "mww": EvidenceKind.EMAIL,
        "commercehub": EvidenceKind.LINE_QUANTITIES,
    }
    filed, by_lines = proofs["mww"], proofs["commercehub"]
    assert filed is not None
    assert filed.email is not None
    assert filed.email.in_reply_to == f"<{cases['mww'].case.id}.1@lantern.example>"
    assert by_lines is not None
    assert by_lines.status is None
    assert sandbox["commercehub"][0].actual_status("1044") == "cancelled"
