"""`orderdesk plan` gives a token, and `orderdesk cancel --plan` does what that plan says, or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orderdesk_devkit.cli.sandbox import running
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import VirtualClock, minutes


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Order 1042 is at MWW, whose button is open for two minutes, and at Shopify."""
    monkeypatch.chdir(tmp_path)
    Path("orders.json").write_text(SAMPLE_ORDERS, encoding="utf-8")
    with running(Path("orderdesk.toml"), clock):
        run("import", "orders.json")
        run("register", "1042", "--at", "mww")
        run("register", "1042", "--at", "shopify")
        yield


def run(*arguments: str, code: int = 0) -> Result:
    ran = CliRunner().invoke(orderdesk, list(arguments))
    assert ran.exit_code == code, ran.output
    return ran


def ask(*arguments: str, code: int = 0) -> Any:
    return json.loads(run(*arguments, "--json", code=code).stdout)


def cancel(token: str, code: int = 0) -> Any:
    return ask("cancel", "1042", "--by", "Ann", "--reason", "fraud", "--no-send", "--plan", token, code=code)


def test_the_plan_that_was_shown_is_carried_out() -> None:
    shown = run("plan", "1042").stdout
    token = shown.split("token:", 1)[1].split()[0]
    assert token == ask("plan", "1042")["token"]
    assert [case["state"] for case in cancel(token)["cases"]] == ["pending", "pending"]


def test_a_plan_that_has_changed_is_shown_anew_and_nothing_is_recorded(clock: VirtualClock) -> None:
    token = ask("plan", "1042")["token"]
    clock.advance(minutes(3))
    error = cancel(token, code=1)["error"]
    assert error["kind"] == "PlanChangedError"
    assert error["plan"] == ask("plan", "1042")
    told = run("cancel", "1042", "--by", "Ann", "--reason", "fraud", "--plan", token, code=1)
    assert "e-mail" in told.stdout
    assert error["plan"]["token"] in told.stdout
    assert "the plan has changed since" in told.stderr
    assert ask("cases")["cases"] == []
    assert len(cancel(error["plan"]["token"])["cases"]) == 2


def test_what_is_not_done_is_told_and_what_a_setting_asks_for() -> None:
    plan = ask("plan", "1042")
    assert plan["not_done"] == ["refund", "stock", "shipping label", "customer message"]
    config = Path("orderdesk.toml")
    text = config.read_text(encoding="utf-8")
    table = "[connections.shopify.settings]\n"
    assert table in text
    config.write_text(text.replace(table, f"{table}refund = true\n"), encoding="utf-8")
    plan = ask("plan", "1042")
    assert plan["not_done"] == ["stock", "shipping label", "customer message"]
    assert [entry["also_done"] for entry in plan["entries"]] == [[], ["refund"]]
    shown = run("plan", "1042").stdout
    assert "also done: pay money back, by Shopify" in " ".join(shown.split())
    assert "not done: put items back into stock, void shipping labels, tell the customer" in " ".join(shown.split())


def test_a_countdown_has_the_step_that_follows() -> None:
    mww = ask("plan", "1042")["entries"][0]
    first = mww["steps"][mww["chosen_step"]]
    assert first["closes_at"] is not None
    assert mww["steps"][first["next_step"]]["route"] == "e-mail"


def test_a_file_of_orders_may_say_which_plans_were_looked_at(clock: VirtualClock) -> None:
    run("register", "1043", "--at", "shopify")
    tokens = {number: ask("plan", number)["token"] for number in ("1042", "1043")}
    lines = "".join(f"{number},fraud,{token}\n" for number, token in tokens.items())
    Path("bulk.csv").write_text(f"order,reason,plan\n{lines}", encoding="utf-8")
    clock.advance(minutes(3))
    done = ask("cancel", "--from", "bulk.csv", "--by", "Ann", "--no-send", code=1)
    assert done["counts"]["refused"] == done["not_accepted"] == 1
    (refused,) = [reason for reason in done["reasons"] if reason["outcome"] == "refused"]
    assert "the plan has changed" in refused["reason"]
    assert [case["order_number"] for case in ask("cases")["cases"]] == ["1043"]


def test_a_token_is_for_one_order() -> None:
    assert "for one ORDER" in run("cancel", "--from", "orders.json", "--plan", "x", code=2).output
    assert cancel("x", code=1)["error"]["kind"] == "ValidationError"
