"""`orderdesk webhooks`: for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.secret import Secret
from tests.support.builders import open_case
from tests.support.event_receiver import EventReceiver, receiving

CONFIG = """
[event_webhooks]
key = { env = "ORDERDESK_SECRETS_KEY" }
[sandbox]
"""


def run(*arguments: str, code: int = 0) -> Result:
    ran = CliRunner().invoke(orderdesk, list(arguments))
    assert ran.exit_code == code, ran.output
    return ran


def ask(*arguments: str, code: int = 0) -> Any:
    return json.loads(run(*arguments, "--json", code=code).stdout)


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORDERDESK_SECRETS_KEY", "a key of the tests that nobody guesses")
    Path("orderdesk.toml").write_text(CONFIG, encoding="utf-8")


@pytest.fixture
def receiver() -> Iterator[EventReceiver]:
    with receiving() as made:
        yield made


def add(receiver: EventReceiver, *options: str) -> tuple[str, Secret]:
    made = ask("webhooks", "add", receiver.url, "--by", "Ann", *options)
    return made["endpoint"]["id"], Secret(made["secret"])


def test_an_endpoint_is_added_and_tested_and_hears(receiver: EventReceiver) -> None:
    endpoint, secret = add(receiver, "--event", "case.requested")
    assert ask("webhooks", "test", endpoint)["status"] == 204
    receiver.requests[-1].verify(secret)
    receiver.answers(lambda _: 500)
    assert "answered 500" in run("webhooks", "test", endpoint, code=3).stdout
    with Desk.open() as desk:
        open_case(desk.ledger)
        desk.run_due()
    (delivery,) = ask("webhooks", "deliveries", endpoint)["deliveries"]
    assert (delivery["type"], delivery["state"], delivery["last_status"]) == ("case.requested", "pending", 500)
    assert "the endpoint answered 500" in run("webhooks", "deliveries", endpoint, "--state", "pending").stdout
    assert "No events." in run("webhooks", "deliveries", endpoint, "--state", "failed").stdout
    assert "pending already" in run("webhooks", "redeliver", endpoint, "1", "--by", "Ann", code=1).stderr


def test_it_is_disabled_enabled_and_gets_another_secret(receiver: EventReceiver) -> None:
    assert "No endpoint receives events" in run("webhooks", "list").stdout
    endpoint, secret = add(receiver)
    run("webhooks", "disable", endpoint, "--by", "Ben")
    assert "disabled by Ben" in run("webhooks", "list").stdout
    assert ask("webhooks", "list")["endpoints"][0]["is_enabled"] is False
    assert "hears again" in run("webhooks", "enable", endpoint, "--by", "Ben").stdout
    changed = Secret(ask("webhooks", "rotate", endpoint, "--by", "Ben")["secret"])
    ask("webhooks", "test", endpoint)
    assert receiver.requests[-1].verify(secret) == receiver.requests[-1].verify(changed)
    shown = run("webhooks", "rotate", endpoint, "--overlap", "0d", "--by", "Ben").stdout
    assert "shown only now" in shown
    assert "whsec_" in shown


def test_what_cannot_be_is_said(receiver: EventReceiver) -> None:
    known = "known are: case.requested"
    assert known in run("webhooks", "add", receiver.url, "--event", "shipped", "--by", "Ann", code=1).stderr
    assert "not configured" in run("webhooks", "add", receiver.url, "--at", "mill", "--by", "Ann", code=1).stderr
    assert "https" in run("webhooks", "add", "http://shop.example", "--by", "Ann", code=1).stderr
    assert "no such endpoint" in run("webhooks", "test", "none", code=1).stderr
    Path("orderdesk.toml").write_text("[sandbox]\n", encoding="utf-8")
    assert "[event_webhooks]" in run("webhooks", "add", receiver.url, "--by", "Ann", code=1).stderr
