"""Rules on moves: what they post, how it is signed, and how often it comes."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from orderdesk_devkit.simulators.orderdesk.access import API_KEY
from orderdesk_devkit.simulators.orderdesk.appointments import RETRY_AFTER, AppointmentState
from orderdesk_devkit.simulators.server import serve
from orderdesk_sdk.clock import hours, seconds
from orderdesk_sdk.errors import NotFoundError, ValidationError
from tests.support.simulated_store import Script, Store, posted_script, simulated_store
from tests.support.waiting import eventually


def cancel(store: Store, *numbers: int) -> None:
    store.ok("POST", "move-orders", {"order_id_list": list(numbers), "destination_folder_name": "Canceled"})


@pytest.fixture
def ruled(store: Store, script: Script) -> Store:
    store.simulator.set_option("rule_posts", "before the reply")
    store.simulator.add_rule(script.url, folder="Canceled", name="Tell the desk")
    return store


def test_a_move_into_its_folder_posts_the_order_signed(ruled: Store, script: Script) -> None:
    cancel(ruled, 58101)
    headers, body = script.posts[0]
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert body.startswith(b"order=%7B%22id%22%3A%2258101%22")
    field = script.order_field()
    assert headers["x-order-desk-store-id"] == "1200"
    assert headers["x-order-desk-hash"] == hmac.new(API_KEY.encode(), field.encode(), hashlib.sha256).hexdigest()
    assert "x-order-desk-appointment-id" not in headers
    order = script.order()
    assert (order["id"], order["folder_id"], order["order_shipments"]) == ("58101", 21657, [])
    assert list(order)[:3] == ["id", "email", "shipping_method"]
    notes = [(entry["source_name"], entry["note"]) for entry in ruled.simulator.history("58101")]
    assert notes == [
        ("API", "Order Moved to Canceled Folder"),
        ("Auto", "Rule Tell the desk: Send Order To Website"),
    ]


def test_other_folders_run_other_rules(ruled: Store, script: Script) -> None:
    with posted_script() as every:
        ruled.simulator.add_rule(every.url)
        ruled.ok("POST", "move-orders", {"order_id_list": [58101], "destination_folder_name": "Closed"})
        assert (len(script.posts), len(every.posts)) == (0, 1)


@pytest.mark.parametrize(("choice", "written"), [("escaped", r"\u00fc"), ("raw", "ü")])
def test_the_text_is_phps(ruled: Store, script: Script, choice: str, written: str) -> None:
    ruled.simulator.set_option("post_text", choice)
    ruled.simulator.edit_order("58101", {"checkout_data": {"Für": "a/b"}})
    cancel(ruled, 58101)
    field = script.order_field()
    assert f'"F{written}r":"a\\/b"' in field
    assert "/b" not in field.replace("\\/", "")
    assert json.loads(field)["checkout_data"]["Für"] == "a/b"


def test_a_store_without_a_key_signs_nothing(ruled: Store) -> None:
    with posted_script() as unsigned:
        ruled.simulator.add_rule(unsigned.url, folder="Canceled", signed=False)
        cancel(ruled, 58101)
        assert "x-order-desk-hash" not in unsigned.posts[0][0]


def test_an_appointment_may_name_itself(ruled: Store, script: Script) -> None:
    ruled.simulator.set_option("appointment_header", "given")
    cancel(ruled, 58101, 58102)
    assert [headers["x-order-desk-appointment-id"] for headers, _ in script.posts] == ["1", "2"]


@pytest.mark.parametrize("status", [202, 204, 302, 404, 500])
def test_whatever_is_no_200_or_201_is_tried_again(ruled: Store, script: Script, status: int) -> None:
    script.answers = [status, 201]
    cancel(ruled, 58101)
    (appointment,) = ruled.simulator.appointments.all
    assert (appointment.state, appointment.answers) == (AppointmentState.WAITING, [status])
    assert ruled.simulator.deliver_due() == 0
    ruled.clock.advance(seconds(10))
    assert ruled.simulator.deliver_due() == 1
    assert (appointment.state, appointment.answers) == (AppointmentState.DONE, [status, 201])
    assert script.posts[0] == script.posts[1]


def test_after_five_retries_in_two_hours_a_person_has_to_run_it(ruled: Store, script: Script) -> None:
    script.answers = [500] * 6
    start = ruled.clock.now()
    cancel(ruled, 58101)
    for wait in RETRY_AFTER:
        ruled.clock.advance(wait)
        assert ruled.simulator.deliver_due() == 1
    assert ruled.clock.now() - start <= hours(2)
    (appointment,) = ruled.simulator.appointments.all
    assert (appointment.state, len(appointment.answers)) == (AppointmentState.FAILED, 6)
    ruled.clock.advance(hours(5))
    assert ruled.simulator.deliver_due() == 0
    assert ruled.simulator.redeliver("58101") == [200]
    assert appointment.state is AppointmentState.DONE


def test_a_script_that_is_not_there_counts_as_failed(store: Store) -> None:
    with serve(Script()) as served:
        gone = served.url
    store.simulator.set_option("rule_posts", "by hand")
    store.simulator.add_rule(f"{gone}/x?y=1")
    cancel(store, 58101)
    assert store.simulator.deliver_due() == 1
    assert store.simulator.appointments.all[0].answers == [None]


@pytest.mark.parametrize(("choice", "same"), [("as queued", True), ("as sent", False)])
def test_a_retry_posts_the_order_of_then_or_of_now(ruled: Store, script: Script, choice: str, same: bool) -> None:
    ruled.simulator.set_option("post_content", choice)
    script.answers = [500]
    cancel(ruled, 58101)
    ruled.ok("POST", "orders/58101/order-history", {"note": "seen"})
    ruled.simulator.edit_order("58101", {"email": "new@example.com"})
    ruled.clock.advance(seconds(10))
    ruled.simulator.deliver_due()
    assert (script.posts[0][1] == script.posts[1][1]) is same


def test_the_same_comes_five_times(ruled: Store, script: Script) -> None:
    cancel(ruled, 58101)
    assert ruled.simulator.redeliver("1042", times=4) == [200] * 4
    assert len(script.posts) == 5
    assert len({body for _, body in script.posts}) == 1
    with pytest.raises(NotFoundError, match="no rule has posted"):
        ruled.simulator.redeliver("58102")


def test_by_default_the_client_has_its_reply_before_the_post(store: Store, script: Script) -> None:
    store.simulator.add_rule(script.url, folder="Canceled")
    cancel(store, 58101)
    eventually(lambda: len(script.posts) == 1, "the post")


def test_what_two_deliver_at_once_is_posted_once(ruled: Store, script: Script) -> None:
    ruled.simulator.set_option("rule_posts", "by hand")
    for _ in range(5):
        ruled.simulator.move_order("58101", "Canceled")
        ruled.simulator.move_order("58101", "New")
    with ThreadPoolExecutor(4) as threads:
        made = sum(threads.map(lambda _: ruled.simulator.deliver_due(), range(4)))
    assert (made, len(script.posts)) == (5, 5)


def test_a_script_that_never_answers_keeps_no_server_from_ending() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        with simulated_store() as store:
            store.simulator.add_rule(f"http://127.0.0.1:{deaf.getsockname()[1]}/x", folder="Canceled")
            cancel(store, 58101)
            begun = store.ok("GET", "orders/58101")["order"]["folder_id"]
        assert begun == 21657
        assert store.simulator.appointments.all[0].state is AppointmentState.WAITING


def test_by_hand_nothing_is_sent_by_itself(store: Store, script: Script) -> None:
    store.simulator.set_option("rule_posts", "by hand")
    store.simulator.add_rule(script.url)
    cancel(store, 58101, 58102)
    store.ok("GET", "test")
    assert script.posts == []
    assert store.simulator.deliver_due() == 2


def test_a_rule_may_call_back_while_the_client_waits(ruled: Store, script: Script) -> None:
    """The loop: our own move posts to us before we know that it was made."""
    ruled.simulator.add_rule(script.url, folder="Canceled", name="Again")
    cancel(ruled, 58101)
    assert len(script.posts) == 2
    assert ruled.ok("GET", "orders/58101")["order"]["folder_id"] == 21657


@pytest.mark.parametrize(
    "url", ["https://example.com/x", "http://127.0.0.1.example.com/x", "ftp://127.0.0.1/x", "http://127.0.0.1:99999/"]
)
def test_nothing_is_posted_to_another_machine(store: Store, url: str) -> None:
    with pytest.raises(ValidationError, match="not on this machine"):
        store.simulator.add_rule(url)
