"""`demo --serve`: a console on a shop whose time runs, and nothing of it when it has ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from orderdesk_devkit.cli.demo_shop.staff import STAFF
from orderdesk_sdk.cli.group import orderdesk

pytestmark = pytest.mark.slow
COMMAND = (sys.executable, "-m", "orderdesk_sdk.cli", "demo", "--serve")


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The command with --json, whose temporary files go to a folder of the test."""
    (tmp_path / "tmp").mkdir()
    process = subprocess.Popen(
        [*COMMAND, "--json", "--pace", "60"],
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def test_it_says_where_it_is_answers_and_leaves_nothing_behind(serve: subprocess.Popen[str], tmp_path: Path) -> None:
    assert serve.stdout is not None
    told = json.loads(serve.stdout.readline())
    assert told["pace"] == 60
    assert set(told["links"]) == set(STAFF)
    assert told["sign_in"] == told["links"]["ada"]
    assert told["sign_in"].startswith(f"{told['url']}/sign-in/")
    assert httpx.get(f"{told['url']}/static/style.css", trust_env=False).status_code == 200
    assert list((tmp_path / "tmp").iterdir()), "its ledger is there while it runs"
    serve.send_signal(signal.SIGINT)
    _, complaints = serve.communicate(timeout=120)
    assert (serve.returncode, complaints) == (0, "")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_it_keeps_nothing(tmp_path: Path) -> None:
    ran = CliRunner().invoke(orderdesk, ["demo", "--serve", "--keep", str(tmp_path / "kept")])
    assert ran.exit_code != 0
    assert "--serve keeps nothing" in ran.output
    assert not (tmp_path / "kept").exists()
