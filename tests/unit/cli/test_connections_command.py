"""`orderdesk connections`: connections are made and changed, and no secret is an argument or is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.cli.group import orderdesk

CANARY = "canary-secret-1f2e3d4c5b6a7988"
TABLE = '[stored_connections]\nkey = { env = "ORDERDESK_SECRETS_KEY" }\n'
SECRETS = {"refresh_token": CANARY, "client_id": f"{CANARY}-id", "client_secret": f"{CANARY}-secret"}


@pytest.fixture(autouse=True)
def _shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORDERDESK_SECRETS_KEY", "a-key-of-thirty-two-characters-or-more")
    Path("orderdesk.toml").write_text(TABLE, encoding="utf-8")


def run(*arguments: str, given: str | None = None, code: int = 0) -> Result:
    ran = CliRunner().invoke(orderdesk, ["connections", *arguments], input=given)
    assert ran.exit_code == code, ran.output
    return ran


def ask(*arguments: str, given: str | None = None, code: int = 0) -> Any:
    return json.loads(run(*arguments, "--json", given=given, code=code).stdout)


def add(name: str = "mcf-us") -> Any:
    return ask("add", name, "amazon-mcf", "--secrets-stdin", "--by", "Ann", given=json.dumps(SECRETS))


def test_a_connection_is_made_with_secrets_that_are_asked_for_at_the_terminal() -> None:
    answers = "".join(f"{secret}\n" for secret in SECRETS.values())
    ran = run("add", "mcf-us", "amazon-mcf", "--set", "speed=Expedited", "--by", "Ann", given=answers)
    assert "Connection mcf-us to amazon-mcf" in ran.stdout
    assert CANARY not in ran.output
    (made,) = ask("list")["connections"]
    assert made["settings"] == {"speed": "Expedited"}
    assert sorted(made["secrets_set"]) == ["client_id", "client_secret", "refresh_token"]


def test_no_output_shows_a_secret(tmp_path: Path) -> None:
    add()
    shown = [
        run(*arguments).output + json.dumps(ask(*arguments))
        for arguments in (
            ("list",),
            ("show", "mcf-us"),
            ("form", "amazon-mcf"),
            ("disable", "mcf-us", "--by", "Ann"),
            ("enable", "mcf-us", "--by", "Ann"),
            ("set", "mcf-us", "--set", "speed=Priority", "--by", "Ann"),
        )
    ]
    shown.append(CliRunner().invoke(orderdesk, ["doctor", "--json"]).output)
    shown += [path.read_bytes().decode("latin-1") for path in tmp_path.iterdir()]
    assert not [text for text in shown if CANARY in text]


def test_settings_are_set_one_by_one_and_an_empty_one_gets_its_default() -> None:
    add()
    assert ask("set", "mcf-us", "--set", "speed=Priority", "--by", "Ann")["settings"] == {"speed": "Priority"}
    changed = ask("set", "mcf-us", "--set", "action=Hold", "--by", "Ann")
    assert changed["settings"] == {"speed": "Priority", "action": "Hold"}
    assert ask("set", "mcf-us", "--set", "speed=", "--by", "Ann")["settings"] == {"action": "Hold"}
    assert ask("set", "mcf-us", "--secret", "client_id", "--by", "Ann", given="another\n")["version"] == 5


def test_what_is_wrong_is_said_without_the_secrets() -> None:
    for arguments, given, said in (
        (("add", "mcf-us", "amazon-mcf", "--secrets-stdin"), '{"refresh_token": 3}', "not a JSON object of texts"),
        (("add", "mcf-us", "amazon-mcf", "--secrets-stdin"), f"{CANARY}", "not a JSON object of texts"),
        (("add", "mcf-us", "amazon-mcf", "--set", "speed"), None, "write it as NAME=VALUE"),
    ):
        ran = run(*arguments, given=given, code=2)
        assert said in ran.stderr
        assert CANARY not in ran.output
    failed = ask("add", "x", "amazon-mcf", "--set", f"client_id={CANARY}", "--secrets-stdin", given="{}", code=1)
    assert "it is a secret" in failed["error"]["message"]
    failed = ask("add", "x", "amazon-mcf", "--set", "endpoint=http://10.0.0.1", "--secrets-stdin", given="{}", code=1)
    assert CANARY not in json.dumps(failed)
    add()
    assert "there is a connection of this name" in ask("add", "mcf-us", "amazon-mcf", code=1)["error"]["message"]
    assert run("set", "mcf-us", "--secret", "speed", code=2).stderr.count("is not a secret of amazon-mcf") == 1


def test_an_unreachable_host_fails_the_test_of_a_connection() -> None:
    add()
    ask("set", "mcf-us", "--set", "endpoint=https://nowhere.invalid", "--secrets-stdin", given=json.dumps(SECRETS))
    tried = ask("test", "mcf-us", code=1)
    assert [check["status"] for check in tried["checks"]][:2] == ["ok", "failing"]


def test_without_the_table_a_connection_cannot_be_made() -> None:
    Path("orderdesk.toml").write_text("", encoding="utf-8")
    failed = ask("add", "mcf-us", "amazon-mcf", "--secrets-stdin", given=json.dumps(SECRETS), code=1)
    assert failed["error"]["hint"].startswith("add [stored_connections]")


def test_a_short_key_is_refused_when_the_configuration_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERDESK_SECRETS_KEY", "too-short")
    failed = ask("list", code=1)
    assert "fewer than 32 characters" in failed["error"]["message"]
    assert "too-short" not in json.dumps(failed)


def checks_of_doctor() -> dict[str, list[str]]:
    ran = CliRunner().invoke(orderdesk, ["doctor", "--json"])
    found = [check for check in json.loads(ran.stdout)["checks"] if "stored connection" in check["location"]]
    return {check["location"]: [check["code"], check["status"], check["message"]] for check in found}


def test_doctor_says_which_connections_cannot_be_opened_for_lack_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    add()
    add("mcf-uk")
    run("disable", "mcf-uk", "--by", "Ann")
    place, other = "stored connection mcf-us", "stored connection mcf-uk"
    assert checks_of_doctor()[place][:2] == ["connection", "ok"]
    assert "switched off" in checks_of_doctor()[other][2]
    monkeypatch.setenv("ORDERDESK_SECRETS_KEY", "another-key-of-thirty-two-characters-or-more")
    assert checks_of_doctor()[place][:2] == ["credentials", "failing"]
    Path("orderdesk.toml").write_text("", encoding="utf-8")
    code, status, message = checks_of_doctor()[place]
    assert (code, status) == ("credentials", "failing")
    assert "no key" in message


def test_doctor_checks_the_rules_that_are_switched_on() -> None:
    add()
    Path("orders.json").write_text(SAMPLE_ORDERS, encoding="utf-8")
    rule = 'event = "order imported"\ndo = [{ action = "Cancel Order", connections = ["mcf-us"] }]\n'
    for arguments, given in (
        (["import", "orders.json"], None),
        (["rules", "save", "All of them", "-"], rule),
        (["rules", "dry-run", "All of them"], None),
        (["rules", "enable", "All of them"], None),
    ):
        ran = CliRunner().invoke(orderdesk, [*arguments, "--by", "Ann"], input=given)
        assert ran.exit_code == 0, ran.output
    assert [check["status"] for check in rule_checks()] == ["ok"]
    run("disable", "mcf-us", "--by", "Ann")
    (found,) = rule_checks()
    assert (found["status"], found["location"]) == ("failing", "stored rule All of them.do[0].connections")


def rule_checks() -> list[dict[str, Any]]:
    ran = CliRunner().invoke(orderdesk, ["doctor", "--json"])
    return [check for check in json.loads(ran.stdout)["checks"] if check["code"] == "rule"]
