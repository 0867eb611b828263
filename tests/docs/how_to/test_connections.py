"""docs/how-to/connections.md is run as it stands: by commands, and from an app."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from orderdesk_sdk.cli.group import orderdesk

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Block, Pages

PAGE = "connections.md"
MIN_KEY_LENGTH = 32


@pytest.mark.usefixtures("story")
def test_the_page_works_as_it_is_written(
    page_blocks: Pages, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made, *blocks = page_blocks(PAGE)
    key = made.run_shell().strip()
    assert len(key) >= MIN_KEY_LENGTH
    monkeypatch.setenv("ORDERDESK_SECRETS_KEY", key)
    secrets = {"refresh_token": "r-1", "client_id": "c-1", "client_secret": "s-1"}
    Path("secrets.json").write_text(json.dumps(secrets), encoding="utf-8")
    shown = ""
    for block in blocks:
        match block.language:
            case "toml":
                block.write()
            case "python":
                block.run({})
                shown = capsys.readouterr().out
            case "sh" if " < secrets.json" in block.text:
                shown = run_with_input(block)
            case "sh":
                shown = block.run_shell()
            case _:
                block.check(shown)


def run_with_input(block: Block) -> str:
    """Run the one command of a block, which takes the file of secrets as its standard input."""
    command = block.take().removesuffix(" < secrets.json\n").split()
    ran = CliRunner().invoke(orderdesk, command[1:], input=Path("secrets.json").read_text(encoding="utf-8"))
    assert ran.exit_code == 0, ran.output
    return ran.stdout
