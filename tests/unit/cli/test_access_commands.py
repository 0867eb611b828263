"""`orderdesk users`, `tokens` and `audit`: for people and as JSON."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.desk.config import find_config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.secret import Secret


def run(*arguments: str, code: int = 0, stdin: str | None = None) -> Result:
    ran = CliRunner().invoke(orderdesk, list(arguments), input=stdin)
    assert ran.exit_code == code, ran.output
    return ran


def ask(*arguments: str, code: int = 0, stdin: str | None = None) -> Any:
    return json.loads(run(*arguments, "--json", code=code, stdin=stdin).stdout)


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("orderdesk.toml").touch()


def test_a_user_is_added_with_a_password_from_standard_input() -> None:
    made = ask("users", "add", "Ann", "--role", "admin", "--password-stdin", "--by", "setup", stdin="battery staple\n")
    assert (made["user"]["role"], made["user"]["has_password"], made["sign_in_path"]) == ("admin", True, None)
    with Desk.open() as desk:
        assert desk.access.sign_in("ann", Secret("battery staple")).session.role is Role.ADMIN
    run("users", "set-password", "Ann", "--password-stdin", "--by", "Ann", stdin="another battery\n")
    with Desk.open() as desk:
        assert desk.access.sign_in("Ann", Secret("another battery")).session.user == "Ann"


def test_a_password_is_asked_for_on_a_terminal_only() -> None:
    ran = run("users", "add", "Ann", "--role", "admin", code=2)
    assert "give it with --password-stdin" in ran.stderr
    assert ask("users", "list")["users"] == []
    refused = run("users", "add", "Ann", "--role", "admin", "--password-stdin", code=1, stdin="short\n")
    assert "fewer than 10 characters" in refused.stderr
    run("users", "add", "Ann", "--role", "admin", "--password-stdin", "--link", code=2, stdin="battery staple\n")


def test_a_link_signs_in_once() -> None:
    path = ask("users", "add", "Bob", "--role", "viewer", "--link", "--by", "Ann")["sign_in_path"]
    shown = run("users", "sign-in-link", "Bob", "--by", "Ann").stdout
    Path("orderdesk.toml").write_text('[web]\nurl = "https://desk.example.com"\n', encoding="utf-8")
    linked = run("users", "sign-in-link", "Bob", "--by", "Ann").stdout
    assert linked.split()[-1].startswith("https://desk.example.com/sign-in/")
    with Desk.open() as desk:
        for each in (path, shown.split()[-1], linked.split()[-1]):
            token = each.rpartition("/sign-in/")[2]
            assert desk.access.use_sign_in_link(token).session.user == "Bob"


def test_users_are_changed_and_listed() -> None:
    run("users", "add", "Ann", "--role", "admin", "--identity", "ann@shop.example", "--by", "setup")
    run("users", "add", "Bob", "--role", "viewer", "--link", "--by", "Ann")
    run("users", "set-role", "Bob", "supervisor", "--by", "Ann")
    run("users", "set-identity", "Bob", "bob@shop.example", "--by", "Ann")
    run("users", "disable", "Bob", "--by", "Ann")
    ann, bob = ask("users", "list")["users"]
    assert (ann["identity"], ann["has_password"]) == ("ann@shop.example", False)
    assert (bob["role"], bob["identity"], bob["is_disabled"]) == ("supervisor", "bob@shop.example", True)
    assert "disabled" in run("users", "list").stdout
    assert ask("users", "enable", "Bob", "--by", "Ann")["user"]["is_disabled"] is False
    assert "the last admin" in run("users", "disable", "Ann", "--by", "Ann", code=1).stderr


def test_a_token_is_shown_once_and_kept_nowhere() -> None:
    run("users", "add", "Ann", "--role", "admin", "--link", "--by", "setup")
    assert "No tokens." in run("tokens", "list").stdout
    made = ask("tokens", "create", "erp", "--role", "operator", "--expires", "30d", "--by", "Ann")
    assert made["text"].startswith("odsk_")
    run("tokens", "create", "old", "--role", "viewer", "--by", "Ann")
    assert ask("tokens", "revoke", "old", "--by", "Ann")["token"]["revoked_at"] is not None
    assert [token["name"] for token in ask("tokens", "list")["tokens"]] == ["erp", "old"]
    assert "revoked" in run("tokens", "list").stdout
    assert made["text"].encode() not in b"".join(path.read_bytes() for path in Path().glob("*.db*"))
    with Desk.open() as desk:
        found = desk.access.api_tokens.find(made["text"])
    assert found is not None
    assert found.name == "erp"
    run("tokens", "create", "more", "--role", "viewer", "--expires", "367d", "--by", "Ann", code=1)
    ran = run("tokens", "create", "more", "--role", "viewer", "--at", "mvv", "--by", "Ann", code=1)
    assert "connection 'mvv': the connection is not configured" in ran.stderr


def test_the_audit_log_is_listed_and_verified() -> None:
    run("orders")
    assert "Nothing is in the audit log yet." in run("audit").stdout
    run("users", "add", "Ann", "--role", "admin", "--link", "--by", "setup")
    made = ask("audit", "--verify")
    assert [entry["action"] for entry in made["entries"]] == ["sign-in link made", "user added"]
    assert (made["count"], made["flaws"]) == (2, [])
    assert ask("audit", "--limit", "1", "--before", "2")["entries"][0]["actor"] == "setup"
    assert ask("audit", "--subject", "user Bob")["entries"] == []
    assert "2 records of the audit log checked: unchanged." in run("audit", "--verify").stdout
    file = find_config(None).ledger_file
    assert file is not None
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("DROP TRIGGER audit_log_is_fixed")
        db.execute("UPDATE audit_log SET actor = 'Eve' WHERE sequence = 1")
    ran = run("audit", "--verify", code=1)
    assert "audit log: line 1 is not as it was written" in ran.stdout
    checks = json.loads(run("doctor", "--json", code=1).stdout)["checks"]
    assert any("audit log: line 1" in check["message"] for check in checks if check["status"] == "failing")
