"""When a request to cancel is looked for, and what closes it beside the clock: the folder that the order lies in."""

from __future__ import annotations

import pytest

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.plugin.cancel_requests import SilenceMeans
from orderdesk_sdk.runtime.connection_config import Answering
from tests.support.fake_market import FakeFolderMarketplace, FakeMarketplace, FakeMarketServices, market_webhook
from tests.support.fake_services import FakeDeskOpener, FakeFulfillmentService, case_states

MILL = FakeFulfillmentService()
AUTOMATIC = Answering.AUTOMATIC


@pytest.fixture
def fake_services() -> FakeMarketServices:
    return FakeMarketServices()


def response_of(desk: Desk) -> ResponseCase:
    (found,) = desk.responses.list(order="1042")
    return found


def test_a_clock_that_was_ahead_puts_off_no_look_for_requests(
    fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(FakeMarketplace(), MILL, at=["market", "mill"], answering=AUTOMATIC)
    with pytest.MonkeyPatch.context() as patch:
        ahead = clock.now() + hours(30)
        patch.setattr(clock, "now", lambda: ahead)
        desk.run_due()
    fake_services.ask()
    clock.advance(minutes(20))
    desk.run_due()
    assert response_of(desk).request.request_id == "R1"


def test_an_order_that_leaves_the_folder_closes_its_request(
    fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices, clock: VirtualClock
) -> None:
    market = FakeFolderMarketplace()
    market.silence = SilenceMeans.NOTHING
    desk = fake_services_desk(market, MILL, at=["market", "mill"])
    desk.order_store.move("1042", "New", by="Ann")
    fake_services.ask()
    desk.notifications.handle_webhook("market", market_webhook())
    found = response_of(desk)
    assert (found.state, found.answer_by) == (State.ACTION_REQUIRED, None)
    desk.order_store.move("1042", "Prepared", by="Ann")
    assert found.due_at is not None
    clock.advance(found.due_at - clock.now())
    desk.run_due()
    after = response_of(desk)
    assert (after.state, after.message) == (
        State.EXPIRED,
        "The order left the folder 'New', which closed the request without an answer: nothing follows from that there",
    )


@pytest.mark.parametrize("spelled", ["new", "Inbox"])
def test_a_folder_spelled_otherwise_or_renamed_closes_no_request(
    fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices, clock: VirtualClock, spelled: str
) -> None:
    market = FakeFolderMarketplace()
    desk = fake_services_desk(market, MILL, at=["market", "mill"])
    desk.order_store.move("1042", "New", by="Ann")
    fake_services.ask()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk.connections.describe("market"), "request_folder", spelled)
        desk.notifications.handle_webhook("market", market_webhook())
        due = response_of(desk).due_at
        assert due is not None
        clock.advance(due - clock.now())
        desk.run_due()
        assert response_of(desk).state is State.ACTION_REQUIRED


def test_both_answers_may_be_a_persons(fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices) -> None:
    desk = fake_services_desk(FakeFolderMarketplace(), MILL, at=["market"])
    desk.order_store.move("1042", "New", by="Ann")
    fake_services.ask()
    desk.notifications.handle_webhook("market", market_webhook())
    accepted = desk.responses.accept(response_of(desk).id, by="Ann")
    assert accepted.hint == "Cancel the order at the marketplace; then confirm the case"
    fake_services.status["market", "1042"] = "canceled"
    assert desk.cases.confirm(accepted.id, by="Ann").state is State.DONE
    desk.run_due()
    assert case_states(desk) == {"market": State.CANCELED}
