"""`orderdesk events` and `orderdesk bulk`: what happened to cases, and where the orders of a bulk stand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orderdesk_devkit.cli.sandbox import running
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.cli.commands import events as events_module
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import VirtualClock


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Order 1042 is at Amazon, 1043 at MWW; both are canceled by a bulk that nobody sends."""
    monkeypatch.chdir(tmp_path)
    Path("orders.json").write_text(SAMPLE_ORDERS, encoding="utf-8")
    Path("bulk.csv").write_text("1042\n1043\n", encoding="utf-8")
    with running(Path("orderdesk.toml"), VirtualClock()):
        run("import", "orders.json")
        run("register", "1042", "--at", "amazon-mcf")
        run("register", "1043", "--at", "mww")
        run("cancel", "--from", "bulk.csv", "--by", "Ann", "--idempotency-key", "morning", "--no-send")
        yield


def run(*arguments: str, code: int = 0) -> Result:
    ran = CliRunner().invoke(orderdesk, list(arguments))
    assert ran.exit_code == code, ran.output
    return ran


def ask(*arguments: str, code: int = 0) -> Any:
    return json.loads(run(*arguments, "--json", code=code).stdout)


def orders_of(*arguments: str) -> list[str]:
    return [event["order_number"] for event in ask("events", *arguments)["events"]]


def test_events_are_of_all_cases_or_of_an_order_or_a_connection() -> None:
    assert sorted(orders_of()) == ["1042", "1043"]
    assert orders_of("1043") == orders_of("--at", "mww") == ["1043"]
    assert orders_of("1044") == []
    assert [event["kind"] for event in ask("events")["events"]] == ["opened", "opened"]


def test_whoever_goes_on_misses_nothing() -> None:
    page = ask("events", "--after", "0", "--limit", "1")
    assert (len(page["events"]), page["has_more"]) == (1, True)
    assert f"--after {page['next_after']} shows the next" in run("events", "--after", "0", "--limit", "1").stdout
    (second,) = orders_of("--after", str(page["next_after"]))
    assert {page["events"][0]["order_number"], second} == {"1042", "1043"}
    last = ask("events")["next_after"]
    assert orders_of("--after", str(last)) == []
    run("withdraw", "1043", "--by", "Ben")
    (event,) = ask("events", "--after", str(last))["events"]
    assert (event["state"], event["sets_state"]) == ("withdrawn", True)
    assert "withdrawn" in run("events", "1043").stdout
    assert "Nothing happened there." in run("events", "1045").stdout


def test_it_goes_on_until_it_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look is followed by a wait; the second of them ends it here, as Ctrl-C does."""
    waits: list[float] = []

    class Stop:
        def is_set(self) -> bool:
            return len(waits) > 1

        def wait(self, interval: float) -> None:
            waits.append(interval)
            if len(waits) == 1:
                CliRunner().invoke(orderdesk, ["withdraw", "1043", "--by", "Ben"])

    class Stopping:
        def __enter__(self) -> Stop:
            return Stop()

        def __exit__(self, *_: object) -> None:
            """Nothing was changed."""

    monkeypatch.setattr("orderdesk_sdk.cli.signals.stop_event", Stopping)
    lines = run("events", "--follow", "--json").stdout.splitlines()
    told = [json.loads(line) for line in lines]
    assert [event["state"] for event in told] == ["pending", "pending", "withdrawn"]
    assert len({event["sequence"] for event in told}) == 3
    assert waits == [events_module.INTERVAL] * 2


def test_a_bulk_is_looked_at_by_its_key() -> None:
    summary = ask("bulk", "morning")
    assert (summary["total"], summary["counts"]["waiting"]) == (2, 2)
    assert "2 orders" in run("bulk", "morning").stdout
    assert ask("bulk", "evening", code=1)["error"]["kind"] == "NotFoundError"
    assert len(ask("cases")["cases"]) == 2, "to look records nothing"
