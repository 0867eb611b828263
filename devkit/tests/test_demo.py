"""`demo`: the story is true, is told in words, and leaves nothing behind."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from importlib.metadata import EntryPoint, requires
from pathlib import Path

import pytest
from click.testing import CliRunner

from orderdesk_devkit.simulators.simulator import simulators
from orderdesk_sdk.cli.group import orderdesk


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which temporary folders are made."""
    made = tmp_path / "temporary"
    made.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    monkeypatch.chdir(made)
    return made


@pytest.mark.slow
def test_the_demo_shows_the_ways_to_cancel_a_resubmission_and_rules(temporary: Path) -> None:
    ran = CliRunner().invoke(orderdesk, ["demo", "--json"])
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    *canceled, refused = told["receipts"]
    cases = {case["connection"]: case for receipt in canceled for case in receipt["cancellations"][0]["cases"]}
    assert set(cases) == {"amazon-mcf", "mww", "commercehub", "bdlinx"}
    assert {case["state"] for case in cases.values()} == {"canceled"}
    assert [receipt["is_canceled"] for receipt in canceled] == [True] * 4
    assert (refused["is_settled"], refused["is_canceled"]) == (True, False)
    assert (cases["mww"]["route"], cases["mww"]["evidence"]["kind"]) == ("e-mail", "email")
    assert cases["mww"]["evidence"]["email"]["in_reply_to"] == f"<{cases['mww']['id']}.1@lantern.example>"
    assert cases["commercehub"]["evidence"]["kind"] == "line quantities"
    lost = told["receipts"][0]["cancellations"][0]["cases"][0]
    assert "outcome unknown" in [step["summary"] for step in lost["history"]]
    assert (told["resubmission"]["state"], told["resubmission"]["order_number"]) == ("done", "1042-1")
    assert "duplicate the order" in told["rejected_resubmission"]
    bdlinx, shopify = told["executions"]
    assert (bdlinx["action"], bdlinx["message"]) == ("Cancel Order at BDLinx", "bdlinx acknowledged"), (
        "it was moved twice"
    )
    assert shopify["action"] == "Change Order Status at Shopify to Canceled"
    assert list(temporary.iterdir()) == []


@pytest.mark.slow
def test_the_second_act_cancels_from_a_folder_of_an_order_desk_store_once_and_moves_last() -> None:
    told = json.loads(CliRunner().invoke(orderdesk, ["demo", "--json"]).stdout)
    from_folder, from_desk = told["store_orders"]
    for order in (from_folder, from_desk):
        assert (order["receipt"]["is_canceled"], order["folder"]) == (True, "Canceled")
        assert len(order["receipt"]["cancellations"]) == 1, "though it was posted six times, and our own move as well"
    assert {case["connection"] for case in from_folder["receipt"]["cancellations"][0]["cases"]} == {
        "amazon-mcf",
        "bdlinx",
        "commercehub",
    }
    *told_first, moved = [note.partition(":")[0].partition(".")[0] for note in from_desk["history"]][2:6]
    assert told_first == ["Cancellation at amazon-mcf", "Cancellation at shopify", "Canceled everywhere"]
    assert moved == "Order Moved to Canceled Folder"


@pytest.mark.slow
def test_the_cart_is_told_after_the_others() -> None:
    told = json.loads(CliRunner().invoke(orderdesk, ["demo", "--json"]).stdout)
    amazon, hub = told["receipts"][2]["cancellations"][0]["cases"]
    assert (amazon["connection"], hub["connection"]) == ("amazon-mcf", "commercehub")
    first_call = next(step for step in hub["history"] if step["exchange"] is not None)
    assert first_call["at"] >= amazon["history"][-1]["at"]


@pytest.mark.slow
def test_a_cart_is_left_alone_where_one_of_three_services_refuses_and_no_rule_tells_it_otherwise() -> None:
    told = json.loads(CliRunner().invoke(orderdesk, ["demo", "--json"]).stdout)
    everywhere, by_rule = told["receipts"][-1]["cancellations"]
    states = {case["connection"]: case["state"] for case in everywhere["cases"]}
    assert states == {"amazon-mcf": "rejected", "bdlinx": "canceled", "mww": "canceled", "shopify": "withdrawn"}
    refused = next(case for case in everywhere["cases"] if case["connection"] == "amazon-mcf")
    assert (refused["rejection"], refused["evidence"]["kind"]) == ("too late", "response")
    assert [case["connection"] for case in by_rule["cases"]] == ["shopify"]
    assert by_rule["cancellation"]["requested_by"] == "rule Canceled folder tells Shopify"
    for cancellation in (everywhere, by_rule):
        cart = cancellation["cases"][-1]
        assert cart["state"] == "withdrawn"
        assert [step for step in cart["history"] if step["exchange"] is not None] == [], "Shopify was not even called"
        assert "Cart not canceled: the cancellation at amazon-mcf was rejected" in cart["history"][-1]["message"]


def test_the_story_is_told_in_words_on_one_long_page(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    ran = CliRunner().invoke(orderdesk, ["demo"])
    assert ran.exit_code == 0, ran.output
    for words in (
        "Nothing real is touched.",
        'falling back to "e-mail"',
        "Subject: Please cancel order 1043",
        "Did Amazon act?",
        "the service wants a reason",
        "the rule fired once",
        "Settled, but not canceled everywhere.",
        "Shopify: withdrawn - Cart not canceled: the cancellation at amazon-mcf was rejected",
        "in reply to our e-mail",
        "line quantities, ",
        "Canceled at every connection.",
        "Nothing is left behind",
    ):
        assert words in ran.stdout
    assert "\x1b" not in ran.stdout
    assert len(ran.stdout.splitlines()) < 200
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [
        (["demo"], "the demo needs what is not installed: the simulator of mww, the simulator of shopify ("),
        (["demo", "--serve"], "the shop needs what is not installed: the simulator of lulu, the simulator of mww, "),
    ],
)
def test_all_that_is_not_installed_is_named_at_once(
    arguments: list[str], missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {slug: point for slug, point in simulators().items() if slug not in ("mww", "lulu")}
    found["shopify"] = EntryPoint("shopify", "nobody_has_this:Simulator", "orderdesk.simulators")
    monkeypatch.setattr("orderdesk_devkit.simulators.simulator.simulators", lambda: found)
    for module in ("rule_engine", "jinja2"):
        monkeypatch.setitem(sys.modules, module, None)
    ran = CliRunner().invoke(orderdesk, arguments)
    assert ran.exit_code == 1
    said = " ".join(ran.stderr.split())
    assert missing in said
    assert "No module named 'nobody_has_this'" in said
    assert "rule_engine" in said
    assert ("jinja2" in said) is ("--serve" in arguments)
    assert said.endswith("What to do: run `pip install 'orderdesk-devkit[demo]'`")


def test_the_extra_demo_brings_all_that_the_demo_and_its_shop_need() -> None:
    wanted = [one for one in requires("orderdesk-devkit") or () if re.search("extra == .demo.", one)]
    named = {re.split(r"[<>=; ]", one)[0] for one in wanted}
    plugins = {point.dist.name for point in simulators().values() if point.dist is not None}
    assert named == {"orderdesk-sdk[rules,web]", "orderdesk-oia-global", *(f"{name}[sandbox]" for name in plugins)}


@pytest.mark.slow
def test_what_is_kept_can_be_looked_at(temporary: Path) -> None:
    kept = temporary / "kept"
    assert CliRunner().invoke(orderdesk, ["demo", "--keep", str(kept)]).exit_code == 0
    looked = CliRunner().invoke(orderdesk, ["--config", str(kept / "orderdesk.toml"), "receipt", "1042", "--json"])
    receipt = json.loads(looked.stdout)
    written = json.loads((kept / "receipt-1042.json").read_text(encoding="utf-8"))
    assert receipt["cancellations"][0]["cases"][0]["evidence"] == written["cancellations"][0]["cases"][0]["evidence"]
    again = CliRunner().invoke(orderdesk, ["demo", "--keep", str(kept)])
    assert again.exit_code == 1
    assert "not empty" in again.stderr
