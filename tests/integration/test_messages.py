"""Messages in: stored before they are answered, handled once, in order, and never by the sender's own thread."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from attrs import evolve

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.messages import MessageSource, MessageState
from orderdesk_sdk.clock import VirtualClock, hours, minutes, seconds
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.messages.dispatcher import LEASE
from orderdesk_sdk.desk.messages.receipt import MessageOutcome
from orderdesk_sdk.errors import InvalidStateError, StorageError
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.plugin.webhooks import NotificationKind, OrderNotification, WebhookRequest
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.fake_services import (
    FakeDeskOpener,
    FakeManualService,
    FakeServices,
    FakeServiceSettings,
    case_states,
    fake_webhook,
)
from tests.support.message_senders import ORDER_ID, only_message, post, raising, send
from tests.support.posted_orders import STORE_MESSAGES, php_order, posted_order, store_messages

CANCELED, CHANGED = NotificationKind.CANCELED, NotificationKind.CHANGED


class Deaf:
    """An integration that takes no messages."""

    slug = "phone"

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return FakeManualService().orderdesk_integration()


@pytest.fixture
def desk(fake_services_desk: FakeDeskOpener) -> Desk:
    return fake_services_desk(at=["mill"], messages=STORE_MESSAGES)


class TestReceive:
    def test_a_message_is_stored_and_nothing_else_is_done(self, desk: Desk) -> None:
        receipt = send(desk, fake_webhook("1042", CANCELED, delivery="d-1"))
        assert (receipt.status, receipt.outcome, receipt.stored) == (
            202,
            MessageOutcome.STORED,
            (only_message(desk).id,),
        )
        assert desk.cases.list() == ()
        message = only_message(desk)
        assert (message.subject, message.kind, message.order_id) == ("1042", CANCELED, ORDER_ID)
        assert message.state is MessageState.RECEIVED

    def test_what_came_before_is_known_to_every_process_and_costs_no_write(
        self, desk: Desk, fake_services_desk: FakeDeskOpener
    ) -> None:
        message = fake_webhook("1042", CANCELED)
        assert send(desk, message).status == 202
        for other in (desk, fake_services_desk(messages=STORE_MESSAGES)):
            for _ in range(200):
                assert send(other, message).outcome is MessageOutcome.KNOWN
        assert len(desk.messages.list()) == 1

    def test_of_many_at_once_one_is_stored(self, desk: Desk, fake_services_desk: FakeDeskOpener) -> None:
        desks = [desk, fake_services_desk(messages=STORE_MESSAGES)]
        message = fake_webhook("1042", CHANGED)
        with ThreadPoolExecutor(16) as pool:
            outcomes = list(pool.map(lambda number: send(desks[number % 2], message).outcome, range(64)))
        assert outcomes.count(MessageOutcome.STORED) == 1
        assert set(outcomes) == {MessageOutcome.STORED, MessageOutcome.KNOWN}

    @pytest.mark.parametrize("source", [MessageSource.webhook("nobody"), MessageSource.webhook("")], ids=str)
    def test_an_unknown_connection_is_not_found(self, desk: Desk, source: MessageSource) -> None:
        assert send(desk, fake_webhook("1042", CANCELED), source).status == 404

    def test_an_integration_that_takes_no_messages_is_as_unknown(self, fake_services_desk: FakeDeskOpener) -> None:
        desk = fake_services_desk(Deaf())  # type: ignore[arg-type]  # it has a declaration and no more
        assert send(desk, fake_webhook("1042", CANCELED), MessageSource.webhook("phone")).status == 404

    def test_without_a_store_no_posted_order_is_taken(self, fake_services_desk: FakeDeskOpener) -> None:
        assert post(fake_services_desk(), posted_order(php_order(ORDER_ID))).status == 404

    def test_a_forged_message_leaves_nothing(self, desk: Desk) -> None:
        assert send(desk, fake_webhook("1042", CANCELED, key="guess")).status == 401
        assert post(desk, posted_order(php_order(ORDER_ID), key="guess")).status == 401
        assert desk.messages.list() == ()

    def test_a_message_about_no_order_of_ours_leaves_nothing_however_often_it_comes(self, desk: Desk) -> None:
        for _ in range(20):
            receipt = send(desk, fake_webhook("9999", CANCELED))
            assert (receipt.status, receipt.outcome) == (200, MessageOutcome.IRRELEVANT)
            assert post(desk, posted_order(php_order("9999"))).outcome is MessageOutcome.IRRELEVANT
        assert desk.messages.list() == ()

    def test_a_message_beyond_the_limit_is_not_looked_at(self, desk: Desk) -> None:
        large = WebhookRequest({}, b"x" * (STORE_MESSAGES.max_bytes + 1))
        assert send(desk, large).status == 413
        assert send(desk, evolve(large, body=large.body[1:])).status == 401

    @pytest.mark.parametrize(
        "body", [b"", b"\xff\xfe\x00", b"[" * 100_000, b'[{"number": 5}]', b"5"], ids=lambda body: repr(body[:20])
    )
    def test_a_signed_message_that_cannot_be_read_says_so(self, desk: Desk, body: bytes) -> None:
        receipt = send(desk, WebhookRequest(fake_webhook("1042", CANCELED).headers, body[:100_000]))
        assert receipt.status in (400, 503)
        assert desk.messages.list() == ()

    def test_so_many_a_minute_and_the_others_later(
        self, fake_services_desk: FakeDeskOpener, clock: VirtualClock
    ) -> None:
        desk = fake_services_desk(at=["mill", "cart"], messages=store_messages(per_minute=3))
        statuses = [send(desk, fake_webhook("1042", CHANGED, delivery=str(number))).status for number in range(5)]
        assert statuses == [202, 202, 202, 429, 429]
        refused = send(desk, fake_webhook("1042", CHANGED))
        assert refused.headers == {"Retry-After": "60"}
        assert send(desk, fake_webhook("1042", CHANGED), MessageSource.webhook("cart")).status == 202
        clock.advance(seconds(60))
        assert send(desk, fake_webhook("1042", CHANGED, delivery="3")).status == 202

    def test_beyond_what_may_wait_the_sender_is_to_come_again(self, fake_services_desk: FakeDeskOpener) -> None:
        desk = fake_services_desk(at=["mill"], messages=store_messages(max_waiting=2))
        statuses = [send(desk, fake_webhook("1042", CHANGED, delivery=str(number))).status for number in range(4)]
        assert statuses == [202, 202, 503, 503]
        desk.run_due()
        assert send(desk, fake_webhook("1042", CHANGED, delivery="2")).status == 202

    def test_what_cannot_be_stored_is_to_be_sent_again(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object) -> None:
            raise StorageError("the disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(SqliteLedger, "store_messages", full)
            receipt = send(desk, fake_webhook("1042", CANCELED))
        assert (receipt.status, receipt.headers) == (503, {"Retry-After": "60"})
        assert send(desk, fake_webhook("1042", CANCELED)).status == 202

    def test_a_plugin_that_hangs_is_not_waited_for(self, fake_services_desk: FakeDeskOpener) -> None:
        class Hanging(FakeManualService):
            @hookimpl
            def orderdesk_parse_webhook(
                self, request: WebhookRequest, service: Service[FakeServiceSettings]
            ) -> Sequence[OrderNotification]:
                while True:
                    pass

        desk = fake_services_desk(Hanging(), messages=store_messages(verify_seconds=1))
        assert send(desk, fake_webhook("1042", CANCELED), MessageSource.webhook("phone")).status == 503

    def test_no_secret_and_nothing_of_the_body_is_kept(self, desk: Desk) -> None:
        post(desk, posted_order(php_order(ORDER_ID), appointment="9001"))
        kept = repr(only_message(desk))
        for text in ("mara@example.com", "indt", "X-ORDER", "an-api-key"):
            assert text not in kept


class TestWebhook:
    def test_run_due_polls_and_what_is_canceled_is_canceled(self, desk: Desk, fake_services: FakeServices) -> None:
        fake_services.status["mill", "1042"] = "canceled"
        send(desk, fake_webhook("1042", CANCELED))
        report = desk.run_due()
        assert (report.handled >= 1, report.problems) == (True, ())
        assert case_states(desk) == {"mill": State.CANCELED}
        message = only_message(desk)
        assert (message.state, message.result, message.attempts) == (MessageState.HANDLED, "Polled", 1)
        assert not desk.messages.has_waiting

    def test_a_message_that_was_handled_is_never_handled_again(self, desk: Desk) -> None:
        desk.cancel("1042", by="Ann")
        message = fake_webhook("1042", CHANGED)
        send(desk, message)
        desk.run_due()
        before = [len(desk.ledger.history(case.id)) for case in desk.cases.list()]
        for _ in range(5):
            assert send(desk, message).outcome is MessageOutcome.KNOWN
            desk.run_due()
        assert [len(desk.ledger.history(case.id)) for case in desk.cases.list()] == before

    def test_an_error_is_tried_again_and_then_a_person_has_it(
        self, desk: Desk, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        send(desk, fake_webhook("1042", CHANGED))
        with monkeypatch.context() as patch:
            patch.setattr(desk.notifications, "handle_notification", raising(RuntimeError("a fault of ours")))
            (problem,) = desk.run_due().problems
            assert "a fault of ours" in problem
            first = only_message(desk)
            assert (first.state, first.tries) == (MessageState.RECEIVED, 1)
            assert first.next_try_at is not None
            assert first.next_try_at > clock.now()
            for _ in range(STORE_MESSAGES.max_tries - 1):
                clock.advance(minutes(15))
                desk.run_due()
        failed = only_message(desk)
        assert (failed.state, failed.tries) == (MessageState.FAILED, STORE_MESSAGES.max_tries)
        assert "a fault of ours" in str(failed.result)
        assert not desk.messages.has_waiting
        assert desk.messages.retry(failed.id, by="Ann").tries == 0
        desk.run_due()
        assert only_message(desk).state is MessageState.HANDLED
        with pytest.raises(InvalidStateError):
            desk.messages.retry(failed.id, by="Ann")

    def test_what_follows_waits_for_what_came_before(
        self, desk: Desk, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        handled: list[str | None] = []

        def handle(_: object, __: str, notification: object) -> tuple[None, str]:
            handled.append(getattr(notification, "event_id", None))
            if len(handled) == 1:
                raise RuntimeError("away")
            return None, "Polled"

        monkeypatch.setattr(desk.notifications, "handle_notification", handle)
        for number in range(3):
            send(desk, fake_webhook("1042", CHANGED, delivery=f"d-{number}"))
        desk.run_due()
        assert handled == ["d-0"]
        clock.advance(minutes(1))
        desk.run_due()
        assert handled == ["d-0", "d-0", "d-1", "d-2"]

    def test_a_desk_that_closes_ends_what_it_began_and_begins_nothing_more(
        self, desk: Desk, fake_services_desk: FakeDeskOpener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        begun = threading.Event()

        def slow(*_: object) -> tuple[None, str]:
            begun.set()
            time.sleep(0.3)
            return None, "Polled"

        monkeypatch.setattr(desk.notifications, "handle_notification", slow)
        for number in range(2):
            send(desk, fake_webhook("1042", CHANGED, delivery=str(number)))
        desk.messages.begin_due()
        assert begun.wait(5)
        desk.close()
        states = [message.state for message in fake_services_desk(messages=STORE_MESSAGES).messages.list()]
        assert sorted(state.value for state in states) == ["handled", "received"]

    def test_whoever_died_with_a_message_is_followed_when_its_time_is_up(self, desk: Desk, clock: VirtualClock) -> None:
        send(desk, fake_webhook("1042", CHANGED))
        now = clock.now()
        assert len(desk.ledger.claim_messages(now, now + LEASE, 1)) == 1
        desk.run_due()
        assert only_message(desk).state is MessageState.RECEIVED
        clock.advance(LEASE)
        desk.run_due()
        assert (only_message(desk).state, only_message(desk).attempts) == (MessageState.HANDLED, 2)

    def test_a_message_that_kills_whoever_begins_it_ends_with_a_person(self, desk: Desk, clock: VirtualClock) -> None:
        send(desk, fake_webhook("1042", CHANGED))
        for _ in range(STORE_MESSAGES.max_tries):
            desk.ledger.claim_messages(clock.now(), clock.now() + LEASE, 1)
            clock.advance(LEASE)
        (problem,) = desk.run_due().problems
        assert "begun again and again" in problem
        assert only_message(desk).state is MessageState.FAILED

    def test_a_connection_that_is_gone_is_told(self, desk: Desk, fake_services_desk: FakeDeskOpener) -> None:
        send(desk, fake_webhook("1042", CHANGED))
        without = fake_services_desk(FakeManualService(), messages=STORE_MESSAGES)
        without.run_due()
        assert only_message(without).state in (MessageState.REFUSED, MessageState.HANDLED)

    def test_old_messages_are_forgotten_and_may_come_again(self, desk: Desk, clock: VirtualClock) -> None:
        message = fake_webhook("1042", CHANGED)
        send(desk, message)
        desk.run_due()
        clock.advance(hours(24 * (STORE_MESSAGES.keep_days + 1)))
        assert desk.ledger.remove_old_messages(clock.now() - hours(24 * STORE_MESSAGES.keep_days)) == 1
        assert send(desk, message).status == 202


def test_several_orders_of_one_message_are_several_messages(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(at=["mill"])
    body = json.dumps([{"number": "1042", "kind": "changed"}, {"number": "9", "kind": "changed"}]).encode()
    receipt = send(desk, WebhookRequest(fake_webhook("1042", CHANGED).headers, body))
    assert len(receipt.stored) == 1, "one of the two is an order of ours"
