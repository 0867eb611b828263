"""`doctor`: finds what is wrong, shows no secret, makes no file, calls no service."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import evolve
from click.testing import CliRunner

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.cases.workers import WorkerHeartbeat
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.orders.serialization import read_order_text
from orderdesk_sdk.plugin.registry import LoadedPlugin, PluginRegistry
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore

CONNECTION = """
[connections.mcf]
integration = "amazon-mcf"
[connections.mcf.settings]
refresh_token = { env = "TEST_REFRESH_TOKEN" }
client_id = { env = "TEST_CLIENT_ID" }
client_secret = %s
"""
REFERENCE = '{ env = "TEST_CLIENT_SECRET" }'
SECRET = "amzn1.very-secret-text"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("TEST_REFRESH_TOKEN", "TEST_CLIENT_ID", "TEST_CLIENT_SECRET"):
        monkeypatch.setenv(name, SECRET)
    return tmp_path


def examine(code: int = 0) -> list[Any]:
    """The findings; nothing of a secret may be in them, as JSON or for people."""
    shown, ran = (CliRunner().invoke(orderdesk, arguments) for arguments in (["doctor"], ["doctor", "--json"]))
    assert (shown.exit_code, ran.exit_code) == (code, code), shown.output
    assert SECRET not in shown.output + ran.output
    told = json.loads(ran.stdout)
    assert (told["status"] == "failing") == (code == 1)
    findings: list[Any] = told["checks"]
    return findings


def wrong(findings: list[Any]) -> list[str]:
    return [found["message"] for found in findings if found["status"] == "failing"]


def write(text: str) -> None:
    Path("orderdesk.toml").write_text(text, encoding="utf-8")


def test_nothing_is_made_where_there_is_nothing(folder: Path) -> None:
    findings = examine()
    assert [found["status"] for found in findings if found["code"] == "configuration"] == ["degraded"]
    assert list(folder.iterdir()) == []


def test_a_good_configuration_is_good() -> None:
    write(CONNECTION % REFERENCE)
    findings = examine()
    assert {found["status"] for found in findings} == {"ok"}
    assert {"configuration", "plugin", "connection", "ledger"} <= {found["code"] for found in findings}


def test_credentials_that_cannot_be_made_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(settings: object) -> httpx.Auth:
        raise ConfigurationError("the key is no PEM", location="settings.key", hint="give the file's text")

    load = PluginRegistry.load

    def load_with_failing_auth(registry: PluginRegistry, slug: str) -> LoadedPlugin:
        loaded = load(registry, slug)
        return evolve(loaded, integration=evolve(loaded.integration, auth=fail))

    monkeypatch.setattr(PluginRegistry, "load", load_with_failing_auth)
    write(CONNECTION % REFERENCE)
    assert wrong(examine(1)) == ["the key is no PEM"]


def test_an_unknown_key_is_named_with_its_place() -> None:
    write('[ledger]\nurll = "sqlite:///orderdesk.db"\n')
    (finding,) = [found for found in examine(1) if found["code"] == "configuration"]
    assert "urll" in finding["message"]
    assert finding["location"].endswith("orderdesk.toml: [ledger]")
    assert "url" in finding["hint"]


def test_every_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    write(CONNECTION % REFERENCE)
    monkeypatch.delenv("TEST_REFRESH_TOKEN")
    monkeypatch.setenv("TEST_CLIENT_ID", "")
    assert wrong(examine(1)) == [
        "the environment variable TEST_REFRESH_TOKEN is not set",
        "the environment variable TEST_CLIENT_ID is not set",
    ]


def test_a_setting_that_is_missing_or_wrong_is_named() -> None:
    write(CONNECTION.replace("client_id", "# client_id") % REFERENCE)
    (finding,) = [found for found in examine(1) if found["status"] == "failing"]
    assert finding["location"].endswith("[connections.mcf].settings.client_id")
    write(CONNECTION % REFERENCE + 'speed = "Fastest"\n')
    assert "Fastest" in wrong(examine(1))[0]


def test_an_integration_that_is_not_installed_is_named() -> None:
    write('[connections.absent]\nintegration = "absent"\n')
    assert wrong(examine(1)) == ["integration absent: no such integration is installed"]


def test_a_secret_in_plain_text_is_warned_about_unless_it_is_a_simulators() -> None:
    plain = f'{{ text = "{SECRET}" }}'
    write(CONNECTION % plain)
    warned = [found for found in examine() if found["status"] == "degraded"]
    assert [found["location"].rpartition(".")[2] for found in warned] == ["client_secret"]
    loopback = 'endpoint = "http://127.0.0.1:9"\ntoken_url = "http://localhost:9/token"\n'
    write(CONNECTION % plain + loopback)
    assert [found for found in examine() if found["status"] == "degraded"] == []


def test_a_broken_plugin_and_a_broken_listener_are_named_with_distribution_and_reason(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for slug, group in (("brokenone", "integrations"), ("brokentwo", "listeners")):
        (folder / f"fake_{slug}.py").write_text("raise RuntimeError('out of order')", encoding="utf-8")
        info = folder / f"orderdesk_{slug}-1.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: orderdesk-{slug}\nVersion: 1.5\n")
        (info / "entry_points.txt").write_text(f"[orderdesk.{group}]\n{slug} = fake_{slug}\n")
    monkeypatch.syspath_prepend(str(folder))
    found = [found for found in examine(1) if found["status"] == "failing"]
    assert [finding["code"] for finding in found] == ["plugin", "listener"]
    for finding, name in zip(found, ("orderdesk-brokenone", "orderdesk-brokentwo"), strict=True):
        assert name in finding["location"]
        assert "RuntimeError: out of order" in finding["message"]


def test_a_sandbox_that_is_gone_is_named() -> None:
    write('[sandbox]\nclock = "http://127.0.0.1:9"\n')
    assert "no sandbox answers at http://127.0.0.1:9" in wrong(examine(1))[0]


def test_a_ledger_that_is_no_ledger_or_too_new_is_told() -> None:
    Path("orderdesk.db").write_text("this is a text, and a long one, but no database at all", encoding="utf-8")
    assert "not a database" in wrong(examine(1))[0]
    Path("orderdesk.db").unlink()
    with sqlite3.connect("orderdesk.db") as db:
        db.execute("CREATE TABLE ledger_schema (version INTEGER NOT NULL)")
        db.execute("INSERT INTO ledger_schema VALUES (99)")
    db.close()
    assert "the ledger has version 99" in wrong(examine(1))[0]


def test_a_folder_that_is_not_there_is_told() -> None:
    write('[ledger]\nurl = "sqlite:///nowhere/orderdesk.db"\n')
    assert "folder is missing" in wrong(examine(1))[0]


def record_a_wish(at: datetime) -> None:
    with Desk(Config(Path("orderdesk.db")), clock=VirtualClock(at)) as desk:
        assert isinstance(desk.order_store, SqliteOrderStore)
        desk.order_store.import_orders(read_order_text(SAMPLE_ORDERS, location="samples"), by="Ann")
        order = desk.order_store.get_order("1042")
        desk.order_store.add_remote_order(
            order.id, RemoteOrder("mcf", "1042", at, ConnectionRole.FULFILLMENT), by="Ann"
        )
        desk.cancel("1042", by="Ann", send_now=False)


@pytest.mark.parametrize(("ago", "code"), [(timedelta(hours=2), 1), (timedelta(hours=-2), 0)])
def test_work_that_nobody_does_is_an_error(ago: timedelta, code: int) -> None:
    record_a_wish(datetime.now(UTC) - ago)
    (finding,) = [found for found in examine(code) if found["code"] == "cases-overdue"]
    assert ("no worker is running: 1 case is overdue, the oldest by 2 h" in finding["message"]) == (code == 1)
    assert ("the next case is due" in finding["message"]) == (code == 0)


def test_a_rule_that_names_nobodys_action_is_found_with_its_place_and_what_is_known() -> None:
    rule = '[[rules]]\nname = "r"\nevent = "order moved"\ndo = ["Cancel Order at Nowhere"]\n'
    write(rule + CONNECTION % REFERENCE)
    (found,) = [found for found in examine(1) if found["code"] == "rule"]
    assert found["location"].endswith("orderdesk.toml: [[rules]][0].do[0]")
    assert (
        found["message"]
        == "Unknown rule action 'Cancel Order at Nowhere' in rule 'r': no connected integration provides it"
    )
    assert "Move Order to Folder" in found["hint"]
    write(rule.replace('"Cancel Order at Nowhere"', '{ action = "Move Order to Folder", folder = "Closed" }'))
    assert [found["message"] for found in examine() if found["code"] == "rule"] == [
        "1 rule; every filter and action is sound"
    ]


def test_every_wrong_filter_is_found_with_its_place() -> None:
    rule = '[[rules]]\nname = "%s"\nevent = "order moved"\nwhen = "%s"\ndo = ["Cancel Order"]\n'
    write(rule % ("a", "foldr == 'x'") + rule % ("b", "folder == 'x'") + rule % ("c", "folder =="))
    found = [found for found in examine(1) if found["code"] == "rule"]
    assert [each["location"].partition(": ")[2] for each in found] == ["[[rules]][0].when", "[[rules]][2].when"]
    assert all(each["message"].startswith("the filter is wrong") and each["hint"] for each in found)


def test_a_worker_that_was_killed_is_told_and_the_exit_code_is_that_of_a_shop_that_works() -> None:
    write(CONNECTION % REFERENCE)
    killed = datetime.now(UTC) - timedelta(minutes=12)
    with Desk(Config(Path("orderdesk.db"))) as desk:
        desk.ledger.record_heartbeat(WorkerHeartbeat("w", "app-1", 4711, killed, killed))
    (found,) = [found for found in examine(0) if found["status"] == "degraded"]
    assert (found["code"], found["location"]) == ("worker-silent", "process 4711 on app-1")
    assert re.fullmatch(r"the worker did no round for 12 min( \d+ s)?, and did not end", found["message"])
    told = json.loads(CliRunner().invoke(orderdesk, ["doctor", "--json"]).stdout)
    assert (list(told), told["status"]) == (["status", "checked_at", "checks"], "degraded")


def test_a_recipient_that_is_no_single_address_is_found_at_its_setting() -> None:
    write(
        '[connections.mww]\nintegration = "mww"\n[connections.mww.settings]\n'
        'api_key = { env = "TEST_CLIENT_ID" }\ncancel_email_to = "a@example.com, b@example.com"\n'
    )
    (found,) = [found for found in examine(1) if found["status"] == "failing"]
    assert found["location"].endswith("[connections.mww].settings.cancel_email_to")
    assert found["message"] == "exactly one address was expected, not 2"
    assert "list" in found["hint"]
