"""A script outside of the checkout: a sandbox in virtual time, and every step from the import to the proof as JSON."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from tests.support.sandbox_script import PROGRAM, SandboxScript, running_sandbox

pytestmark = pytest.mark.slow


@pytest.fixture
def script(tmp_path: Path) -> Iterator[SandboxScript]:
    with running_sandbox(tmp_path) as made:
        yield made


def test_a_script_cancels_an_order_and_reads_the_proof(script: SandboxScript) -> None:
    ready = script.ready()
    assert set(ready) == {"config", "ledger", "virtual_time", "connections", "order_desk", "messages"}
    assert ready["order_desk"] is None
    assert all(set(found) == {"connection", "integration", "url"} for found in ready["connections"])
    assert "amazon-mcf" in [found["connection"] for found in ready["connections"]]
    assert (script.folder / "orders.json").read_text(encoding="utf-8") == SAMPLE_ORDERS
    assert script.ask("import", "orders.json")["added"] == ["1042", "1043", "1044", "1045"]
    placed = script.ask("register", "1042", "--at", "amazon-mcf", "--submitted-at", "2026-01-05T10:00:00+01:00")
    assert placed["simulator_seeded"] is True
    assert placed["remote_order"]["submitted_at"] == "2026-01-05T09:00:00Z"

    plan = script.ask("plan", "1042")
    assert [(entry["title"], entry["chosen_step"]) for entry in plan["entries"]] == [("Amazon MCF", 0)]
    assert plan["entries"][0]["steps"][0]["closes_on"] == "picking"

    asked = script.ask("cancel", "1042", "--by", "Ann", "--reason", "customer asked")
    assert [case["state"] for case in asked["cases"]] == ["acknowledged"]
    early = script.ask("receipt", "1042")
    assert (early["is_settled"], early["is_canceled"]) == (False, False)
    assert early["cancellations"][0]["cases"][0]["evidence"] is None

    worked = script.ask("work", "--until-idle", "--quiet")
    assert (worked["is_idle"], worked["action_required"], worked["problems"]) == (True, [], [])

    receipt = script.ask("receipt", "1042")
    assert (receipt["is_settled"], receipt["is_canceled"]) == (True, True)
    (case,) = receipt["cancellations"][0]["cases"]
    assert (case["connection"], case["integration"], case["remote_id"]) == ("amazon-mcf", "amazon-mcf", "1042")
    assert (case["state"], case["rejection"], case["route"]) == ("canceled", None, "button (asks)")
    assert [(line["line"], line["canceled"]) for line in case["lines"]] == [("MUG-11", 2), ("CANVAS-12X16", 1)]

    proof = case["evidence"]
    assert proof["kind"] == "polled status"
    exchange = proof["exchange"]
    assert (exchange["method"], exchange["status"]) == ("GET", 200)
    assert exchange["url"].endswith("/fulfillmentOrders/1042")
    assert json.loads(exchange["body"])["payload"]["fulfillmentOrder"]["fulfillmentOrderStatus"] == "Cancelled"
    puts = [step for step in case["history"] if step["summary"].startswith("PUT ")]
    assert [step["exchange"]["status"] for step in puts] == [200]
    assert exchange["at"] > puts[0]["at"], "the proof is younger than the response to the cancel"


def test_work_ends_in_good_order_when_it_is_told_to(script: SandboxScript) -> None:
    (script.folder / "orders.json").write_text(SAMPLE_ORDERS, encoding="utf-8")
    script.run("import", "orders.json")
    script.run("register", "1042", "--at", "amazon-mcf")
    script.run("cancel", "1042", "--no-send")
    with subprocess.Popen(
        [*PROGRAM, "work"], cwd=script.folder, env=script.environ, stdout=subprocess.PIPE, text=True
    ) as working:
        assert working.stdout is not None
        told = []
        for line in working.stdout:
            told.append(line)
            if "Cancelled" in line:
                working.send_signal(signal.SIGTERM)
    assert working.returncode == 0
    assert "acknowledged - The service acknowledged the request" in told[0]
    assert any("processed; " in line for line in told)


def test_a_lost_reply_is_resolved_by_reading_back(script: SandboxScript) -> None:
    connections = json.loads((script.folder / "ready").read_text(encoding="utf-8"))["connections"]
    connection = next(found for found in connections if found["connection"] == "amazon-mcf")
    (script.folder / "orders.json").write_text(SAMPLE_ORDERS, encoding="utf-8")
    script.run("import", "orders.json")
    script.run("register", "1044", "--at", "amazon-mcf")
    fault = {"kind": "lost_response", "method": "PUT"}
    httpx.post(f"{connection['url']}/_simulator/faults", json=fault, trust_env=False).raise_for_status()
    (case,) = script.ask("cancel", "1044", "--by", "Ann")["cases"]
    assert case["state"] == "unknown"
    script.run("work", "--until-idle")
    receipt = script.ask("receipt", "1044")
    assert receipt["is_canceled"] is True
    steps = [
        step["summary"].partition(" ")[0]
        for step in receipt["cancellations"][0]["cases"][0]["history"]
        if step["exchange"]
    ]
    assert steps[:3] == ["PUT", "GET", "PUT"], "it is polled before it is sent again"
    again = script.ask("resubmit", "1044", "--by", "Ann")["case"]
    assert (again["state"], again["order_number"], again["remote_id"]) == ("done", "1044-1", "1044-1")
