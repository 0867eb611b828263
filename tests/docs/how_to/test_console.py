"""docs/how-to/console.md is run as it stands: its command serves a console, and ends when it is told."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Pages

PAGE = "console.md"


@pytest.mark.slow
def test_the_command_serves_a_console(page_blocks: Pages, tmp_path: Path) -> None:
    (command,) = page_blocks(PAGE)
    arguments = command.take().split()[1:]
    with subprocess.Popen(
        [sys.executable, "-m", "orderdesk_sdk.cli", *arguments, "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            assert told["pace"] == 30
            page = httpx.get(told["sign_in"], trust_env=False)
            assert (page.status_code, "Sign in" in page.text) == (200, True)
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=120)
    assert process.returncode == 0
