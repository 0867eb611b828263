"""`rules list`, `rules test` and `rules log`, and the words of `cancel` about places and parts, in a sandbox."""

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

RULES = """
[[rules]]
name = "Canceled folder cancels at BDLinx"
event = "order moved"
when = "folder == 'Canceled'"
do = [{ action = "Cancel Order at BDLinx", reason = "customer asked" }]

[[rules]]
name = "Canceled there, closed here"
event = "case settled"
when = "state == 'canceled'"
enabled = false
do = [{ action = "Move Order to Folder", folder = "Closed" }]
"""
UNKNOWN = """
[[rules]]
name = "Nobody's"
event = "order imported"
do = ["Cancel Order at Nowhere"]
"""


class Shop:
    """The command line in a folder with a sandbox, the rules, and order 1044 at BDLinx."""

    def run(self, *arguments: str, code: int = 0) -> Result:
        ran = CliRunner().invoke(orderdesk, list(arguments))
        assert ran.exit_code == code, ran.output
        return ran

    def ask(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code).stdout)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.chdir(tmp_path)
    Path("orders.json").write_text(SAMPLE_ORDERS, encoding="utf-8")
    with running(Path("orderdesk.toml"), VirtualClock()):
        with Path("orderdesk.toml").open("a", encoding="utf-8") as config:
            config.write(RULES)
        made = Shop()
        made.run("import", "orders.json", "--by", "Ann")
        made.run("register", "1044", "--at", "bdlinx")
        yield made


def test_rules_are_listed_with_what_they_do(shop: Shop) -> None:
    first, second = shop.ask("rules", "list")["rules"]
    assert (first["event"], first["filter"], first["enabled"]) == ("order moved", "folder == 'Canceled'", True)
    assert first["actions"][0]["is_known"] is True
    assert first["actions"][0]["provided_by"] == ["bdlinx"]
    assert (second["enabled"], second["actions"][0]["folder"]) == (False, "Closed")
    page = shop.run("rules", "list").stdout
    assert "Cancel Order at BDLinx (customer asked)" in page
    assert "(off)" in page


@pytest.mark.slow
def test_an_action_that_nobody_contributes_is_listed_as_unknown(shop: Shop) -> None:
    with Path("orderdesk.toml").open("a", encoding="utf-8") as config:
        config.write(UNKNOWN)
    assert shop.ask("rules", "list")["rules"][-1]["actions"][0]["is_known"] is False
    assert "UNKNOWN" in shop.run("rules", "list").stdout
    tried = shop.ask("rules", "test", "1044", "--event", "order imported")["evaluations"][-1]
    assert "no connected integration provides this action" in tried["actions"][0]["effect"]


@pytest.mark.slow
def test_a_wrong_filter_is_refused_where_rules_are_asked_and_nowhere_else(shop: Shop) -> None:
    config = Path("orderdesk.toml")
    config.write_text(config.read_text(encoding="utf-8").replace("folder == 'Canceled'", "foldr == 'Canceled'"))
    moved = ("rules", "test", "1044", "--event", "order moved", "--folder", "Canceled")
    for command in (("rules", "list"), moved, ("work", "--until-idle"), ("move", "1044", "Canceled")):
        error = shop.ask(*command, code=1)["error"]
        assert (error["kind"], error["location"]) == ("ConfigurationError", "orderdesk.toml: [[rules]][0].when")
        assert error["hint"].startswith("names are action, connection")
    assert shop.ask("orders")["orders"][0]["folder"] != "Canceled"
    assert [each["connection"] for each in shop.ask("plan", "1044")["entries"]] == ["bdlinx"]


def test_a_dry_run_tells_why_and_what_and_does_nothing(shop: Shop) -> None:
    moved = ("--event", "order moved", "--folder", "canceled")
    fires, off = shop.ask("rules", "test", "1044", *moved)["evaluations"]
    assert (fires["matches"], fires["explanation"]) == (True, "folder == 'Canceled' is true")
    assert fires["actions"][0]["effect"] == "would act at bdlinx"
    assert (off["matches"], off["explanation"], off["actions"]) == (False, "the rule is switched off", [])
    page = shop.run("rules", "test", "1044", *moved).stdout
    assert "Nothing was changed." in page
    assert shop.ask("cases", "1044")["cases"] == []
    assert shop.ask("rules", "log", "1044")["executions"] == []


def test_a_dry_run_tells_where_the_order_is_not(shop: Shop) -> None:
    fires, _ = shop.ask("rules", "test", "1045", "--event", "order moved", "--folder", "Canceled")["evaluations"]
    assert "not submitted" in fires["actions"][0]["effect"]


@pytest.mark.slow
def test_a_dry_run_takes_only_facts_that_a_filter_may_use(shop: Shop) -> None:
    assert (
        "state"
        in shop.run("rules", "test", "1044", "--event", "case settled", "--field", "sate=canceled", code=2).stderr
    )
    Path("orderdesk.toml").write_text(
        Path("orderdesk.toml").read_text(encoding="utf-8").replace("enabled = false\n", ""), encoding="utf-8"
    )
    asked = ("rules", "test", "1044", "--event", "case settled", "--field")
    assert [each["matches"] for each in shop.ask(*asked, "state=canceled")["evaluations"]] == [False, True]
    assert [each["matches"] for each in shop.ask(*asked, "state=rejected")["evaluations"]] == [False, False]


def test_a_moved_order_needs_a_folder_and_no_other_event_takes_one(shop: Shop) -> None:
    assert "--folder" in shop.run("rules", "test", "1044", "--event", "order moved", code=2).stderr
    assert (
        "--folder" in shop.run("rules", "test", "1044", "--event", "order imported", "--folder", "New", code=2).stderr
    )


def test_a_move_tells_what_the_rules_did_and_the_log_keeps_it(shop: Shop) -> None:
    assert "Cancel Order at BDLinx: bdlinx acknowledged" in shop.run("move", "1044", "Canceled").stdout
    (fired,) = shop.ask("rules", "log", "1044")["executions"]
    assert (fired["rule"], fired["message"]) == ("Canceled folder cancels at BDLinx", "bdlinx acknowledged")
    assert "bdlinx acknowledged" in shop.run("rules", "log", "1044").stdout
    assert shop.ask("move", "1044", "Canceled")["rules"] == [], "the second move is none"
    cancellation = shop.ask("receipt", "1044")["cancellations"][0]["cancellation"]
    assert cancellation["caused_by_rules"] == ["Canceled folder cancels at BDLinx"]


@pytest.mark.slow
def test_a_wish_may_name_places(shop: Shop) -> None:
    shop.run("register", "1044", "--at", "mww")
    told = shop.ask("cancel", "1044", "--at", "bdlinx", "--by", "Ann")
    assert [case["connection"] for case in told["cases"]] == ["bdlinx"]
    shop.run("work", "--until-idle")
    receipt = shop.ask("receipt", "1044")
    assert [case["state"] for case in receipt["cancellations"][0]["cases"]] == ["canceled"]
    assert (receipt["is_canceled"], receipt["still_active"]) == (False, ["mww (cancellation never requested)"])
    page = shop.run("receipt", "1044").stdout
    assert "Settled, but not canceled everywhere." in page
    assert "Still active at mww (cancellation never requested)." in page
    wrong = shop.ask("cancel", "1044", "--at", "nowhere", code=1)["error"]
    assert (wrong["kind"], "nowhere" in wrong["message"]) == ("InvalidStateError", True)


@pytest.mark.slow
def test_a_wish_may_name_parts_and_its_answer_is_told_line_by_line(shop: Shop) -> None:
    shop.run("register", "1045", "--at", "commercehub")
    shop.run("cancel", "1045", "--line", "CAL-2026:1", "--reason", "CXSO", "--by", "Ann")
    shop.run("work", "--until-idle")
    case = shop.ask("cases", "1045")["cases"][0]
    assert case["lines"] == [{"line": "CAL-2026", "ordered": 2, "canceled": 1}]
    assert "CAL-2026: 1 of 2 canceled" in shop.run("cases", "1045").stdout
    receipt = shop.run("receipt", "1045").stdout
    assert "Cancellation of 1 of CAL-2026 requested by" in receipt
    assert "lines:  CAL-2026: 1 of 2 canceled" in receipt
    told = shop.ask("receipt", "1045")
    assert (told["is_canceled"], told["still_active"]) == (False, ["commercehub (only a part was canceled)"])
    cancellation = told["cancellations"][0]["cancellation"]
    assert cancellation["lines"] == [{"line": "CAL-2026", "quantity": 1}]


@pytest.mark.parametrize(
    ("arguments", "listed"),
    [
        ((), "CXSC (Cancelled at Retailer Request)"),
        (("--reason", "bored"), "CXSC (Cancelled at Retailer Request)"),
        (("--reason", "CXSO", "--line", "MUG-11:1"), "CAL-2026:2"),
        (("--reason", "CXSO", "--line", "CAL-2026:3"), "CAL-2026:2"),
    ],
)
def test_a_wrong_reason_or_part_is_refused_with_what_is_allowed(
    shop: Shop, arguments: tuple[str, ...], listed: str
) -> None:
    shop.run("register", "1045", "--at", "commercehub")
    wrong = shop.ask("cancel", "1045", *arguments, code=1)["error"]
    assert wrong["kind"] == "ValidationError"
    assert listed in wrong["hint"]
    assert shop.ask("cases", "1045")["cases"] == []


@pytest.mark.parametrize("part", ["CAL-2026", ":1", "CAL-2026:", "CAL-2026:-1", "CAL-2026:one"])
def test_a_part_that_is_no_part_is_wrong_usage(shop: Shop, part: str) -> None:
    assert "CODE:QTY" in shop.run("cancel", "1045", "--line", part, code=2).stderr


def test_a_line_that_is_named_twice_is_wrong_usage(shop: Shop) -> None:
    assert "twice" in shop.run("cancel", "1045", "--line", "A:1", "--line", "A:2", code=2).stderr


def test_the_plan_lists_the_reasons_of_the_place(shop: Shop) -> None:
    shop.run("register", "1045", "--at", "commercehub")
    page = shop.run("plan", "1045").stdout
    assert page.splitlines()[1].split() == ["connection", "route", "open", "until", "needs", "decided", "by", "then"]
    assert "Reasons that CommerceHub accepts for this order:" in page
    (step,) = shop.ask("plan", "1045")["entries"][0]["steps"]
    assert (step["needs"], step["decided_by"], step["scope"]) == ("reason", "the service", "lines and quantities")
    asked = next(code for code in step["reasons"] if code["code"] == "CXSC")
    assert asked["stands_for"] == ["customer asked"]
