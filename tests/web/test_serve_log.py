"""`orderdesk serve` writes its log to stderr: whoever is told the id of a fault finds it there."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from orderdesk_sdk.cases.log_records import RoomLogger
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.web.server import WebServer


@contextmanager
def _serving(*_: object, **__: object) -> Iterator[WebServer]:
    RoomLogger("web").warning("error %s answered with %d", "c0ffee", 503)
    yield WebServer("http://127.0.0.1:8000")


@contextmanager
def _stopped() -> Iterator[threading.Event]:
    event = threading.Event()
    event.set()
    yield event


@pytest.fixture
def _no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "orderdesk.toml").write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("orderdesk_sdk.web.server.serving", _serving)
    monkeypatch.setattr("orderdesk_sdk.cli.signals.stop_event", _stopped)
    monkeypatch.setattr("orderdesk_sdk.web.process.harden_process", lambda: None)  # This process is the tests'.


@pytest.mark.usefixtures("_no_server")
@pytest.mark.parametrize("form", ["text", "json"])
def test_problems_are_written_to_stderr(form: str) -> None:
    ran = CliRunner().invoke(orderdesk, ["serve", "--log-format", form])
    assert ran.exit_code == 0, ran.output
    (line,) = [line for line in ran.stderr.splitlines() if "c0ffee" in line]
    assert (json.loads(line)["message"] if form == "json" else line).endswith("error c0ffee answered with 503")
