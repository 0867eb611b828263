"""An order that a person moves to Canceled in Order Desk is canceled once, and our own move there starts nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orderdesk_devkit.simulators.fault_queue import Fault
from orderdesk_devkit.testing.message_receiver import receiving
from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.messages import MessageSource, MessageState
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.desk import Desk
from tests.support.fake_services import FakeServices, case_states
from tests.support.order_desk import ORDER_ID, ORDER_NUMBER, LiveStore, live_store, open_live_desk
from tests.support.posted_orders import php_order, posted_order


@pytest.fixture
def live(clock: VirtualClock) -> Iterator[LiveStore]:
    with live_store(clock) as live:
        live.simulator.submit_order(ORDER_ID, "The Mill", ORDER_NUMBER)
        yield live


@pytest.fixture
def desk(tmp_path: Path, live: LiveStore, fake_services: FakeServices) -> Iterator[Desk]:
    names = {"The Mill": "mill", "Paper Lantern Shop": ""}
    with (
        RawServer(responding(fake_services)) as services,
        open_live_desk(tmp_path / "desk.db", live, services.url, changed={"connections": names}) as desk,
        receiving(desk) as url,
    ):
        live.simulator.add_rule(f"{url}/cancel", folder="Canceled", name="Cancel")
        yield desk


def settle(desk: Desk, live: LiveStore) -> None:
    for _ in range(3):
        desk.run_due()
        live.simulator.deliver_due()
        live.clock.advance(minutes(3))


def test_a_move_to_canceled_cancels_every_place_once_however_often_it_is_posted(
    desk: Desk, live: LiveStore, fake_services: FakeServices
) -> None:
    live.simulator.move_order(ORDER_ID, "Canceled")
    live.simulator.deliver_due()
    settle(desk, live)
    assert case_states(desk, ORDER_NUMBER) == {"mill": State.CANCELED}
    assert fake_services.writes == [f"mill cancel {ORDER_NUMBER}"]
    assert set(live.simulator.redeliver(ORDER_ID, times=5)) == {200}
    settle(desk, live)
    assert fake_services.writes == [f"mill cancel {ORDER_NUMBER}"]
    assert len(desk.ledger.cancellations(ORDER_ID)) == 1
    assert {message.state for message in desk.messages.list()} == {MessageState.HANDLED}


def test_our_own_move_is_posted_and_starts_nothing(desk: Desk, live: LiveStore, fake_services: FakeServices) -> None:
    desk.cancel(ORDER_NUMBER, by="Ann")
    settle(desk, live)
    assert desk.order_store.folder_of(ORDER_ID) == "Canceled", "the folder moves last, by this program"
    (message,) = desk.messages.list()
    assert message.state is MessageState.HANDLED
    assert "moved by this program" in str(message.result)
    assert len(desk.ledger.cancellations(ORDER_ID)) == 1
    assert fake_services.writes == [f"mill cancel {ORDER_NUMBER}"]


def test_an_order_that_the_api_does_not_know_is_looked_for_again_and_then_a_person_hears_of_it(
    desk: Desk, live: LiveStore
) -> None:
    posted = posted_order(php_order("99999"), key=live.simulator.api_key, store_id=live.simulator.store_id)
    assert desk.messages.receive(MessageSource.cancel(), posted.headers, posted.body).status == 201
    (problem,) = desk.run_due().problems
    assert "does not know the order" in problem
    for _ in range(12):
        live.clock.advance(minutes(15))
        desk.run_due()
    (message,) = desk.messages.list()
    assert message.state is MessageState.FAILED
    assert live.calls("GET", "/99999"), "the store was asked"


def test_a_store_that_is_away_is_asked_again(desk: Desk, live: LiveStore) -> None:
    posted = posted_order(php_order(ORDER_ID), key=live.simulator.api_key, store_id=live.simulator.store_id)
    live.simulator.faults.add(Fault.SERVER_ERROR_HTML, method="GET", times=20)
    assert desk.messages.receive(MessageSource.cancel(), posted.headers, posted.body).status == 201, "nobody is asked"
    assert desk.run_due().problems
    live.simulator.faults.clear()
    live.clock.advance(minutes(5))
    settle(desk, live)
    assert case_states(desk, ORDER_NUMBER) == {"mill": State.CANCELED}


def test_an_order_of_another_store_is_not_ours(desk: Desk, live: LiveStore) -> None:
    live.simulator.store_id = "999"
    live.simulator.move_order(ORDER_ID, "Canceled")
    live.simulator.deliver_due()
    assert desk.messages.list() == ()
