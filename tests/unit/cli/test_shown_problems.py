"""A problem that a worker meets while its status moves at the end of the terminal."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console
from rich.status import Status

from orderdesk_sdk.cli.output import work
from orderdesk_sdk.cli.output.work import problem_shower


class RecordedStatus(Status):
    """A status that says when it moves."""

    def __init__(self) -> None:
        super().__init__("working", console=Console(file=StringIO()))
        self.steps: list[str] = []

    def start(self) -> None:
        self.steps.append("moves")

    def stop(self) -> None:
        self.steps.append("stands")


def test_a_problem_stands_on_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    status = RecordedStatus()
    monkeypatch.setattr(work, "show_problem", status.steps.append)
    problem_shower(status)("the server is away")
    assert status.steps == ["stands", "the server is away", "moves"]


def test_a_problem_is_shown_where_no_status_moves(capsys: pytest.CaptureFixture[str]) -> None:
    problem_shower(None)("the server is away")
    assert capsys.readouterr().err == "Problem: the server is away\n"
