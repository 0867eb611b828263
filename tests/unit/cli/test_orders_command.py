"""`orderdesk orders`: searched, by folder and by state."""

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
from orderdesk_sdk.clock import VirtualClock


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Orders 1042 and 1043 are at Amazon; 1042 is being canceled."""
    monkeypatch.chdir(tmp_path)
    Path("orders.json").write_text(SAMPLE_ORDERS, encoding="utf-8")
    with running(Path("orderdesk.toml"), VirtualClock()):
        run("import", "orders.json")
        for number in ("1042", "1043"):
            run("register", number, "--at", "amazon-mcf")
        run("cancel", "1042", "--by", "Ann")
        yield


def run(*arguments: str, code: int = 0) -> Result:
    ran = CliRunner().invoke(orderdesk, list(arguments))
    assert ran.exit_code == code, ran.output
    return ran


def ask(*arguments: str) -> Any:
    return json.loads(run("orders", *arguments, "--json").stdout)


def numbers(*arguments: str) -> list[str]:
    return [order["number"] for order in ask(*arguments)["orders"]]


def test_orders_are_searched_and_filtered() -> None:
    assert numbers() == ["1045", "1044", "1043", "1042"]
    assert numbers("--search", "1043") == ["1043"]
    assert numbers("--state", "open") == ["1042"]
    assert numbers("--state", "Canceled") == numbers("--needs-person") == []
    assert numbers("--folder", "new", "--search", "104") == ["1044", "1043", "1042"]
    assert "is none of: open, canceled, rejected, alarm" in run("orders", "--state", "lost", code=2).output


def test_a_list_goes_on_where_it_ended() -> None:
    page = ask("--limit", "3")
    assert (len(page["orders"]), page["next_after"], page["is_complete"]) == (3, "id:58102", True)
    assert numbers("--after", page["next_after"]) == ["1042"]
    assert "--after id:58102" in run("orders", "--limit", "3").stdout
    assert ask()["next_after"] is None


def test_the_table_says_where_each_order_stands() -> None:
    run("reject", "1042@amazon-mcf", "--by", "Ben", "--note", "by phone")
    run("cancel", "1043", "--by", "Ann", "--no-send")
    lines = {line.split()[0]: line for line in run("orders").stdout.splitlines()}
    assert "rejected" in lines["1042"]
    assert "pending" in lines["1043"]
    assert "amazon-mcf (1043)" in lines["1043"]
    (order,) = ask("--search", "1042")["orders"]
    assert (order["worst_state"], order["open_states"], order["needs_person"], order["canceled_count"]) == (
        "rejected",
        [],
        False,
        0,
    )
