"""`orderdesk receipt --link`, `--links` and `--revoke`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.desk.desk import Desk

ORDERS = '[{"id": "58101", "source_id": "1042", "order_items": []}, {"id": "58102", "source_id": "1043"}]'


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("orders.json").write_text(ORDERS, encoding="utf-8")
    run("import", "orders.json")


def run(*arguments: str, code: int = 0) -> Result:
    ran = CliRunner().invoke(orderdesk, list(arguments))
    assert ran.exit_code == code, ran.output
    return ran


def ask(*arguments: str, code: int = 0) -> Any:
    return json.loads(run(*arguments, "--json", code=code).stdout)


def test_a_link_is_made_shown_once_and_revoked() -> None:
    made = ask("receipt", "1042", "--link", "--days", "7", "--by", "Ann")
    link = made["link"]
    assert (link["order_id"], link["created_by"], link["revoked_at"]) == ("58101", "Ann", None)
    days = datetime.fromisoformat(link["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=6) < days <= timedelta(days=7)
    with Desk.open() as desk:
        assert desk.receipt_links.find(made["token"]) == "58101"
    listed = run("receipt", "1042", "--links").stdout
    assert link["id"] in listed
    assert "good" in listed
    assert made["token"] not in listed
    assert ask("receipt", "1042", "--revoke", link["id"], "--by", "Ben")["link"]["revoked_by"] == "Ben"
    assert "revoked by Ben" in run("receipt", "1042", "--links").stdout
    assert len(ask("receipt", "1042", "--links")["links"]) == 1


def test_people_are_told_what_to_do_with_a_link() -> None:
    told = run("receipt", "1042", "--link", "--by", "Ann").stdout
    assert told.startswith("/r/")
    assert "--revoke" in told
    assert "no links" in run("receipt", "1043", "--links").stdout


def test_a_link_is_revoked_by_the_order_it_is_for() -> None:
    link = ask("receipt", "1042", "--link", "--by", "Ann")["link"]["id"]
    assert ask("receipt", "1043", "--revoke", link, "--by", "Ann", code=1)["error"]["kind"] == "NotFoundError"
    assert ask("receipt", "1042", "--links")["links"][0]["revoked_at"] is None


@pytest.mark.parametrize("options", [["--link", "--links"], ["--links", "--revoke", "l"], ["--days", "7"]])
def test_one_thing_is_done_at_a_time(options: list[str]) -> None:
    assert "give one of --link" in run("receipt", "1042", *options, code=2).output
