"""A merchant with two shops at the command line: one number, two orders, and never the wrong one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from orderdesk_sdk.cli.group import orderdesk

SHOPS: dict[str, Any] = {
    "status": "success",
    "total_records": 734,
    "orders": [
        {
            "id": "58101",
            "source_id": "1001",
            "source_name": "Mugs",
            "date_added": "2026-01-05 08:00:00",
            "order_items": [{"id": "1", "code": "2", "quantity": 2}, {"id": "2", "code": "1", "quantity": 1}],
        },
        {"id": "7", "source_id": "1001", "source_name": "Caps", "order_items": [{"code": "CAP", "quantity": 1}]},
        {"id": "99", "source_id": "58101", "source_name": "Caps", "order_items": []},
    ],
}
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    Path("orders.json").write_text(json.dumps(SHOPS), encoding="utf-8")

    def run(*arguments: str, code: int = 0) -> str:
        ran = CliRunner().invoke(orderdesk, arguments)
        assert ran.exit_code == code, ran.output
        return " ".join(ran.output.split())

    return run


def test_an_import_tells_what_can_be_mistaken_and_what_is_missing(run: Run) -> None:
    said = run("import", "orders.json")
    assert "order 1001 can be mistaken: say id:7 (1001 of Caps) or id:58101 (1001 of Mugs, 2026-01-05)" in said
    assert "order 58101 can be mistaken: say id:99 (58101 of Caps) or id:58101 (1001 of Mugs, 2026-01-05)" in said
    assert "Note: 3 of 734 orders" in said
    listed = run("orders")
    assert "1001 (id:58101)" in listed
    assert "1001 (id:7)" in listed
    assert json.loads(run("import", "orders.json", "--json"))["total"] == 734


@pytest.mark.parametrize("command", [("plan",), ("receipt",), ("cancel", "--by", "Ann"), ("move", "Closed")])
def test_a_text_that_could_be_two_orders_is_refused_and_says_how_to_name_each(
    run: Run, command: tuple[str, ...]
) -> None:
    run("import", "orders.json")
    name, *rest = command
    for text, other in (("1001", "id:7"), ("58101", "id:99")):
        said = run(name, text, *rest, code=1)
        assert "id:58101 (1001 of Mugs, 2026-01-05)" in said
        assert other in said


def test_an_error_reply_with_an_id_is_not_imported(run: Run) -> None:
    error = {"status": "error", "message": "Duplicate order", "id": "7022496"}
    Path("error.json").write_text(json.dumps(error), encoding="utf-8")
    assert "Order Desk answered with an error, about id 7022496: Duplicate order" in run("import", "error.json", code=1)


def test_one_of_them_takes_the_number_over(run: Run) -> None:
    run("import", "orders.json")
    assert "Order 1001 is id:7; the other orders are id:58101." in run("claim-number", "id:7", "--by", "Ann")
    assert "1001" in run("plan", "1001")
    assert json.loads(run("orders", "--json"))["orders"][1]["id"] == "7"
