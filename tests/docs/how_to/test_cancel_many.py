"""docs/how-to/cancel-many.md is run as it stands: a file, a summary, the same again, and a program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from orderdesk_devkit.simulators.simulator import Effect
from orderdesk_sdk.cli.group import orderdesk

if TYPE_CHECKING:
    from tests.docs.how_to.conftest import Block, Simulators

pytestmark = pytest.mark.slow

PAGE = "cancel-many.md"
NOT_ACCEPTED = 1
"""The exit code of a bulk with a line that could not be accepted, as the page says."""


def test_the_page_works_as_it_is_written(
    sandbox_page: Callable[[str], list[Block]], sandbox: Simulators, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = ""
    for block in sandbox_page(PAGE):
        match block.language:
            case "csv":
                Path("orders.csv").write_text(block.take(), encoding="utf-8")
            case "sh" if "--from" in block.text:
                command = block.take().replace('"mug, second try"', "mug-2").split()[1:]
                ran = CliRunner().invoke(orderdesk, command)
                assert ran.exit_code == NOT_ACCEPTED, ran.output
                shown = ran.stdout
            case "sh":
                block.run_shell()
            case "text":
                block.check(shown)
            case _:
                block.run({})
    asked = [record for record in sandbox["amazon-mcf"][0].log if record.effect_kind is Effect.CANCEL_ACCEPTED]
    assert sorted(record.remote_id or "" for record in asked) == ["1042", "1044"], (
        "each order was asked for once, however often the bulk was run"
    )
    assert "1042 waiting" in capsys.readouterr().out
