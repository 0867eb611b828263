"""From an empty folder: a sandbox with an Order Desk store, three lines that lead there, an order moved to Canceled."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.sandbox_script import SandboxScript, running_sandbox

pytestmark = pytest.mark.slow

ORDER = "1044"


def configure(script: SandboxScript) -> None:
    """Leave of the store's table what a merchant writes: three lines, and where the simulated one is."""
    path = script.folder / "orderdesk.toml"
    text = path.read_text(encoding="utf-8")
    table = tomllib.loads(text)["orders"]
    script.environ["ORDERDESK_API_KEY"] = table["api_key"]["text"]
    lines = [
        "[orders]",
        f'store_id = "{table["store_id"]}"',
        'api_key = { env = "ORDERDESK_API_KEY" }',
        'contact = "ops@lantern.example"',
        f'url = "{table["url"]}"',
        'connections = { "Paper Lantern Shop" = "shopify" }',
        "",
        "",
    ]
    head, _, rest = text.partition("[orders]\n")
    path.write_text(head + "\n".join(lines) + rest[rest.index("[messages]") :], encoding="utf-8")


def in_store(script: SandboxScript, call: str, **body: object) -> Any:
    """Do something in the store, as a person there."""
    answer = httpx.post(f"{script.ready()['order_desk']}/_simulator/{call}", json=body)
    assert answer.is_success, answer.text
    return answer.json()


@pytest.fixture
def posting_script(tmp_path: Path) -> Iterator[SandboxScript]:
    """A sandbox that takes messages, to which the store's folder Canceled posts."""
    with running_sandbox(tmp_path, "--order-desk", "--messages") as made:
        configure(made)
        yield made


@pytest.fixture
def script(tmp_path: Path) -> Iterator[SandboxScript]:
    with running_sandbox(tmp_path, "--order-desk") as made:
        configure(made)
        yield made


def test_an_order_that_is_moved_to_canceled_is_canceled_where_it_was_placed(script: SandboxScript) -> None:
    script.ask("watch", "--until-idle", "--quiet")
    in_store(script, "move", order=ORDER, folder="Canceled")
    done = script.ask("watch", "--until-idle", "--quiet")
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
    in_store(script, "edit", order=ORDER, changes={"email": "another@example.com"})
    script.ask("watch", "--until-idle", "--quiet")
    assert script.ask("cases", ORDER) == before, "seen again, it starts nothing"


def test_what_is_canceled_here_is_told_in_the_store_and_moved_last(script: SandboxScript) -> None:
    script.ask("cancel", "1042", "--by", "Ann", "--reason", "customer asked")
    script.ask("work", "--until-idle", "--quiet")
    assert script.ask("receipt", "1042")["is_canceled"] is True
    told = in_store(script, "history", order="1042", count=0)
    assert told["entries"] > 4, "each place, the end, and the move"


def test_an_order_that_the_store_posts_is_canceled_once_however_often_it_is_posted(
    posting_script: SandboxScript,
) -> None:
    script = posting_script
    in_store(script, "move", order=ORDER, folder="Canceled")
    in_store(script, "deliver")
    assert script.ask("messages", "list")["counts"]["received"] == 1
    script.ask("work", "--until-idle", "--quiet")
    receipt = script.ask("receipt", ORDER)
    assert (receipt["is_canceled"], len(receipt["cancellations"])) == (True, 1)
    assert set(in_store(script, "redeliver", order=ORDER, times=5)["answers"]) == {200}
    script.ask("work", "--until-idle", "--quiet")
    assert len(script.ask("receipt", ORDER)["cancellations"]) == 1
    assert script.ask("messages", "list")["counts"] == {"received": 0, "handled": 1, "failed": 0, "refused": 0}


def test_the_move_that_ends_a_cancellation_is_posted_and_starts_nothing(posting_script: SandboxScript) -> None:
    script = posting_script
    script.ask("cancel", "1042", "--by", "Ann", "--reason", "customer asked")
    script.ask("work", "--until-idle", "--quiet")
    in_store(script, "deliver")
    script.ask("work", "--until-idle", "--quiet")
    (message,) = script.ask("messages", "list")["messages"]
    assert (message["state"], "moved by this program" in message["result"]) == ("handled", True)
    assert len(script.ask("receipt", "1042")["cancellations"]) == 1
