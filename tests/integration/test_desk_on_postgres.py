"""A desk whose configuration names a PostgreSQL database: the same commands, and the server's clock."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orderdesk_devkit.cli.sandbox import running
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import SystemClock, VirtualClock
from orderdesk_sdk.desk.config import read_config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres.clock import DatabaseClock
from orderdesk_sdk.stores.postgres.ledger import PostgresLedger
from orderdesk_sdk.stores.postgres.ledger_schema import MIGRATIONS
from orderdesk_sdk.stores.postgres.orders import PostgresOrderStore

ORDERS = '[{"id": "58101", "source_id": "1042", "order_items": [{"id": "1", "code": "MUG", "quantity": 1}]}]'


@pytest.fixture
def folder(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "orderdesk.toml").write_text('[ledger]\nurl = { env = "LEDGER_URL" }\n', encoding="utf-8")
    monkeypatch.setenv("LEDGER_URL", postgres_url)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ask(*arguments: str, code: int = 0) -> Any:
    ran = CliRunner().invoke(orderdesk, [*arguments, "--json"])
    assert ran.exit_code == code, ran.output
    return json.loads(ran.stdout)


def test_commands_work_on_it_and_doctor_names_it(folder: Path) -> None:
    Path("orders.json").write_text(ORDERS, encoding="utf-8")
    found = [one for one in ask("doctor")["checks"] if one["code"] == "ledger"]
    assert [one["message"] for one in found] == [
        "has no tables yet; the first command that needs the ledger creates them"
    ]
    ask("import", "orders.json")
    assert [order["number"] for order in ask("orders")["orders"]] == ["1042"]
    assert ask("ledger", "verify")["is_intact"]
    findings = {one["code"]: one for one in ask("doctor")["checks"]}
    assert findings["ledger"]["message"].startswith("PostgreSQL 1")
    assert findings["ledger"]["message"].endswith(f"version {len(MIGRATIONS)}, can be opened and written")
    assert "unchanged" in findings["evidence"]["message"]
    assert "the ledger is in a PostgreSQL database" in ask("ledger", "backup", "copy.db", code=1)["error"]["message"]


@pytest.mark.slow
def test_an_order_is_canceled_and_proved_from_the_command_line(folder: Path) -> None:
    """The sandbox's services, its clock, and a ledger in the database."""
    Path("orders.json").write_text(SAMPLE_ORDERS, encoding="utf-8")
    config = Path("orderdesk.toml")
    config.unlink()
    with running(config, VirtualClock(), port=0):
        text = config.read_text(encoding="utf-8")
        config.write_text(
            re.sub(r'(?m)^url = "sqlite:.*"$', 'url = { env = "LEDGER_URL" }', text, count=1), encoding="utf-8"
        )
        ask("import", "orders.json")
        for number in ("1042", "1043"):
            ask("register", number, "--at", "amazon-mcf")
        ask("cancel", "1042", "--by", "Ann", "--reason", "customer asked")
        ask("cancel", "1043", "--by", "Ann", "--no-send")
        ask("work", "--until-idle")
        assert ask("receipt", "1042")["is_canceled"]
        assert {case["state"] for number in ("1042", "1043") for case in ask("cases", number)["cases"]} == {"canceled"}
        assert ask("ledger", "verify")["is_intact"]
        assert "PostgreSQL 1" in str(ask("doctor")["checks"])
        assert list(Path().glob("*.db*")) == []


def test_the_servers_clock_is_the_desks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = datetime(2031, 1, 1, tzinfo=UTC)
    monkeypatch.setattr(SystemClock, "now", lambda _: wrong)
    with Desk.open() as desk:
        assert isinstance(desk.ledger, PostgresLedger)
        assert isinstance(desk.order_store, PostgresOrderStore)
        assert isinstance(desk.clock, DatabaseClock)
        monkeypatch.undo()
        assert abs(desk.clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://desk:canary-of-a-password@db.example/orders",
        "postgresql://desk@db.example/orders?password=canary-of-a-password",
        "postgresql://[canary-of-a-password/orders",
    ],
)
def test_a_password_stands_in_no_configuration(tmp_path: Path, url: str) -> None:
    path = tmp_path / "orderdesk.toml"
    path.write_text(f'[ledger]\nurl = "{url}"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match="environment variable") as raised:
        read_config(path)
    assert "canary" not in str(raised.value)


def test_a_url_without_a_password_may_stand_there(tmp_path: Path) -> None:
    path = tmp_path / "orderdesk.toml"
    path.write_text('[ledger]\nurl = "postgresql://desk@db.example:5433/orders"\n', encoding="utf-8")
    config = read_config(path)
    assert (config.ledger, config.ledger_file) == (Secret("postgresql://desk@db.example:5433/orders"), None)
