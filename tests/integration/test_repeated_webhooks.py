"""A message that comes again does nothing: signed once, replayed for ever."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.notifications import MAX_BYTES
from orderdesk_sdk.errors import SignatureVerificationError, StorageError, ValidationError
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.plugin.webhooks import MAX_EVENT_ID_LENGTH, NotificationKind, OrderNotification, WebhookRequest
from orderdesk_sdk.stores.sql import claimed_notifications
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.fake_services import (
    FakeDeskOpener,
    FakeFulfillmentService,
    FakeServices,
    FakeServiceSettings,
    fake_webhook,
)

CANCELED, CHANGED = NotificationKind.CANCELED, NotificationKind.CHANGED


def calls(desk: Desk) -> int:
    history = [entry.content for case in desk.cases.list() for entry in desk.ledger.history(case.id)]
    return sum(isinstance(content, Exchange) for content in history)


def lines(desk: Desk) -> int:
    return sum(len(desk.ledger.history(case.id)) for case in desk.cases.list())


@pytest.mark.parametrize("kind", NotificationKind)
def test_a_message_replayed_two_hundred_times_does_nothing_after_the_first(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, kind: NotificationKind
) -> None:
    desk = fake_services_desk(at=["mill"])
    desk.cancel("1042", by="Ann")
    message = fake_webhook("1042", kind, delivery="d-1")
    desk.notifications.handle_webhook("mill", message)
    before = (calls(desk), lines(desk), desk.cases.list())
    for _ in range(200):
        (heard,) = desk.notifications.handle_webhook("mill", message)
        assert heard.message == "The webhook was received before; nothing is done again"
        assert heard.case == desk.cases.list()[-1]
    assert (calls(desk), lines(desk), desk.cases.list()) == before


def test_what_was_withdrawn_is_not_opened_again_by_the_same_message(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["mill"])
    fake_services.status["mill", "1042"] = "shipped"
    for _ in range(20):
        desk.notifications.handle_webhook("mill", fake_webhook("1042", CANCELED))
    assert [case.state for case in desk.cases.list()] == [State.WITHDRAWN]


def test_headers_that_nobody_signed_make_no_new_message(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(at=["mill"])
    desk.cancel("1042", by="Ann")
    message = fake_webhook("1042", CHANGED)
    desk.notifications.handle_webhook("mill", message)
    before = calls(desk)
    for number in range(20):
        headers = {**message.headers, "x-forwarded-for": str(number), "x-webhook-id": f"w-{number}"}
        desk.notifications.handle_webhook("mill", WebhookRequest(headers, message.body))
    assert calls(desk) == before


def test_the_next_process_knows_what_came_to_the_one_before(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(at=["mill"])
    desk.cancel("1042", by="Ann")
    desk.notifications.handle_webhook("mill", fake_webhook("1042", CHANGED))
    before = calls(desk)
    again = fake_services_desk()
    again.notifications.handle_webhook("mill", fake_webhook("1042", CHANGED))
    assert calls(again) == before


def test_of_many_at_once_one_is_looked_into(fake_services_desk: FakeDeskOpener) -> None:
    desks = [fake_services_desk(at=["mill"]), fake_services_desk()]
    desks[0].cancel("1042", by="Ann")
    before = calls(desks[0])
    message = fake_webhook("1042", CHANGED)
    with ThreadPoolExecutor(16) as pool:
        heard = list(
            pool.map(lambda number: desks[number % 2].notifications.handle_webhook("mill", message)[0], range(64))
        )
    assert calls(desks[0]) == before + 1
    assert sum("received before" not in one.message for one in heard) == 1


def test_another_message_of_the_same_kind_is_looked_into(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(at=["mill"])
    desk.cancel("1042", by="Ann")
    before = calls(desk)
    for number in range(3):
        desk.notifications.handle_webhook("mill", fake_webhook("1042", CHANGED, delivery=f"d-{number}"))
    assert calls(desk) > before


def test_the_same_bytes_at_another_connection_are_another_message(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(at=["mill", "cart"])
    texts = [
        desk.notifications.handle_webhook(name, fake_webhook("1042", CANCELED))[0].message for name in ("mill", "cart")
    ]
    assert texts == ["Polled", "Polled"]


def test_what_could_not_be_looked_into_may_come_again(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(at=["mill"])
    remote_orders = desk.order_store.remote_orders

    def troubled(order_id: str) -> tuple[RemoteOrder, ...]:
        raise ValidationError(f"{order_id} is locked")

    desk.order_store.remote_orders = troubled  # type: ignore[method-assign]  # trouble of whatever kind
    assert "Not handled" in desk.notifications.handle_webhook("mill", fake_webhook("1042", CANCELED))[0].message
    desk.order_store.remote_orders = remote_orders  # type: ignore[method-assign]
    assert desk.notifications.handle_webhook("mill", fake_webhook("1042", CANCELED))[0].message == "Polled"


def test_what_the_ledger_could_not_keep_may_come_again(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(at=["mill"])
    opened = desk.ledger.open_cancellation

    def full(*_: object) -> None:
        raise StorageError("the disk is full")

    desk.ledger.open_cancellation = full  # type: ignore[assignment]  # so that the sender sends it again
    with pytest.raises(StorageError):
        desk.notifications.handle_webhook("mill", fake_webhook("1042", CANCELED))
    desk.ledger.open_cancellation = opened  # type: ignore[method-assign]
    assert desk.notifications.handle_webhook("mill", fake_webhook("1042", CANCELED))[0].message == "Polled"


def test_whoever_died_over_a_message_keeps_nobody_from_it_for_long(
    fake_services_desk: FakeDeskOpener, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["mill"])
    desk.ledger.complete_notifications = lambda *_: None  # type: ignore[method-assign]  # the process "dies" before that
    desk.notifications.handle_webhook("mill", fake_webhook("1042", CHANGED))
    again = fake_services_desk()
    assert "received before" in again.notifications.handle_webhook("mill", fake_webhook("1042", CHANGED))[0].message
    clock.advance(minutes(6))
    assert again.notifications.handle_webhook("mill", fake_webhook("1042", CHANGED))[0].message == "No case to poll"


def test_a_message_about_nobody_s_order_does_nothing_and_leaves_nothing(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(at=["mill"])

    def untouched(*_: object) -> frozenset[str]:
        raise AssertionError("nothing is remembered of it")

    desk.ledger.claim_notifications = untouched  # type: ignore[assignment]
    for _ in range(3):
        (heard,) = desk.notifications.handle_webhook("mill", fake_webhook("9999", CANCELED))
        assert (heard.order_number, heard.case) == (None, None)
    assert desk.cases.list() == ()
    with pytest.raises(SignatureVerificationError):
        desk.notifications.handle_webhook("mill", fake_webhook("1042", CANCELED, key="guessed"))


def test_a_message_without_end_is_refused_before_anything_reads_it(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(at=["mill"])
    with pytest.raises(ValidationError, match="at most 5,000,000 are allowed"):
        desk.notifications.handle_webhook(
            "mill", WebhookRequest(fake_webhook("1042", CANCELED).headers, b" " * (MAX_BYTES + 1))
        )


def test_what_is_remembered_is_bounded_and_forgotten_after_a_month(
    fake_services_desk: FakeDeskOpener, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claimed_notifications, "MAX_REMEMBERED", 5)
    ledger = fake_services_desk(at=["mill"]).ledger
    assert isinstance(ledger, SqliteLedger)

    def came(name: str) -> bool:
        taken = ledger.claim_notifications("mill", [name], clock.now())
        ledger.complete_notifications("mill", taken, ())
        clock.advance(minutes(1))
        return not taken

    assert [came(f"m-{number}") for number in range(9)] == [False] * 9
    assert came("m-8")
    assert not came("m-0"), "the oldest are forgotten"
    clock.advance(hours(31 * 24))
    assert not came("m-8")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("d-1", "d-1"),
        ("d\n\x1b[31m1\x00\u202e", "d [31m1"),
        ("x" * 5000, "x" * MAX_EVENT_ID_LENGTH),
        ("\n \t", None),
        ("", None),
        (None, None),
    ],
)
def test_the_name_of_a_delivery_is_cut_and_cleaned(said: str | None, kept: str | None) -> None:
    assert OrderNotification("1042", CANCELED, said).event_id == kept


def test_a_delivery_with_line_breaks_writes_no_line_of_its_own(fake_services_desk: FakeDeskOpener) -> None:
    class Chatty(FakeFulfillmentService):
        @hookimpl
        def orderdesk_parse_webhook(
            self, request: WebhookRequest, service: Service[FakeServiceSettings]
        ) -> Sequence[OrderNotification]:
            return [OrderNotification("1042", CANCELED, json.loads(request.body))]

    desk = fake_services_desk(Chatty(), at=["mill"])
    desk.notifications.handle_webhook(
        "mill", WebhookRequest({}, json.dumps("d-1\n\ncanceled\x1b[0m" + "x" * 999).encode())
    )
    (cancellation,) = desk.ledger.cancellations("id-1042")
    assert cancellation.requested_by.startswith("a webhook from mill, delivery d-1 canceled [0mxxx")
    assert len(cancellation.requested_by) <= MAX_EVENT_ID_LENGTH + 40
