"""The commands one by one, in a sandbox of this process and with two made-up integrations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from orderdesk_devkit.cli.sandbox import running
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import VirtualClock, hours

PHONE = """
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.routes import Portal
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.connection_settings import settings, url

@settings
class PhoneSettings:
    url: str = url(help="where it is", default="https://phone.example")

@hookimpl
def orderdesk_integration():
    return Integration(
        slug="phone", title="Phone\\x1b[2J", settings=PhoneSettings, base_url="url", cancel=(Portal("Call them."),)
    )
"""
PHONE_CONNECTION = '[connections.phone]\nintegration = "phone"\n'


def install(folder: Path, slug: str, module: str) -> None:
    """Make a distribution of one module, as pip would leave it."""
    folder.mkdir(exist_ok=True)
    (folder / f"fake_{slug}.py").write_text(module, encoding="utf-8")
    info = folder / f"orderdesk_{slug}-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: orderdesk-{slug}\nVersion: 1.5\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[orderdesk.integrations]\n{slug} = fake_{slug}\n", encoding="utf-8")


class Shop:
    """The command line in a folder with a sandbox and the sample orders."""

    def __init__(self, folder: Path, clock: VirtualClock, simulator: Simulator) -> None:
        self.folder = folder
        self.clock = clock
        self.simulator = simulator

    def run(self, *arguments: str, code: int = 0, stdin: str | None = None) -> Result:
        ran = CliRunner().invoke(orderdesk, list(arguments), input=stdin)
        assert ran.exit_code == code, ran.output
        return ran

    def ask(self, *arguments: str, code: int = 0, stdin: str | None = None) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code, stdin=stdin).stdout)

    def case(self, order: str) -> Any:
        return self.ask("cases", order)["cases"][-1]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    install(tmp_path / "site", "phone", PHONE)
    install(tmp_path / "site", "broken", "raise RuntimeError('no such luck')")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.chdir(tmp_path)
    clock = VirtualClock()
    with running(Path("orderdesk.toml"), clock) as simulators:
        with Path("orderdesk.toml").open("a", encoding="utf-8") as config:
            config.write(PHONE_CONNECTION)
        made = Shop(tmp_path, clock, simulators["amazon-mcf"][0])
        made.run("import", "-", "--by", "Ann", stdin=SAMPLE_ORDERS)
        yield made


def test_integrations_are_listed_without_being_imported(shop: Shop) -> None:
    listed = shop.ask("integrations")["integrations"]
    found = {entry["slug"]: entry["distribution"] for entry in listed}
    assert list(found) == sorted(found)
    assert (found["broken"], found["phone"]) == ("orderdesk-broken", "orderdesk-phone")
    assert "amazon-mcf" in found
    assert {found["plugin_error"] for found in listed} == {None}


def test_a_check_of_integrations_names_the_broken_one_with_its_distribution(shop: Shop) -> None:
    faults = [found["plugin_error"] for found in shop.ask("integrations", "--check", code=1)["integrations"]]
    (fault,) = [fault for fault in faults if fault is not None]
    assert "no such luck" in fault["message"]
    assert "orderdesk-broken 1.5" in fault["location"]
    assert "no such luck" in shop.run("integrations", "--check", code=1).stdout


def test_the_matrix_tells_of_the_broken_one_beside_the_others(shop: Shop) -> None:
    made = shop.ask("matrix", code=1)
    assert [fault["location"] for fault in made["errors"]] == ["integration broken (orderdesk-broken 1.5)"]
    assert {"amazon-mcf", "phone"} <= {row["slug"] for row in made["integrations"]}
    assert "no such luck" in shop.run("matrix", code=1).stdout


def test_a_declaration_is_shown(shop: Shop) -> None:
    declared = shop.ask("show", "amazon-mcf")
    assert declared["routes"][0]["confirmation"]["every_seconds"] == 120
    assert declared["resubmission"]["kind"] == "new number"
    fields = {field["name"]: field for field in declared["settings"]}
    assert (fields["client_secret"]["kind"], fields["client_secret"]["required"]) == ("secret", True)
    assert fields["speed"]["choices"] == ["Standard", "Expedited", "Priority"]
    page = shop.run("show", "amazon-mcf").stdout
    assert "polling every 2 min, for 24 h" in page
    assert "Standard, Expedited, Priority" in page
    assert shop.ask("show", "nowhere", code=1)["error"]["kind"] == "NotFoundError"


def test_what_a_host_would_offer_for_a_cart_is_shown(shop: Shop) -> None:
    page = shop.run("show", "shopify").stdout
    assert re.search(r"^  CUSTOMER +The customer .* for customer asked", page, re.MULTILINE)
    assert re.search(r"^statuses: +canceled, archived, open", page, re.MULTILINE)
    assert re.search(r"^resubmission: +no: a canceled order cannot be brought back", page, re.MULTILINE)


def test_nothing_that_a_plugin_says_moves_the_cursor(shop: Shop) -> None:
    page = shop.run("show", "phone").stdout
    assert "\x1b" not in page
    assert r"Phone\x1b[2J" in page


def test_a_wrong_file_imports_nothing_and_is_told_with_its_path(shop: Shop) -> None:
    wrong = shop.ask("import", "-", stdin='[{"id": "1", "order_items": [{"quantity": "many"}]}]', code=1)
    assert "$[0].order_items[0].quantity" in wrong["error"]["message"]
    assert wrong["error"]["location"] == "stdin"
    assert shop.ask("import", "-", stdin=SAMPLE_ORDERS)["unchanged"] == ["1042", "1043", "1044", "1045"]


def test_orders_are_listed_with_folder_and_places(shop: Shop) -> None:
    shop.run("register", "1042", "--at", "amazon-mcf", "--remote-id", "A-1")
    (first,) = shop.ask("orders", "--search", "1042")["orders"]
    assert (first["number"], first["folder"], first["order_total"]) == ("1042", "New", "74.41")
    assert first["remote_orders"][0]["remote_id"] == "A-1"
    assert [order["number"] for order in shop.ask("orders", "--folder", "prepared")["orders"]] == ["1045"]
    assert "amazon-mcf (A-1)" in shop.run("orders").stdout
    assert [order["number"] for order in shop.ask("orders", "--after", "1044")["orders"]] == ["1043", "1042"]


def test_placing_gives_the_order_to_the_simulator_once(shop: Shop) -> None:
    at = ("--submitted-at", "2026-01-05T09:00:00Z")
    assert shop.ask("register", "1042", "--at", "amazon-mcf", *at)["simulator_seeded"] is True
    assert shop.simulator.actual_status("1042") == "Received"
    assert shop.ask("register", "1042", "--at", "amazon-mcf", *at)["simulator_seeded"] is False
    assert shop.ask("register", "1042", "--at", "phone")["simulator_seeded"] is None


def test_a_move_cancels_nothing_and_says_so(shop: Shop) -> None:
    shop.run("register", "1042", "--at", "amazon-mcf")
    assert "moving an order cancels nothing" in shop.run("move", "1042", "Canceled").stdout
    assert shop.ask("move", "1042", "canceled")["destination"] == "Canceled"
    assert shop.ask("cases", "1042")["cases"] == []
    assert shop.simulator.actual_status("1042") == "Received"


def test_a_plan_is_a_table_for_people(shop: Shop) -> None:
    shop.run("register", "1042", "--at", "amazon-mcf")
    shop.run("register", "1042", "--at", "phone")
    lines = [line.rstrip() for line in shop.run("plan", "1042").stdout.splitlines()]
    assert lines[0].startswith("Order 1042  cancel plan, 5 Jan 2026 ") or lines[0].startswith(
        "Order 1042  cancel plan, 5 Jan "
    )
    assert lines[1].split("  ")[0] == "connection"
    assert any(line.startswith("Amazon MCF") and line.endswith("polled every 2 min, for 24 h") for line in lines)
    assert any("a person" in line and "Phone" in line for line in lines)
    assert shop.ask("cases")["cases"] == [], "a plan changes nothing"


def test_a_person_is_needed_says_the_exit_code(shop: Shop) -> None:
    shop.run("register", "1042", "--at", "phone")
    told = shop.ask("cancel", "1042", "--by", "Ann", code=3)
    assert told["cases"][0]["state"] == "action required"
    assert shop.run("cancel", "1042", "--by", "Ann", code=3).stdout.count("Call them.") == 1
    assert shop.ask("work", "--until-idle", code=3)["action_required"][0]["order_number"] == "1042"
    assert "These cases require action" in shop.run("work", "--until-idle", code=3).stdout
    shop.run("receipt", "1042", code=3)
    shop.run("confirm", told["cases"][0]["id"], "--by", "Ben", "--note", "called Sue")
    proof = shop.ask("receipt", "1042")["cancellations"][0]["cases"][0]["evidence"]
    nothing = {"exchange": None, "no_order_number_reason": None, "email": None}
    assert proof == {"kind": "person", "person": "Ben", "note": "called Sue", **nothing}
    assert "confirmed by Ben, who noted: called Sue" in shop.run("receipt", "1042").stdout


def test_a_persons_word_needs_a_name(shop: Shop) -> None:
    shop.run("register", "1042", "--at", "phone")
    shop.run("cancel", "1042", code=3)
    case = shop.case("1042")["id"]
    for command in ("confirm", "reject", "retry"):
        assert "--by" in shop.run(command, case, code=2).stderr
    refused = shop.ask("reject", case, "--by", "Ben", "--reason", "not-allowed")["case"]
    assert (refused["state"], refused["rejection"], refused["evidence"]) == ("rejected", "not allowed", "person")


def test_a_case_may_be_named_by_the_beginning_of_its_id(shop: Shop) -> None:
    for order in ("1042", "1043"):
        shop.run("register", order, "--at", "amazon-mcf")
        shop.run("cancel", order, "--no-send")
    first, second = (case["id"] for case in shop.ask("cases")["cases"])
    unique = next(first[:size] for size in range(1, len(first)) if first[:size] != second[:size])
    assert shop.ask("withdraw", unique)["case"]["state"] == "withdrawn"
    assert shop.ask("withdraw", "", code=1)["error"]["kind"] == "ValidationError"
    assert shop.ask("withdraw", "no such case", code=1)["error"]["kind"] == "NotFoundError"


@pytest.mark.slow
def test_a_wish_that_is_only_recorded_is_sent_by_work(shop: Shop) -> None:
    shop.run("register", "1042", "--at", "amazon-mcf")
    shop.run("cancel", "1042", "--no-send", "--idempotency-key", "ticket 7")
    assert shop.case("1042")["state"] == "pending"
    assert "canceled" in shop.run("work", "--until-idle").stdout
    assert shop.simulator.actual_status("1042") == "Cancelled"
    assert shop.ask("cancel", "1043", "--idempotency-key", "ticket 7", code=1)["error"]["kind"] == "ConflictError"


@pytest.mark.slow
def test_cases_are_found_by_state(shop: Shop) -> None:
    for order in ("1042", "1043"):
        shop.run("register", order, "--at", "amazon-mcf")
    shop.run("cancel", "1042")
    shop.run("work", "--until-idle")
    shop.run("cancel", "1043", "--no-send")
    states = ("--state", "shipped-anyway", "--state", "canceled")
    assert [case["order_number"] for case in shop.ask("cases", *states)["cases"]] == ["1042"]
    assert [case["order_number"] for case in shop.ask("cases", "--open")["cases"]] == ["1043"]
    assert "action-required" in shop.run("cases", "--state", "gone", code=2).stderr
    assert "No case matches" in shop.run("cases", "--state", "rejected").stdout
    shop.run("cases", "--open", "--state", "acknowledged", code=2)


def test_check_reads_back_at_once(shop: Shop) -> None:
    shop.run("register", "1042", "--at", "amazon-mcf")
    shop.run("cancel", "1042")
    shop.clock.advance(hours(1))
    assert shop.ask("poll", shop.case("1042")["id"])["case"]["evidence"] == "polled status"


def test_an_unclear_case_is_sent_again_on_a_persons_word(shop: Shop) -> None:
    shop.run("register", "1042", "--at", "amazon-mcf")
    shop.simulator.faults.add(Fault.LOST_RESPONSE, method="PUT")
    assert shop.ask("cancel", "1042")["cases"][0]["state"] == "unknown"
    assert shop.ask("retry", shop.case("1042")["id"], "--by", "Ann")["case"]["state"] == "acknowledged"
    assert "by Ann" in shop.run("receipt", "1042").stdout


@pytest.mark.slow
def test_a_resubmission_waits_until_the_original_is_canceled(shop: Shop) -> None:
    shop.run("register", "1042", "--at", "amazon-mcf")
    shop.run("cancel", "1042")
    assert shop.ask("resubmit", "1042", code=1)["error"]["kind"] == "InvalidStateError"
    shop.run("work", "--until-idle")
    assert "submitted" in shop.run("resubmit", "1042", "--number", "1042-B").stdout
    assert shop.simulator.actual_status("1042-B") == "New"


def test_a_too_late_cancel_says_why(shop: Shop) -> None:
    shop.run("register", "1042", "--at", "amazon-mcf")
    shop.clock.advance(hours(1))
    assert shop.ask("cancel", "1042", code=3)["cases"][0]["rejection"] == "too late"
    page = shop.run("receipt", "1042").stdout
    assert "Settled, but not canceled everywhere." in page
    assert "rejected (too late)" in page
