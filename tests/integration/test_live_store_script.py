"""From an empty folder: a sandbox with an Order Desk store, three lines that lead there, an order moved to Canceled."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.slow

PROGRAM = [sys.executable, "-W", "error", "-m", "orderdesk_sdk.cli"]
PATIENCE = 60.0
"""Seconds until a process that does not come up is taken for broken; it takes one."""
ORDER, ORDER_ID = "1044", "58103"


class LiveStoreScript:
    """Runs `orderdesk` in a folder of its own, and people's hands in the simulated store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {name: text for name, text in os.environ.items() if not name.startswith("PYTHON")}

    def start(self, *options: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*PROGRAM, "sandbox", "--order-desk", "--virtual-time", "--ready-file", "ready", *options],
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ask(self, *arguments: str, code: int = 0) -> Any:
        """The JSON that a command gave. Fails where it ends with another exit code or complains."""
        ran = subprocess.run(
            [*PROGRAM, *arguments, "--json"],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self.environ,
        )
        assert ran.returncode == code, ran.stdout + ran.stderr
        return json.loads(ran.stdout)

    def configure(self) -> None:
        """Leave of the store's table what a merchant writes: three lines, and where the simulated one is."""
        path = self.folder / "orderdesk.toml"
        table = tomllib.loads(path.read_text(encoding="utf-8"))["orders"]
        self.environ["ORDERDESK_API_KEY"] = table["api_key"]["text"]
        head, _, rest = path.read_text(encoding="utf-8").partition("[orders]\n")
        lines = [
            f'store_id = "{table["store_id"]}"',
            'api_key = { env = "ORDERDESK_API_KEY" }',
            'contact = "ops@lantern.example"',
            f'url = "{table["url"]}"',
            'connections = { "Paper Lantern Shop" = "shopify" }',
        ]
        path.write_text(
            f"{head}[orders]\n" + "\n".join(lines) + "\n\n" + rest[rest.index("[messages]") :], encoding="utf-8"
        )

    @property
    def control(self) -> str:
        """The URL at which people's hands are simulated."""
        ready = json.loads((self.folder / "ready").read_text(encoding="utf-8"))
        return f"{ready['order_desk']}/_simulator"

    def in_store(self, call: str, **body: object) -> Any:
        """Do something in the store, as a person there."""
        answer = httpx.post(f"{self.control}/{call}", json=body)
        assert answer.is_success, answer.text
        return answer.json()


@pytest.fixture
def script(tmp_path: Path) -> Iterator[LiveStoreScript]:
    with started(tmp_path) as made:
        yield made


@pytest.fixture
def posting_script(tmp_path: Path) -> Iterator[LiveStoreScript]:
    """A sandbox that takes messages, to which the store's folder Canceled posts."""
    with started(tmp_path, "--messages") as made:
        yield made


@contextmanager
def started(tmp_path: Path, *options: str) -> Iterator[LiveStoreScript]:
    made = LiveStoreScript(tmp_path)
    sandbox = made.start(*options)
    try:
        give_up = time.monotonic() + PATIENCE
        while not (tmp_path / "ready").exists():
            assert sandbox.poll() is None, sandbox.communicate()
            assert time.monotonic() < give_up, "the sandbox did not come up"
            time.sleep(0.02)
        made.configure()
        yield made
        sandbox.send_signal(signal.SIGTERM)
        _, complaints = sandbox.communicate(timeout=PATIENCE)
        assert (sandbox.returncode, complaints) == (0, "")
    finally:
        sandbox.kill()
        sandbox.communicate()


def test_an_order_that_is_moved_to_canceled_is_canceled_where_it_was_placed(script: LiveStoreScript) -> None:
    script.ask("watch", "--until-idle")
    script.in_store("move", order=ORDER, folder="Canceled")
    done = script.ask("watch", "--until-idle")
    assert (done["is_idle"], done["problems"], done["action_required"]) == (True, [], [])
    receipt = script.ask("receipt", ORDER)
    assert receipt["is_canceled"] is True
    (cancellation,) = receipt["cancellations"]
    assert {case["connection"]: case["state"] for case in cancellation["cases"]} == {
        "amazon-mcf": "canceled",
        "bdlinx": "canceled",
        "commercehub": "canceled",
    }
    before = script.ask("cases", ORDER)
    script.in_store("edit", order=ORDER, changes={"email": "another@example.com"})
    script.ask("watch", "--until-idle")
    assert script.ask("cases", ORDER) == before, "seen again, it starts nothing"


def test_what_is_canceled_here_is_told_in_the_store_and_moved_last(script: LiveStoreScript) -> None:
    script.ask("cancel", "1042", "--by", "Ann", "--reason", "customer asked")
    script.ask("work", "--until-idle")
    assert script.ask("receipt", "1042")["is_canceled"] is True
    told = script.in_store("history", order="1042", count=0)
    assert told["entries"] > 4, "each place, the end, and the move"


def test_an_order_that_the_store_posts_is_canceled_once_however_often_it_is_posted(
    posting_script: LiveStoreScript,
) -> None:
    script = posting_script
    script.in_store("move", order=ORDER, folder="Canceled")
    script.in_store("deliver")
    assert script.ask("messages", "list")["counts"]["received"] == 1
    script.ask("work", "--until-idle")
    receipt = script.ask("receipt", ORDER)
    assert (receipt["is_canceled"], len(receipt["cancellations"])) == (True, 1)
    assert set(script.in_store("redeliver", order=ORDER, times=5)["answers"]) == {200}
    script.ask("work", "--until-idle")
    assert len(script.ask("receipt", ORDER)["cancellations"]) == 1
    assert script.ask("messages", "list")["counts"] == {"received": 0, "handled": 1, "failed": 0, "refused": 0}


def test_the_move_that_ends_a_cancellation_is_posted_and_starts_nothing(posting_script: LiveStoreScript) -> None:
    script = posting_script
    script.ask("cancel", "1042", "--by", "Ann", "--reason", "customer asked")
    script.ask("work", "--until-idle")
    script.in_store("deliver")
    script.ask("work", "--until-idle")
    (message,) = script.ask("messages", "list")["messages"]
    assert (message["state"], "moved by this program" in message["result"]) == ("handled", True)
    assert len(script.ask("receipt", "1042")["cancellations"]) == 1
