"""What is wrong around a command is told in a line or two with an exit code, never by a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

COMMAND = (sys.executable, "-m", "orderdesk_sdk.cli")
FULL = Path("/dev/full")
"""A device that is always full."""


def ran(*arguments: str | bytes, redirected: str = "", cwd: Path | None = None) -> tuple[int, str]:
    """The exit code and all that was said. redirected: what the shell does with its streams."""
    line = b" ".join([*(os.fsencode(f"'{part}'") for part in COMMAND), *map(_quoted, arguments), redirected.encode()])
    done = subprocess.run([b"sh", b"-c", line], check=False, cwd=cwd, capture_output=True, timeout=60)
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


def _quoted(argument: str | bytes) -> bytes:
    return b"'" + os.fsencode(argument) + b"'"


def told(output: str, *, about: str) -> None:
    """What is wrong, and what to do about it, in as many lines."""
    lines = output.strip().splitlines()
    assert len(lines) <= 4, output
    assert "Traceback" not in output
    assert about in output


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
@pytest.mark.parametrize("arguments", [("integrations",), ("integrations", "--json"), ("doctor",), ("--help",)])
def test_an_output_that_is_full(arguments: tuple[str, ...], tmp_path: Path) -> None:
    code, output = ran(*arguments, redirected=f"> {FULL}", cwd=tmp_path)
    assert code == 1
    told(output, about="No space left on device")


@pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")
def test_errors_that_nobody_can_be_told(tmp_path: Path) -> None:
    assert ran("doctor", redirected=f"> {FULL} 2>&1", cwd=tmp_path) == (1, "")


def test_a_closed_input(tmp_path: Path) -> None:
    code, output = ran("import", "-", redirected="<&-", cwd=tmp_path)
    assert code == 1
    told(output, about="standard input is closed")


@pytest.mark.parametrize("arguments", [("plan", b"\xff"), ("--config", b"\xff.toml", "plan", "1"), (b"\xff",)])
def test_an_argument_that_is_no_text(arguments: tuple[str | bytes, ...], tmp_path: Path) -> None:
    code, output = ran(*arguments, cwd=tmp_path)
    assert code == 2
    told(output, about=r"is not UTF-8 text")
    assert r"\xff" in output


@pytest.mark.parametrize("command", [("plan", "1"), ("doctor",), ("work",)])
def test_a_folder_that_is_gone(command: tuple[str, ...], tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    line = f'cd "{here}" && rmdir "{here}" && {" ".join(COMMAND)} {" ".join(command)}'
    done = subprocess.run(["sh", "-c", line], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    told(done.stdout + done.stderr, about="the current folder does not exist any more")


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 100_000, "a" + ".a" * 100_000 + " = 1", "a = " + "{a=" * 50_000, "[" + "a." * 50_000 + "a]"]
)
def test_a_configuration_that_is_nested_deep(text: str, tmp_path: Path) -> None:
    (tmp_path / "orderdesk.toml").write_text(text)
    code, output = ran("plan", "1", cwd=tmp_path)
    assert code == 1
    told(output, about="orderdesk.toml: is too long or nested too deeply")


def test_what_should_not_happen_is_told_without_frames_and_shown_whole_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import orderdesk_sdk.desk.config as config\n"
        "def find_config(path):\n"
        "    raise KeyError('odd')\n"
        "config.find_config = find_config\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    code, output = ran("plan", "1", cwd=tmp_path)
    assert code == 1
    told(output, about="KeyError: 'odd'")
    monkeypatch.setenv("ORDERDESK_TRACEBACK", "1")
    assert "Traceback" in ran("plan", "1", cwd=tmp_path)[1]
