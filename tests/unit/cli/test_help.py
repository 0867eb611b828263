"""The surface of the command line: quick to start, complete in its help, plain in its errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from orderdesk_sdk.cli.commands.plugins import plugins
from orderdesk_sdk.cli.group import all_sections, orderdesk

COMMANDS = [command for commands in all_sections().values() for command in commands]

EVERY = [each for command in COMMANDS for each in (command, *getattr(command, "commands", {}).values())]

each_command = pytest.mark.parametrize("command", EVERY, ids=lambda command: command.name)


def test_help_loads_nothing_heavy() -> None:
    heavy = ["attr", "httpx", "pluggy", "rich", "sqlite3", "starlette", "uvicorn", "orderdesk_sdk.desk.desk"]
    program = (
        "import sys, click.testing\n"
        "from orderdesk_sdk.cli.group import orderdesk\n"
        "assert click.testing.CliRunner().invoke(orderdesk, ['--help']).exit_code == 0\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "[]"


def test_help_names_every_command_without_cutting_its_text() -> None:
    shown = CliRunner().invoke(orderdesk, ["--help"], terminal_width=80).output
    for command in COMMANDS:
        assert f"  {command.name} " in shown
    assert [line for line in shown.splitlines()[1:] if line.endswith("...")] == []


@each_command
def test_every_command_takes_json_and_config(command: click.Command) -> None:
    names = {name for parameter in command.params for name in parameter.opts}
    assert {"--json", "--config"} <= names
    assert all(parameter.help for parameter in command.params if isinstance(parameter, click.Option))


@each_command
def test_every_command_that_a_person_stands_for_takes_a_name(command: click.Command) -> None:
    acts = {"answer", "import", "register", "move", "cancel", "resubmit", "confirm", "reject", "withdraw", "retry"}
    acts |= {"set-status", "claim-number", "report-canceled", "report-shipped", "forget", "archive", "receipt"}
    acts |= {"mark-seen", "eligibility"}
    acts |= {"add", "set-role", "set-password", "set-identity", "disable", "enable", "sign-in-link", "create", "revoke"}
    acts |= {"add", "set", "disable", "enable", "rotate-key", "save", "dry-run", "delete"}
    acts |= {"rotate", "redeliver", "webhook"}
    names = {name for parameter in command.params for name in parameter.opts}
    writes_file = command in plugins.commands.values()  # Of the configuration: no ledger and no audit log has it.
    assert ("--by" in names) == (command.name in acts and not writes_file)


def test_a_wrong_option_is_wrong_usage() -> None:
    ran = CliRunner().invoke(orderdesk, ["plan", "1042", "--colour"])
    assert ran.exit_code == 2
    assert "--colour" in ran.stderr


def test_an_empty_folder_is_told_from_an_empty_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(orderdesk, ["cases"])
    assert ran.exit_code == 1
    assert "neither a configuration nor a ledger" in ran.stderr
    assert "What to do: " in ran.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["--json", "plan", "1042"], ["plan", "1042", "--json"]])
def test_an_error_is_json_where_json_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(orderdesk, arguments)
    assert (ran.exit_code, ran.stderr) == (1, "")
    error = json.loads(ran.stdout)["error"]
    assert (error["kind"], error["location"]) == ("NotFoundError", str(tmp_path))
    assert set(error) == {"kind", "message", "location", "hint"}


def test_a_configuration_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    ran = CliRunner().invoke(orderdesk, ["--config", str(tmp_path / "no.toml"), "cases"])
    assert ran.exit_code == 1
    assert "no.toml" in ran.stderr
    assert "Traceback" not in ran.output


def test_without_click_the_command_says_what_to_install() -> None:
    program = "import sys; sys.modules['click'] = None; import orderdesk_sdk.cli as cli; cli.main()"
    ran = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert ran.returncode == 1
    assert "orderdesk-sdk[cli]" in ran.stderr
    assert "Traceback" not in ran.stderr
