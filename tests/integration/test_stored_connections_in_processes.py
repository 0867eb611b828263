"""A worker that runs in another process takes up what is made at the command line: a connection, and a rule."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orderdesk_amazon_mcf.simulator import McfSimulator
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.simulators.simulator import Effect
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import SystemClock
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.orders.order import Order, OrderLine
from tests.support.waiting import eventually

PATIENCE = 120.0
"""Seconds until a process that does nothing is taken for broken; it takes one or two."""
SECRETS = ("refresh_token", "client_id", "client_secret")
CONFIG = """
[ledger]
url = "sqlite:///orderdesk.db"

[stored_connections]
key = { env = "ORDERDESK_SECRETS_KEY" }

[sandbox]
"""
RULE = 'event = "order moved"\nwhen = "folder == \'Canceled\'"\ndo = ["Cancel Order"]\n'


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[str]]:
    """`orderdesk work` on a shop that has no connection yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORDERDESK_SECRETS_KEY", "a-key-of-thirty-two-characters-or-more")
    Path("orderdesk.toml").write_text(CONFIG, encoding="utf-8")
    with Desk.open(Path("orderdesk.toml")):
        pass  # So that both processes find the ledger's tables.
    working = subprocess.Popen(
        [sys.executable, "-m", "orderdesk_sdk.cli", "work", "--every", "0.2"],
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield working
    finally:
        working.kill()
        working.communicate()


def ask(*arguments: str, given: str | None = None) -> Any:
    ran = CliRunner().invoke(orderdesk, [*arguments, "--json"], input=given)
    assert ran.exit_code == 0, ran.output
    return json.loads(ran.stdout)


def add_orders(simulator: McfSimulator, *numbers: str) -> None:
    with Desk.open(Path("orderdesk.toml")) as desk:
        for number in numbers:
            simulator.add_order(number, lines=[("MUG", 1)])
            desk.orders.import_orders([Order(f"o{number}", number, lines=(OrderLine(1, code="MUG"),))], by="a test")
            desk.orders.register(number, connection="mcf-new", by="a test")


def state_of(number: str) -> str:
    cases = ask("cases", number)["cases"]
    return cases[0]["state"] if cases else "no case"


@pytest.mark.slow
def test_a_worker_cancels_through_a_connection_and_by_a_rule_that_came_while_it_ran(
    worker: subprocess.Popen[str],
) -> None:
    simulator = McfSimulator(SystemClock())
    with serve(simulator.app) as served:
        settings = simulator.settings(served.url)
        secrets = json.dumps({name: settings[name] for name in SECRETS})
        given = [f"--set={name}={value}" for name, value in settings.items() if name not in SECRETS]
        ask("connections", "add", "mcf-new", "amazon-mcf", *given, "--secrets-stdin", "--by", "Ann", given=secrets)
        add_orders(simulator, "1001", "1002", "1003")
        ask("cancel", "1001", "--by", "Ann", "--no-send")
        eventually(lambda: state_of("1001") in ("acknowledged", "canceled"), "the worker uses the connection", PATIENCE)
        ask("rules", "save", "Canceled", "-", "--by", "Ann", given=RULE)
        ask("rules", "dry-run", "Canceled", "1002", "--by", "Ann")
        ask("rules", "enable", "Canceled", "--by", "Ann")
        ask("move", "1002", "Canceled", "--by", "Bo")
        eventually(lambda: state_of("1002") in ("acknowledged", "canceled"), "the rule cancels the order", PATIENCE)
        ask("connections", "disable", "mcf-new", "--by", "Ann")
        ask("cancel", "1003", "--by", "Ann", "--no-send")
        eventually(
            lambda: "switched off" in (ask("cases", "1003")["cases"][0]["message"] or ""),
            "the worker leaves the connection alone",
            PATIENCE,
        )
        assert worker.poll() is None
        canceled = [record.remote_id for record in simulator.log if record.effect_kind is Effect.CANCEL_ACCEPTED]
        assert canceled == ["1001", "1002"]
