"""The example of a rule in the README does what the text beside it says."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from orderdesk_devkit.cli.sandbox import running
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import VirtualClock

README = Path(__file__).resolve().parent.parent.parent / "README.md"
(EXAMPLE,) = re.findall(r"^```toml\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def test_the_rule_cancels_what_is_moved_to_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rules, email, _ = EXAMPLE.partition("[email]")
    assert set(tomllib.loads(EXAMPLE)) == {"rules", "email"}
    assert email
    Path("orders.json").write_text(SAMPLE_ORDERS, encoding="utf-8")
    with running(Path("orderdesk.toml"), VirtualClock()):
        with Path("orderdesk.toml").open("a", encoding="utf-8") as config:
            config.write(rules)
        for line in ("import orders.json", "register 1042 --at amazon-mcf", "move 1042 Canceled"):
            ran = CliRunner().invoke(orderdesk, line.split())
            assert ran.exit_code == 0, ran.output
        told = json.loads(CliRunner().invoke(orderdesk, ["cases", "1042", "--json"]).stdout)
    assert [(case["connection"], case["state"]) for case in told["cases"]] == [("amazon-mcf", "acknowledged")]
