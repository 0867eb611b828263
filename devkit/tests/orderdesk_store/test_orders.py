"""Whole orders: created, replaced with all that was left out blank, and deleted, which is a misuse."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.simulators.simulator import Effect
from orderdesk_sdk.clock import minutes
from tests.support.simulated_store import Store

NEW = {
    "source_id": "2001",
    "source_name": "Paper Lantern Shop",
    "shipping": {"first_name": "Ida", "last_name": "Ruiz"},
    "order_items": [{"name": "Mug", "code": "MUG-11", "price": 8, "quantity": 2}],
    "discount_list": [{"name": "Spring", "amount": "1.50"}],
}


def order(store: Store, number: str = "58101") -> dict[str, Any]:
    found: dict[str, Any] = store.ok("GET", f"orders/{number}")["order"]
    return found


def test_a_new_order_gets_what_it_lacks(store: Store) -> None:
    reply = store.call("POST", "orders", NEW)
    assert reply.status_code == 201
    made = reply.json()["order"]
    assert made == order(store, made["id"])
    (created,) = [one for one in store.simulator.log if one.effect_kind is Effect.ORDER_CREATED]
    assert (created.operation, created.remote_id) == ("POST /orders", made["id"])
    assert made["customer"] == made["shipping"] == NEW["shipping"]
    assert (made["folder_id"], made["payment_status"], made["date_added"]) == (
        21654,
        "Captured",
        "2026-01-05 09:00:00",
    )
    assert (made["quantity_total"], made["order_total"], made["processor_balance"]) == (2, 14.5, 14.5)
    nameless = store.ok("POST", "orders", {**NEW, "source_id": "", "folder_id": 21656})["order"]
    assert (nameless["source_id"], nameless["folder_id"]) == (nameless["id"], 21656)


@pytest.mark.parametrize("lack", [{"order_items": []}, {"shipping": {"first_name": "Ida"}}, {"shipping": {}}])
def test_an_order_without_items_or_a_name_is_refused(store: Store, lack: dict[str, object]) -> None:
    assert store.call("POST", "orders", {**NEW, **lack}).status_code == 400
    assert store.ok("GET", "orders", source_id="2001")["total_records"] == 0


def test_an_order_that_is_there_is_named_and_not_made_again(store: Store) -> None:
    store.simulator.faults.add(Fault.LOST_RESPONSE, method="POST", path="/orders$")
    with pytest.raises(httpx.TransportError):
        store.call("POST", "orders", NEW)
    (made,) = store.ok("GET", "orders", source_id="2001")["orders"]
    reply = store.call("POST", "orders", NEW)
    assert reply.status_code == 409
    assert made["id"] in reply.json()["message"]
    assert store.ok("GET", "orders", source_id="2001")["total_records"] == 1
    assert store.call("POST", "orders", {**NEW, "source_name": "Other Shop"}).status_code == 201
    store.simulator.set_option("duplicates", "created")
    assert store.call("POST", "orders", NEW).status_code == 201


@pytest.mark.parametrize(("choice", "status"), [("4xx", 409), ("200", 200)])
def test_a_refusal_says_so_in_its_body(store: Store, choice: str, status: int) -> None:
    store.simulator.set_option("refused_as", choice)
    store.ok("POST", "orders", NEW)
    reply = store.call("POST", "orders", NEW)
    assert (reply.status_code, reply.json()["status"]) == (status, "error")


def test_a_post_may_answer_200(store: Store) -> None:
    store.simulator.set_option("created_as", "200")
    assert store.call("POST", "orders", NEW).status_code == 200


def test_a_whole_record_put_back_changes_nothing_but_its_date(store: Store) -> None:
    before = order(store)
    store.clock.advance(minutes(5))
    store.ok("PUT", "orders/58101", before)
    after = order(store)
    assert after.pop("date_updated") == "2026-01-05 09:05:00"
    before.pop("date_updated")
    assert after == before
    assert store.misuses() == []


def test_what_a_put_leaves_out_is_blank_but_shipments_stay(store: Store) -> None:
    store.simulator.submit_order("58104", "mww", "77")
    store.ok("PUT", "orders/58104", {"email": "new@example.com"})
    after = order(store, "58104")
    assert (after["email"], after["fulfillment_name"], after["source_id"], after["shipping"]) == (
        "new@example.com",
        "",
        "",
        [],
    )
    assert after["order_items"] == []
    assert len(after["order_shipments"]) == 1
    assert after["date_added"] == "2026-01-03 17:20:00"
    (misuse,) = store.misuses()
    assert "fulfillment_name" in misuse
    assert "order_items" in misuse


def test_null_in_a_put_blanks_as_well(store: Store) -> None:
    store.ok("PUT", "orders/58101", {**order(store), "email": None})
    assert order(store)["email"] == ""
    assert store.misuses() == ["a partial record, which blanks email"]


def test_items_of_a_put_are_updated_added_and_removed(store: Store) -> None:
    record = order(store)
    record["order_items"] = [{"id": "301", "quantity": 1}, {"name": "Card", "price": "2"}]
    items = store.ok("PUT", "orders/58101", record)["order"]["order_items"]
    assert [(item["name"], item["quantity"]) for item in items] == [("Photo mug, 11 oz", 1), ("Card", 1)]
    store.simulator.set_option("put_items", "kept")
    record["order_items"] = []
    assert len(store.ok("PUT", "orders/58101", record)["order"]["order_items"]) == 2


@pytest.mark.parametrize(("choice", "folder"), [("kept", "New"), ("moved", "Canceled")])
def test_whether_a_put_moves_is_a_switch(store: Store, choice: str, folder: str) -> None:
    store.simulator.set_option("put_folder", choice)
    store.ok("PUT", "orders/58101", {**order(store), "folder_id": 21657})
    assert store.simulator.actual_status("1042") == folder


@pytest.mark.parametrize(("choice", "kept"), [("cut", []), ("refused", {"a": "b"})])
def test_metadata_over_its_column_is_lost_or_refused(store: Store, choice: str, kept: object) -> None:
    store.simulator.set_option("metadata_over", choice)
    store.ok("PUT", "orders/58101", {**order(store), "order_metadata": {"a": "b"}})
    reply = store.call("PUT", "orders/58101", {**order(store), "order_metadata": {"a": "b" * 2_000}})
    assert reply.status_code == (422 if choice == "refused" else 200)
    assert order(store)["order_metadata"] == kept


@pytest.mark.parametrize(("choice", "lengths"), [("each", [1_976, 30]), ("all", [1_976, 0])])
def test_notes_over_their_column_are_cut(store: Store, choice: str, lengths: list[int]) -> None:
    store.simulator.set_option("notes_limit", choice)
    note = {"date_added": "2026-01-05 08:52:30", "username": "maraa"}
    notes = [{**note, "content": "x" * 3_000}, {**note, "content": "y" * 30}]
    store.ok("PUT", "orders/58101", {**order(store), "order_notes": notes})
    assert [len(one["content"]) for one in order(store)["order_notes"]] == lengths
    assert store.misuses() == ["a note in order_notes, whose column is short"]


def test_an_edit_before_the_write_is_overwritten_without_a_word(store: Store) -> None:
    store.simulator.set_option("edit_meanwhile", "before the next write", remote_id="58101")
    record = order(store)
    store.ok("PUT", "orders/58101", record)
    assert order(store)["shipping"]["address2"] == "Apt 6"
    assert store.misuses() == [
        "another's edit of shipping.address2 overwritten",
        "another's edit of order_metadata.other_app overwritten",
    ]
    store.ok("PUT", "orders/58101", record)
    assert len(store.misuses()) == 2, "the switch works once"


def test_an_edit_after_a_read_is_seen_by_whoever_reads_again(store: Store) -> None:
    store.simulator.set_option("edit_meanwhile", "after the next read", remote_id="58101")
    first, second = order(store), order(store)
    assert first["order_metadata"] == []
    assert second["order_metadata"] == {"other_app": "edit 1"}
    store.ok("PUT", "orders/58101", second)
    assert store.misuses() == []
    store.simulator.set_option("edit_meanwhile", "after each read")
    seen = [order(store, "58102")["order_metadata"] for _ in range(3)]
    assert seen == [[], {"other_app": "edit 2"}, {"other_app": "edit 3"}]


@pytest.mark.parametrize(("choice", "status"), [("accepted", 200), ("409", 409)])
def test_a_put_of_an_old_record_may_be_refused(store: Store, choice: str, status: int) -> None:
    store.simulator.set_option("put_conflict", choice)
    store.clock.advance(minutes(1))
    record = order(store)
    store.simulator.edit_order("58101", {"email": "changed@example.com"})
    assert store.call("PUT", "orders/58101", record).status_code == status
    assert store.call("PUT", "orders/58101", order(store)).status_code == 200


def test_deleting_an_order_is_a_misuse(store: Store) -> None:
    assert store.ok("DELETE", "orders/58101")["message"] == "Order 58101 Deleted"
    assert store.call("GET", "orders/58101").status_code == 404
    assert store.misuses() == ["an order deleted, with all that is known of it"]
