"""POST /move-orders: a row for each order, one destination, and folders that do not stay what they were."""

from __future__ import annotations

import httpx
import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from tests.support.simulated_store import Script, Store


def test_each_order_has_a_row_with_the_folder_it_came_from(store: Store) -> None:
    reply = store.ok("POST", "move-orders", {"order_id_list": [58101, 58104], "destination_folder_id": 21657})
    assert reply["message"] == "2 Orders Moved"
    message = "Order Moved to Canceled Folder"
    assert reply["results"] == [
        {"order_id": 58101, "original_folder_id": 21654, "message": message},
        {"order_id": 58104, "original_folder_id": 21655, "message": message},
    ]
    assert store.simulator.actual_status("58101") == "Canceled"
    assert store.simulator.history("58101")[-1]["source_name"] == "API"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"order_id_list": [58101], "destination_folder_name": "canceled"}, 404),
        ({"order_id_list": [58101], "destination_folder_id": 4}, 404),
        ({"order_id_list": [58101]}, 400),
        ({"order_id_list": [58101], "destination_folder_id": 21657, "destination_folder_name": "Canceled"}, 400),
        ({"order_id_list": ["58101"], "destination_folder_id": 21657}, 400),
        ({"order_ids": [58101], "folder_id": 21657}, 400),
    ],
    ids=["another spelling", "unknown folder", "no destination", "two destinations", "texts", "other names"],
)
def test_a_move_that_is_not_understood_moves_nothing(store: Store, body: dict[str, object], status: int) -> None:
    reply = store.call("POST", "move-orders", body)
    assert (reply.status_code, reply.json()["status"]) == (status, "error")
    assert store.simulator.actual_status("58101") == "New"


@pytest.mark.parametrize(("fate", "rows"), [("refused", 2), ("missing", 1)])
def test_one_of_two_may_stay_where_it_is(store: Store, fate: str, rows: int) -> None:
    store.simulator.set_option("move_fate", fate, remote_id="58102")
    reply = store.ok("POST", "move-orders", {"order_id_list": [58101, 58102], "destination_folder_name": "Canceled"})
    assert (reply["message"], len(reply["results"])) == ("1 Orders Moved", rows)
    assert [store.simulator.actual_status(one) for one in ("58101", "58102")] == ["Canceled", "New"]


def test_an_order_that_is_not_there_has_a_row_too(store: Store) -> None:
    reply = store.ok("POST", "move-orders", {"order_id_list": [7], "destination_folder_name": "Canceled"})
    assert reply["results"] == [{"order_id": 7, "message": "SIM: Order Not Found"}]


def test_a_folder_may_be_renamed_between_the_read_and_the_move(store: Store) -> None:
    store.simulator.set_option("folder_renamed", "after the next GET /store")
    folders = store.ok("GET", "store")["store"]["folders"]
    assert folders["21657"] == "Canceled"
    by_name = {"order_id_list": [58101], "destination_folder_name": "Canceled"}
    assert store.call("POST", "move-orders", by_name).status_code == 404
    store.ok("POST", "move-orders", {"order_id_list": [58101], "destination_folder_id": 21657})
    assert store.simulator.actual_status("58101") == "Canceled (old)"
    assert store.ok("GET", "store")["store"]["folders"]["21657"] == "Canceled (old)", "it is renamed once"


def test_two_folders_may_have_one_name_and_one_may_be_gone(store: Store) -> None:
    store.simulator.add_folder("Canceled")
    assert list(store.ok("GET", "store")["store"]["folders"].values()).count("Canceled") == 2
    store.simulator.move_order("58101", "Prepared")
    store.simulator.delete_folder("Prepared")
    assert "Prepared" not in store.ok("GET", "store")["store"]["folders"].values()
    assert store.simulator.actual_status("58101") == "New"


def test_a_lost_reply_leaves_the_order_moved_and_the_rule_run(store: Store, script: Script) -> None:
    store.simulator.add_rule(script.url, folder="Canceled")
    store.simulator.faults.add(Fault.LOST_RESPONSE, path="move-orders")
    with pytest.raises(httpx.TransportError):
        store.call("POST", "move-orders", {"order_id_list": [58101], "destination_folder_name": "Canceled"})
    assert store.simulator.actual_status("58101") == "Canceled"
    assert len(script.posts) == 1


@pytest.mark.parametrize(("choice", "posts"), [("runs no rule", 1), ("runs rules", 2)])
def test_whether_a_move_to_the_present_folder_runs_rules_is_a_switch(
    store: Store, script: Script, choice: str, posts: int
) -> None:
    store.simulator.set_option("present_folder", choice)
    store.simulator.set_option("rule_posts", "before the reply")
    store.simulator.add_rule(script.url, folder="Canceled")
    for _ in range(2):
        store.ok("POST", "move-orders", {"order_id_list": [58101], "destination_folder_name": "Canceled"})
    assert len(script.posts) == posts
