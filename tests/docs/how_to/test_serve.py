"""docs/how-to/serve.md is run as it stands: the command, the table [web], and a program of one's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.desk.config import read_config

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Pages

PAGE = "serve.md"
UP_WITHIN = 120.0


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MESSAGE_SECRET", "m" * 43)


def test_the_command_says_when_it_is_up_and_ends_when_it_is_told(tmp_path: Path, page_blocks: Pages) -> None:
    command, said = page_blocks(PAGE, ("sh", "text"))[:2]
    (tmp_path / "orderdesk.toml").write_text("", encoding="utf-8")
    arguments = command.take().split()[1:]
    arguments[arguments.index("8000")] = "0"  # Another program may have that port.
    ready = tmp_path / "ready.json"
    with subprocess.Popen(
        [sys.executable, "-m", "orderdesk_sdk.cli", *arguments, "--ready-file", str(ready)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            url = _url_when_up(process, ready)
            assert httpx.get(f"{url}/nothing", trust_env=False).status_code == 404
        finally:
            process.send_signal(signal.SIGTERM)
            out, _ = process.communicate(timeout=UP_WITHIN)
    assert out.replace(url, "http://127.0.0.1:8000") == said.take()
    assert (process.returncode, ready.exists()) == (0, False)


def _url_when_up(process: subprocess.Popen[str], ready: Path) -> str:
    end = time.monotonic() + UP_WITHIN
    while not ready.exists():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
    url: str = json.loads(ready.read_text(encoding="utf-8"))["url"]
    return url


def test_the_table_is_read(tmp_path: Path, page_blocks: Pages) -> None:
    page_blocks(PAGE, ("toml",))[0].write()
    web = read_config(tmp_path / "orderdesk.toml").web
    assert (web.url, web.is_https, web.message_secret.reveal()) == ("https://desk.example.com", True, "m" * 43)


def test_a_program_of_ones_own(page_blocks: Pages) -> None:
    names: dict[str, Any] = {"__name__": "main"}
    page_blocks(PAGE, ("python",))[0].run(names)
    with names["desk"], serve(names["app"]) as served:
        assert httpx.get(f"{served.url}/nothing", trust_env=False).status_code == 404
