"""docs/how-to/cancel-everywhere.md is run as it stands: four places, one command, four kinds of proof."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from orderdesk_sdk.case import ProofKind, State
from orderdesk_sdk.cli.sandbox import running
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk import Desk
from orderdesk_sdk.hosts.samples import SAMPLE_ORDERS
from orderdesk_sdk.receipt import Receipt
from orderdesk_sdk.testing.simulator import Simulator

if TYPE_CHECKING:
    from tests.conftest import Block

PAGE = "how-to/cancel-everywhere.md"
SANDBOX = "orderdesk sandbox --virtual-time &\n"
YEAR = datetime.now(UTC).year
"""People see the year of another year only, so the story is of this one."""

Place = dict[str, tuple[Simulator, str]]


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """The sandbox of the page, on 5 Jan 09:00 UTC; ids and terminal are those of the page."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr("orderdesk_sdk.wishes.secrets", SimpleNamespace(token_hex=lambda _: "0c0ffee01044"))
    Path("orders.json").write_text(SAMPLE_ORDERS, encoding="utf-8")
    with running(Path("orderdesk.toml"), VirtualClock(datetime(YEAR, 1, 5, 9, tzinfo=UTC))) as simulators:
        yield simulators
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def page(page_blocks: Callable[..., list[Block]], sandbox: Place) -> Sequence[Block]:
    """The blocks after the one that starts the sandbox."""
    started, *others = page_blocks(PAGE)
    assert started.text == SANDBOX
    return others


def prepare(block: Block) -> None:
    """A block that is part of a file."""
    name, mode = {"toml": ("orderdesk.toml", "a"), "eml": ("answer.eml", "w")}[block.language]
    with Path(name).open(mode, encoding="utf-8") as file:
        file.write(block.text.replace("Jan 2026", f"Jan {YEAR}"))


def plain(text: str) -> str:
    """A text without what differs from run to run, and without blanks at the ends of lines."""
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8401", re.sub(r" +$", "", text, flags=re.MULTILINE)).strip()


def test_the_commands_of_the_page_cancel_everywhere_and_show_what_it_shows(
    page: Sequence[Block], sandbox: Place
) -> None:
    shown = ""
    for block in page:
        match block.language:
            case "python":
                break
            case "sh":
                shown = block.run_shell()
            case "text":
                assert plain(shown) == plain(block.text)
            case _:
                prepare(block)
    assert "Canceled at every place that held it." in shown
    assert sandbox["amazon-mcf"][0].truth("1044") == "Cancelled"
    assert sandbox["commercehub"][0].truth("1044") == "cancelled"


def test_the_receipt_in_the_readme_is_that_of_the_page(page: Sequence[Block]) -> None:
    readme = Path(__file__).resolve().parent.parent / "README.md"
    shown = re.search(r"^```\n(Order 1044 .*?)^```$", readme.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert shown is not None
    whole = next(block.text for block in page if "  receipt, " in block.text).splitlines()
    assert [line for line in shown[1].splitlines() if line not in whole] == []


def test_the_program_of_the_page_does_the_same(
    page: Sequence[Block], sandbox: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, object] = {}
    for block in page:
        if block.language in ("toml", "eml"):
            prepare(block)
    page[0].run_shell()  # Takes BDLinx's read call out.
    first = next(number for number, block in enumerate(page) if block.language == "python")
    said = ""
    for block in page[first:]:
        if block.language == "text":
            assert plain(said) == plain(block.text)
        else:
            block.run(names)
            said = capsys.readouterr().out
    receipt = names["receipt"]
    assert isinstance(receipt, Receipt)
    assert isinstance(names["desk"], Desk)
    cases = {found.case.connection: found for found in receipt.wishes[0].cases}
    assert {found.case.state for found in cases.values()} == {State.CANCELED}
    proofs = {name: found.proof for name, found in cases.items()}
    kinds = {name: proof.kind for name, proof in proofs.items() if proof is not None}
    assert kinds == {
        "amazon-mcf": ProofKind.READ_BACK,
        "bdlinx": ProofKind.PERSON,
        "mww": ProofKind.MESSAGE,
        "commercehub": ProofKind.LINES,
    }
    filed, by_lines = proofs["mww"], proofs["commercehub"]
    assert filed is not None
    assert filed.message is not None
    assert filed.message.answers == f"<{cases['mww'].case.id}.1@lantern.example>"
    assert by_lines is not None
    assert by_lines.status is None
    assert sandbox["commercehub"][0].truth("1044") == "cancelled"
