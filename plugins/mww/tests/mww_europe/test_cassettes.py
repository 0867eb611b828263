"""MWW Europe against what was recorded of the simulator: the calls of MWW On Demand, at a host of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orderdesk_devkit.testing.cassette_suite import CassetteSuite
from orderdesk_devkit.testing.harness import Stage
from orderdesk_devkit.testing.record import main
from orderdesk_sdk.cases.case import State

Play = Callable[[str], Stage]


class TestCassettes(CassetteSuite):
    private = ("mww.example",)


def test_a_request_that_is_taken_is_canceled_by_what_was_read_back_from_the_configured_host(cassette: Play) -> None:
    stage = cassette("cancel-honored")
    assert stage.case.state is State.CANCELED
    assert stage.calls[0] == "PATCH /orders/1042 200"
    assert stage.proof.exchange is not None
    assert stage.proof.exchange.intent.url == "https://base-url.invalid/orders/1042"


def test_the_command_finds_the_scenarios_of_a_plugins_second_integration(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(Path(__file__).parents[4])
    assert main(["mww-europe", "nonsense"]) == 1
    assert "no scenario 'nonsense'" in capsys.readouterr().err
