"""Orders that Order Desk posts: each is canceled once, and what cannot be canceled is told to a person."""

from __future__ import annotations

import pytest

from orderdesk_sdk.cases.messages import MessageState
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.messages.receipt import MessageOutcome
from orderdesk_sdk.errors import InvalidStateError
from tests.support.fake_services import FakeDeskOpener, FakeServices
from tests.support.message_senders import ORDER_ID, only_message, post, raising
from tests.support.posted_orders import STORE_MESSAGES, php_order, posted_order


@pytest.fixture
def desk(fake_services_desk: FakeDeskOpener) -> Desk:
    return fake_services_desk(at=["mill"], messages=STORE_MESSAGES)


class TestPostedOrder:
    def test_five_times_the_same_message_is_one_cancellation(self, desk: Desk, fake_services: FakeServices) -> None:
        posted = posted_order(php_order(ORDER_ID), appointment="9001")
        statuses = []
        for _ in range(5):
            statuses.append(post(desk, posted).status)
            desk.run_due()
        assert statuses == [201, 200, 200, 200, 200], "Order Desk takes more than 201 for a failure"
        (cancellation,) = desk.ledger.cancellations(ORDER_ID)
        assert cancellation.requested_by == "Order Desk, folder Canceled"
        assert fake_services.writes == ["mill cancel 1042"]
        assert f"Cancellation {cancellation.id} started at mill" == only_message(desk).result

    def test_an_appointment_that_sends_the_order_anew_is_the_same_message(self, desk: Desk) -> None:
        first = posted_order(php_order(ORDER_ID, updated="2026-11-30 17:00:00"), appointment="9001")
        again = posted_order(php_order(ORDER_ID, updated="2026-11-30 17:20:00"), appointment="9001")
        assert [post(desk, one).outcome for one in (first, again)] == [MessageOutcome.STORED, MessageOutcome.KNOWN]

    def test_another_content_joins_the_cancellation_that_is_there(
        self, desk: Desk, fake_services: FakeServices
    ) -> None:
        for minute in range(3):
            post(desk, posted_order(php_order(ORDER_ID, updated=f"2026-11-30 17:0{minute}:00")))
            desk.run_due()
        assert len(desk.ledger.cancellations(ORDER_ID)) == 1
        assert fake_services.writes == ["mill cancel 1042"]
        assert [message.state for message in desk.messages.list()] == [MessageState.HANDLED] * 3

    def test_our_own_move_starts_nothing(self, desk: Desk, fake_services: FakeServices, clock: VirtualClock) -> None:
        fake_services.status["mill", "1042"] = "shipped"
        desk.cancel("1042", by="Ann")
        clock.advance(minutes(10))
        desk.run_due()
        before = desk.ledger.cancellations(ORDER_ID)
        writes = len(fake_services.writes)
        desk.orders.move("1042", "Canceled", by="Ann")
        clock.advance(minutes(1))
        post(desk, posted_order(php_order(ORDER_ID)))
        desk.run_due()
        assert desk.ledger.cancellations(ORDER_ID) == before
        assert len(fake_services.writes) == writes
        assert "moved by this program" in str(only_message(desk).result)

    def test_a_move_of_a_person_in_order_desk_starts_one_anew_later(
        self, desk: Desk, fake_services: FakeServices, clock: VirtualClock
    ) -> None:
        fake_services.status["mill", "1042"] = "shipped"
        desk.cancel("1042", by="Ann")
        clock.advance(minutes(10))
        desk.run_due()
        desk.orders.move("1042", "Canceled", by="Ann")
        clock.advance(hours(4))
        post(desk, posted_order(php_order(ORDER_ID)))
        desk.run_due()
        assert "moved by this program" not in str(only_message(desk).result)

    def test_an_own_move_without_a_cancellation_is_no_echo(self, desk: Desk) -> None:
        desk.orders.move("1042", "Canceled", by="Ann")
        post(desk, posted_order(php_order(ORDER_ID)))
        desk.run_due()
        assert len(desk.ledger.cancellations(ORDER_ID)) == 1

    def test_an_order_that_was_submitted_nowhere_has_nothing_to_cancel(
        self, fake_services_desk: FakeDeskOpener
    ) -> None:
        desk = fake_services_desk(messages=STORE_MESSAGES)
        post(desk, posted_order(php_order(ORDER_ID)))
        assert desk.run_due().problems == ()
        assert only_message(desk).state is MessageState.HANDLED
        assert "nothing to cancel" in str(only_message(desk).result)

    def test_what_a_connection_does_not_take_is_refused_and_told(self, desk: Desk) -> None:
        post(desk, posted_order(php_order(ORDER_ID)))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(desk.cancellations, "open", raising(InvalidStateError("a reason is needed")))
            (problem,) = desk.run_due().problems
        assert "refused: a reason is needed" in problem
        assert only_message(desk).state is MessageState.REFUSED

    def test_the_texts_of_a_forgotten_order_go_with_it(self, desk: Desk, fake_services: FakeServices) -> None:
        post(desk, posted_order(php_order(ORDER_ID), appointment="9001"))
        desk.run_due()
        for case in desk.cases.list():
            desk.cases.poll(case.id)
        desk.orders.forget("1042", by="Ann")
        message = only_message(desk)
        assert (message.event_id, message.result) == (None, None)
        assert post(desk, posted_order(php_order(ORDER_ID))).outcome is MessageOutcome.KNOWN
