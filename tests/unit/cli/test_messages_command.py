"""`orderdesk messages`: what came in, for people and as JSON, in a sandbox with Amazon's notifications in files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from click.testing import CliRunner, Result

from orderdesk_devkit.cli.sandbox import running
from orderdesk_devkit.sample_orders import SAMPLE_ORDERS
from orderdesk_sdk.cases.messages import MessageState
from orderdesk_sdk.cli.group import orderdesk
from orderdesk_sdk.clock import VirtualClock, hours
from orderdesk_sdk.desk.desk import Desk


def run(*arguments: str, code: int = 0) -> Result:
    ran = CliRunner().invoke(orderdesk, list(arguments))
    assert ran.exit_code == code, ran.output
    return ran


def ask(*arguments: str, code: int = 0) -> Any:
    return json.loads(run(*arguments, "--json", code=code).stdout)


def notification(number: str, status: str = "Cancelled") -> dict[str, object]:
    content = {"SellerFulfillmentOrderId": number, "EventType": "Order", "FulfillmentOrderStatus": status}
    return {
        "NotificationType": "FULFILLMENT_ORDER_STATUS",
        "Payload": {"FulfillmentOrderStatusNotification": content},
        "NotificationMetadata": {"NotificationId": "n-1"},
    }


def write(name: str, document: object) -> None:
    Path("inbox").mkdir(exist_ok=True)
    text = document if isinstance(document, str) else json.dumps(document)
    Path("inbox", name).write_text(text, encoding="utf-8")


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    Path("orders.json").write_text(SAMPLE_ORDERS, encoding="utf-8")
    with running(Path("orderdesk.toml"), VirtualClock()):
        run("import", "orders.json", "--by", "Ann")
        run("register", "1042", "--at", "amazon-mcf", "--by", "Ann")
        yield


def test_a_mistyped_connection_leaves_the_files_where_they_are() -> None:
    write("1.json", notification("1042"))
    ran = run("messages", "take", "inbox", "--at", "amazon", code=1)
    assert "connection 'amazon': the connection is not configured" in ran.stderr
    assert [path.name for path in Path("inbox").iterdir()] == ["1.json"]


def test_files_of_a_queue_are_taken_once_and_moved() -> None:
    write("1.json", {"MessageId": "m", "ReceiptHandle": "r", "Body": json.dumps(notification("1042"))})
    write("2.json", {"Messages": [{"Body": json.dumps(notification("9999"))}]})
    write("3.json", notification("1042"))
    write("4.json", "no JSON")
    write("half.part", notification("1042"))
    taken = ask("messages", "take", "inbox", "--at", "amazon-mcf", code=3)["messages"]
    assert [one["outcome"] for one in taken] == ["stored", "irrelevant", "known", "unreadable"]
    names = {str(path.relative_to("inbox")) for path in Path("inbox").rglob("*") if path.is_file()}
    assert names == {
        "done/1.json",
        "done/2.json",
        "done/3.json",
        "refused/4.json",
        "refused/4.json.reason",
        "half.part",
    }
    assert ask("messages", "take", "inbox", "--at", "amazon-mcf") == {"messages": []}
    assert "No messages in inbox." in run("messages", "take", "inbox", "--at", "amazon-mcf").stdout


def test_what_was_taken_is_handled_by_a_worker_and_listed() -> None:
    write("1.json", notification("1042"))
    run("messages", "take", "inbox", "--at", "amazon-mcf")
    run("work", "--until-idle", "--quiet")
    (listed,) = ask("messages", "list")["messages"]
    assert (listed["state"], listed["source"], listed["subject"]) == ("handled", "webhook/amazon-mcf", "1042")
    assert listed["id"] in run("messages", "list").stdout
    assert "1 handled" in run("messages", "list", "--state", "failed").stdout
    assert listed["digest"] in run("messages", "show", listed["id"]).stdout
    assert "there is no such message" in run("messages", "show", "x", code=1).output
    assert "only a failed or refused one" in run("messages", "retry", listed["id"], code=1).output


def test_a_folder_of_the_configuration_is_looked_into_by_every_round() -> None:
    text = Path("orderdesk.toml").read_text(encoding="utf-8")
    Path("orderdesk.toml").write_text(f'{text}\n[messages]\nfolders = {{ amazon-mcf = "inbox" }}\n', encoding="utf-8")
    write("1.json", notification("1042"))
    run("work", "--until-idle", "--quiet")
    assert Path("inbox/done/1.json").exists()
    assert ask("messages", "list")["counts"]["handled"] == 1


def test_a_failed_message_is_retried_in_the_name_of_a_person() -> None:
    write("1.json", notification("1042"))
    (message_id,) = ask("messages", "take", "inbox", "--at", "amazon-mcf")["messages"][0]["stored"]
    with Desk.open() as desk:
        (claimed,) = desk.ledger.claim_messages(desk.clock.now(), desk.clock.now() + hours(1), 1)
        desk.ledger.update_message(evolve(claimed, state=MessageState.FAILED, next_try_at=None, result="away"))
    assert "lets one be tried again" in run("messages", "list").stdout
    retried = ask("messages", "retry", message_id, "--by", "Ben")
    assert (retried["state"], retried["result"], retried["tries"]) == ("received", "retried by Ben", 0)
    run("work", "--until-idle", "--quiet")
    assert ask("messages", "show", message_id)["state"] == "handled"
