"""`orderdesk cancel --from FILE`: progress on stderr, a summary on stdout, an exit code that tells."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orderdesk_devkit.cli.sandbox import running
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.cli.output.bulk import BulkProgress
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.bulk.result import BulkOutcome

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "cli-json.md"


def run(*arguments: str, code: int = 0, stdin: str | None = None) -> Result:
    ran = CliRunner().invoke(orderdesk, list(arguments), input=stdin)
    assert ran.exit_code == code, ran.output
    return ran


def ask(*arguments: str, code: int = 0, stdin: str | None = None) -> Any:
    return json.loads(run(*arguments, "--json", code=code, stdin=stdin).stdout)


def documented() -> Any:
    """The second example of the section on `cancel` in the reference of the JSON."""
    section = REFERENCE.read_text(encoding="utf-8").split("## `orderdesk cancel`")[1]
    return json.loads(re.findall(r"^```json\n(.*?)^```", section, re.MULTILINE | re.DOTALL)[1])


@pytest.fixture
def simulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    monkeypatch.chdir(tmp_path)
    with running(Path("orderdesk.toml"), VirtualClock()) as simulators:
        run("import", "-", "--by", "Ann", stdin=SAMPLE_ORDERS)
        for order in ("1042", "1043"):
            run("register", order, "--at", "amazon-mcf", "--by", "Ann")
        yield simulators["amazon-mcf"][0]


def test_the_orders_of_a_file_are_canceled_and_summed_up(simulator: Simulator) -> None:
    Path("orders.csv").write_text("order,reason\n1042,\n1043,\n9999,\n")
    made = ask("cancel", "--from", "orders.csv", "--by", "Ann", code=1)
    assert (made["total"], made["listed"], made["not_accepted"], made["is_complete"]) == (3, 3, 1, True)
    assert made["counts"] == {"canceled": 0, "waiting": 2, "action_required": 0, "refused": 1}
    assert [(each["connection"], each["count"], each["examples"]) for each in made["reasons"]] == [
        ("amazon-mcf", 2, ["1042", "1043"]),
        (None, 1, ["9999 (line 4)"]),
    ]
    assert [*made, *made["reasons"][0]] == [*documented(), *documented()["reasons"][0]]
    assert made["reasons"][1]["reason"] == "no order has the id or number '...'"
    page = run("cancel", "--from", "orders.csv", "--by", "Ann", code=1)
    assert "3 orders: 2 waiting, 1 refused." in page.stdout
    assert "`orderdesk work` follows up the orders that wait." in page.stdout
    assert "3 of 3: 2 waiting, 1 refused" in page.stderr
    assert len(ask("cases")["cases"]) == 2


def test_standard_input_is_a_file_too_and_may_only_be_recorded(simulator: Simulator) -> None:
    before = len(simulator.log)
    made = ask("cancel", "--from", "-", "--by", "Ann", "--no-send", stdin="1042\n1043\n")
    assert made["counts"]["waiting"] == 2
    assert len(simulator.log) == before
    assert {case["state"] for case in ask("cases")["cases"]} == {"pending"}


def test_a_file_without_an_order_is_nothing_to_do(simulator: Simulator) -> None:
    assert run("cancel", "--from", "-", "--by", "Ann", stdin="").stdout == (
        "There was no order to cancel; nothing was recorded.\n"
    )


def test_a_file_with_a_wrong_line_records_nothing(simulator: Simulator) -> None:
    error = ask("cancel", "--from", "-", "--by", "Ann", code=1, stdin="1042\n1043,,MUG\n")["error"]
    assert (error["kind"], error["location"]) == ("ValidationError", "stdin")
    assert error["message"].startswith("line 2: 'MUG' is not a line with its quantity")
    assert ask("cases")["cases"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give an ORDER, or a file"),
        (("1042", "--from", "-"), "give an ORDER, or a file"),
        (("--from", "-", "--line", "MUG:1"), "--line is for one ORDER"),
    ],
)
def test_an_order_or_a_file_is_given(arguments: tuple[str, ...], said: str) -> None:
    assert said in run("cancel", *arguments, code=2).output


def test_progress_has_ten_lines_at_most_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with BulkProgress(1234) as progress:
        for number in range(1234):
            progress.add(BulkOutcome.CANCELED if number % 2 else BulkOutcome.WAITING)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[-1] == "1,234 of 1,234: 617 canceled, 617 waiting"


def test_progress_is_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with BulkProgress(2) as progress:
        progress.add(BulkOutcome.CANCELED)
        progress.add(BulkOutcome.REFUSED)
    assert "2/2" in capsys.readouterr().err
