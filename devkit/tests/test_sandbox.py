"""The sandbox: its configuration, its clock as other processes see it, and its simulators' control calls."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from orderdesk_devkit.cli.sandbox import running
from orderdesk_devkit.cli.sandbox_store import ORDER_DESK
from orderdesk_devkit.simulators import control
from orderdesk_devkit.simulators.orderdesk.access import API_KEY, STORE_ID
from orderdesk_devkit.simulators.orderdesk.service import OrderDeskSimulator
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_sdk.cli import sandbox_client
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.cli.sandbox_client import SandboxClock, seed_order
from orderdesk_sdk.clock import Clock, SystemClock, VirtualClock, hours
from orderdesk_sdk.desk.config import read_config
from orderdesk_sdk.errors import ConfigurationError, ConflictError
from tests.support.simulated_store import posted_script
from tests.support.waiting import eventually


class Aloof(Simulator):
    """A simulator that takes no orders but over its API."""

    def settings(self, url: str) -> dict[str, str]:
        return {"url": url}

    def actual_status(self, remote_id: str) -> str:
        from orderdesk_sdk.errors import NotFoundError

        raise NotFoundError("no such order")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orderdesk.toml"


def test_the_configuration_leads_to_every_simulator_with_a_ledger_of_its_own(path: Path) -> None:
    with running(path, VirtualClock()) as simulators:
        config = read_config(path)
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    url = simulators["amazon-mcf"][1]
    assert config.ledger == path.parent / "orderdesk-sandbox.db"
    assert config.sandbox is not None
    urls = {slug: found[1] for slug, found in simulators.items()}
    assert config.sandbox.clock in urls.values()
    assert config.sandbox.simulators == urls
    settings = document["connections"]["amazon-mcf"]["settings"]
    assert settings["endpoint"] == url
    assert set(settings["client_secret"]) == {"text"}


@pytest.mark.parametrize("options", [[], ["--order-desk", "--messages"]])
def test_a_fresh_sandbox_tells_what_to_try_and_of_no_earlier_ledger(path: Path, options: list[str]) -> None:
    (path.parent / "orderdesk-sandbox.db").touch()
    command = [sys.executable, "-m", "orderdesk_sdk.cli", "sandbox", "--fresh", "--config", str(path), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        told = "".join(iter(child.stdout.readline, "ready; Ctrl-C ends\n"))
        child.terminate()
    assert "an earlier one" not in told
    assert ("orders.json" in told, "/_simulator/move -d" in told) == (not options, bool(options))


def test_in_real_time_there_is_no_clock_to_go_by(path: Path) -> None:
    with running(path, SystemClock()) as simulators:
        config = read_config(path)
        assert config.sandbox is not None
        assert config.sandbox.clock is None
        with pytest.raises(ConflictError, match="real clock"):
            SandboxClock(simulators["amazon-mcf"][1]).now()


def test_a_sandbox_overwrites_its_own_file_and_no_other(path: Path) -> None:
    for _ in range(2):
        with running(path, VirtualClock()):
            assert path.read_text(encoding="utf-8").startswith("# Written by")
    path.write_text("[ledger]\n", encoding="utf-8")
    ran = CliRunner().invoke(orderdesk, ["sandbox", "--config", str(path)])
    assert ran.exit_code == 1
    assert "--force" in ran.stderr
    assert path.read_text(encoding="utf-8") == "[ledger]\n"
    with running(path, VirtualClock(), force=True):
        assert read_config(path).sandbox is not None


def test_a_port_that_is_taken_is_told(path: Path) -> None:
    with running(path, VirtualClock()) as simulators:
        port = simulators["amazon-mcf"][1].rpartition(":")[2]
        ran = CliRunner().invoke(orderdesk, ["sandbox", "--config", str(path), "--port", port, "--json"])
    assert ran.exit_code == 1
    assert json.loads(ran.stdout)["error"]["location"] == f"127.0.0.1:{port}"


def test_a_store_of_order_desk_owns_the_orders_where_it_is_asked_for(path: Path) -> None:
    clock = VirtualClock()
    with running(path, clock, order_desk=True) as simulators:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        store, url = simulators.pop(ORDER_DESK)
        assert isinstance(store, OrderDeskSimulator)
        assert document["orders"] == {
            "url": f"{url}/api/v2",
            "store_id": STORE_ID,
            "api_key": {"text": API_KEY},
            "contact": "somebody@example.com",
            "connections": {"Paper Lantern Shop": "shopify", "CommerceHub": "commercehub"},
        }
        assert ORDER_DESK not in document["sandbox"]["simulators"]
        config = read_config(path)
        assert config.order_desk is not None
        assert (config.order_desk.store_id, config.messages.store_id) == (STORE_ID, STORE_ID)
        folders = {number: store.actual_status(number) for number in ("1042", "1043", "1044", "1045")}
        assert folders == {"1042": "Prepared", "1043": "New", "1044": "Prepared", "1045": "Prepared"}
        assert simulators["amazon-mcf"][0].actual_status("1042") == "Received"
        assert simulators["shopify"][0].actual_status("1042") == "open"
        record = store.state.find("1044").record
        assert (record["fulfillment_name"], record["fulfillment_id"]) == ("Amazon MCF", "1044")
        assert [item["fulfillment_method"] for item in record["order_items"]] == ["", "", "BDLinx"]
        dates = [order.record["date_added"] for order in store.state.orders.values()]
        assert max(dates) == "2026-01-05 09:00:00", "the newest order has come in just now"
    with running(path, clock) as simulators:
        assert ORDER_DESK not in simulators
        assert "orders" not in tomllib.loads(path.read_text(encoding="utf-8"))


def test_what_a_rule_of_the_sandbox_posts_is_posted_again_when_it_is_due(path: Path) -> None:
    clock = VirtualClock()
    with running(path, clock, order_desk=True) as simulators, posted_script() as script:
        store = simulators[ORDER_DESK][0]
        assert isinstance(store, OrderDeskSimulator)
        script.answers = [500]
        store.add_rule(script.url, folder="Canceled")
        store.move_order("1042", "Canceled")
        # The script has the post before the store has its answer, from which the next one is reckoned.
        eventually(lambda: store.appointments.all[0].tries == 1, "the first post is answered")
        clock.advance(hours(1))
        eventually(lambda: len(script.posts) == 2, "the second post")


def test_every_process_sees_the_same_time_and_sleepers_do_not_add_up(path: Path) -> None:
    clock = VirtualClock()
    with running(path, clock) as simulators:
        url = simulators["amazon-mcf"][1]
        one, other = SandboxClock(url), SandboxClock(url)
        start = clock.now()
        assert one.now() == other.now() == start
        until = one.monotonic() + 3600
        one.sleep_until(until)
        other.sleep_until(until)
        assert clock.now() == other.now() == start + hours(1)
        odd = start + hours(2) + timedelta(microseconds=1)
        assert one.advance_to(odd) == clock.now() == odd
        assert other.advance_to(start) == odd, "time does not go back"


def test_a_clock_of_a_sandbox_that_is_gone_says_how_to_get_it_back() -> None:
    with pytest.raises(ConfigurationError, match="orderdesk sandbox"):
        SandboxClock("http://127.0.0.1:9").now()


def test_an_order_is_given_once(path: Path) -> None:
    with running(path, VirtualClock()) as simulators:
        simulator, url = simulators["amazon-mcf"]
        assert seed_order(url, "A/1 ü", [("MUG", 2)]) is True
        assert seed_order(url, "A/1 ü", [("MUG", 2)]) is False
        assert simulator.actual_status("A/1 ü") == "Received"


@pytest.mark.parametrize("lines", [[], [("MUG", 0)], [("MUG", True)]])
def test_an_order_without_anything_in_it_is_refused(path: Path, lines: list[tuple[str, int]]) -> None:
    with running(path, VirtualClock()) as simulators, pytest.raises(ConflictError, match=r"line|quantit"):
        seed_order(simulators["amazon-mcf"][1], "A-1", lines)


@pytest.mark.parametrize("clock", [SystemClock(), VirtualClock()], ids=["real", "virtual"])
def test_a_simulator_may_take_no_orders_this_way(clock: Clock) -> None:
    with serve(Aloof(clock).app) as served, pytest.raises(ConflictError, match="over its own API"):
        seed_order(served.url, "A-1", [("MUG", 1)])


def test_the_prefix_is_that_of_the_control_calls() -> None:
    assert sandbox_client.PREFIX == control.PREFIX


@pytest.mark.parametrize(
    ("table", "place"),
    [
        ('clock = "https://example.com"', "[sandbox].clock"),
        ('clock = "http://127.0.0.1:80@example.com"', "[sandbox].clock"),
        ("clock = 5", "[sandbox].clock"),
        ('speed = "fast"', "[sandbox]"),
        ('simulators = { other = "http://127.0.0.1:80" }', "[sandbox].simulators"),
    ],
)
def test_a_sandbox_is_on_this_machine_or_not_at_all(path: Path, table: str, place: str) -> None:
    path.write_text(f"[sandbox]\n{table}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_config(path)
    assert caught.value.location == f"{path}: {place}"
