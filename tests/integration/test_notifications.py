"""What services let us know by themselves: polled, never believed, never echoed, and never lost."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.cases.state_machine import InvalidTransitionError
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.errors import (
    InvalidStateError,
    PluginError,
    SignatureVerificationError,
    StorageError,
    ValidationError,
)
from orderdesk_sdk.orders.order import RemoteOrder
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.plugin.toolkit.json_response import MalformedResponseError
from orderdesk_sdk.plugin.webhooks import NotificationKind, OrderNotification, WebhookRequest
from tests.support.fake_services import (
    KEY,
    FakeCart,
    FakeDeskOpener,
    FakeServices,
    FakeServiceSettings,
    fake_webhook,
    only,
)

CANCELED, SHIPPED, CHANGED = NotificationKind.CANCELED, NotificationKind.SHIPPED, NotificationKind.CHANGED


# Trust


def test_a_message_without_the_agreed_key_changes_nothing(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["cart"])
    fake_services.status["cart", "1042"] = "canceled"
    with pytest.raises(SignatureVerificationError):
        desk.notifications.handle_webhook("cart", fake_webhook("1042", CANCELED, key="guessed"))
    assert desk.cases.list() == ()


def test_a_message_that_cannot_be_read_is_refused_as_such(fake_services_desk: FakeDeskOpener) -> None:
    with pytest.raises(MalformedResponseError):
        fake_services_desk(at=["cart"]).notifications.handle_webhook("cart", WebhookRequest({"x-key": KEY}, b"<html>"))


def test_an_integration_that_takes_no_messages_says_so(fake_services_desk: FakeDeskOpener) -> None:
    class Deaf(FakeCart):
        orderdesk_parse_webhook = None  # type: ignore[assignment]  # not implemented

    with pytest.raises(InvalidStateError, match="accepts no webhooks"):
        fake_services_desk(Deaf()).notifications.handle_webhook("cart", fake_webhook("1042", CANCELED))


class FakeWebhookCart(FakeCart):
    """A cart whose plugin does what a test gives it, in place of reading a message."""

    def __init__(self, said: object) -> None:
        self.said = said

    @hookimpl
    def orderdesk_parse_webhook(
        self, request: WebhookRequest, service: Service[FakeServiceSettings]
    ) -> Sequence[OrderNotification]:
        if isinstance(self.said, BaseException):
            raise self.said
        return self.said  # type: ignore[return-value]  # junk is what is tested


@pytest.mark.parametrize(
    "said",
    [
        None,
        "1042",
        [("1042", "canceled")],
        ValueError("x"),
        SystemExit(2),
        [OrderNotification("1042", CANCELED)] + [OrderNotification(str(number), CANCELED) for number in range(1001)],
    ],
    ids=["nothing", "a text", "tuples", "error", "exit", "a flood"],
)
def test_a_plugin_that_fails_on_a_message_is_told_as_its_fault(
    fake_services_desk: FakeDeskOpener, said: object
) -> None:
    desk = fake_services_desk(FakeWebhookCart(said))
    with pytest.raises(PluginError):
        desk.notifications.handle_webhook("cart", fake_webhook("1042", CANCELED))
    assert desk.cases.list() == ()


def test_an_order_that_nobody_knows_is_told_and_keeps_no_other_from_being_heard(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(
        FakeWebhookCart([OrderNotification("9999", CANCELED), OrderNotification("1042", CANCELED)]), at=["cart"]
    )
    fake_services.status["cart", "1042"] = "canceled"
    foreign, ours = desk.notifications.handle_webhook("cart", fake_webhook("1042", CANCELED))
    assert (foreign.order_number, foreign.case) == (None, None)
    assert ours.case is not None
    assert ours.case.state is State.CANCELED


def test_one_order_s_trouble_keeps_no_other_from_being_heard(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(
        FakeWebhookCart([OrderNotification("1042", CANCELED), OrderNotification("9999", CHANGED)]), at=["cart"]
    )

    def troubled(order_id: str) -> tuple[RemoteOrder, ...]:
        raise ValidationError(f"{order_id} is locked")

    desk.order_store.remote_orders = troubled  # type: ignore[method-assign]  # trouble of whatever kind
    first, second = desk.notifications.handle_webhook("cart", fake_webhook("1042", CANCELED))
    assert first.message == "Not handled: id-1042 is locked"
    assert second.message == "no order is registered at this connection under this number"


def test_a_ledger_that_fails_is_told_to_the_sender(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(at=["cart"])

    def full(*_: object) -> None:
        raise StorageError("the disk is full")

    desk.ledger.open_cancellation = full  # type: ignore[assignment]  # so that the sender sends it again
    with pytest.raises(StorageError):
        desk.notifications.handle_webhook("cart", fake_webhook("1042", CANCELED))


# Canceled there


def test_a_hint_is_no_evidence_the_read_back_is(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["cart"])
    fake_services.status["cart", "1042"] = "canceled"
    desk.notifications.handle_webhook("cart", fake_webhook("1042", CANCELED))
    found = desk.cancellations.receipt("1042").cancellations[0].cases[0]
    assert (found.case.state, fake_services.writes) == (State.CANCELED, [])
    assert found.evidence is not None
    assert (found.evidence.kind, found.evidence.exchange is not None) == (EvidenceKind.POLLED_STATUS, True)


def test_what_the_service_denies_is_withdrawn(fake_services_desk: FakeDeskOpener, fake_services: FakeServices) -> None:
    desk = fake_services_desk(at=["cart"])
    fake_services.status["cart", "1042"] = "shipped"
    desk.notifications.handle_webhook("cart", fake_webhook("1042", CANCELED))
    case = only(desk.cases.list())
    assert (case.state, case.evidence, fake_services.writes) == (State.WITHDRAWN, None, [])
    assert ("the service says otherwise" in str(case.message), case.service_status) == (True, "shipped")


def test_a_message_that_comes_before_the_service_shows_it_is_read_until_it_does(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["cart"])
    desk.notifications.handle_webhook("cart", fake_webhook("1042", CANCELED))
    case = only(desk.cases.list())
    assert (case.state, case.due_at, case.service_status) == (State.REPORTED, clock.now() + minutes(2), "open")
    assert "does not show the cancellation yet" in str(case.message)
    fake_services.status["cart", "1042"] = "canceled"
    clock.advance(minutes(2))
    desk.run_due()
    case = only(desk.cases.list())
    assert (case.state, fake_services.writes) == (State.CANCELED, [])
    assert case.evidence is not None
    assert case.evidence.kind is EvidenceKind.POLLED_STATUS


def test_what_the_service_never_shows_is_a_person_s_after_the_declared_while(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["cart"])
    desk.notifications.handle_webhook("cart", fake_webhook("1042", CANCELED))
    for _ in range(32):
        clock.advance(minutes(2))
        desk.run_due()
    case = only(desk.cases.list())
    assert (case.state, fake_services.writes) == (State.ACTION_REQUIRED, [])
    assert "says otherwise" in str(case.message)
    assert desk.cases.reject(case.id, by="Ann").state is State.REJECTED


def test_what_cannot_be_read_is_a_person_s_to_find_out(fake_services_desk: FakeDeskOpener) -> None:
    desk = fake_services_desk(at=["phone"])
    desk.notifications.handle_webhook("phone", fake_webhook("1042", CANCELED))
    case = only(desk.cases.list())
    assert (case.state, case.is_open) == (State.ACTION_REQUIRED, True)
    assert "cancellation was reported" in str(case.message)


def test_a_service_that_is_down_is_read_again_until_it_says(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["cart"])
    fake_services.down.add("cart")
    desk.notifications.handle_webhook("cart", fake_webhook("1042", CANCELED))
    assert only(desk.cases.list()).state is State.REPORTED
    fake_services.down.clear()
    fake_services.status["cart", "1042"] = "canceled"
    clock.advance(minutes(1))
    desk.run_due()
    assert only(desk.cases.list()).state is State.CANCELED


def test_a_service_that_never_says_leaves_it_to_a_person_who_is_reminded_and_nothing_is_asked(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["cart"])
    fake_services.down.add("cart")
    desk.notifications.handle_webhook("cart", fake_webhook("1042", CANCELED))
    for _ in range(400):
        clock.advance(minutes(10))
        desk.run_due()
    case = only(desk.cases.list())
    assert (case.state, case.route, fake_services.writes) == (State.ACTION_REQUIRED, 0, [])
    assert "reminder" in str(case.message)


def test_what_was_heard_is_not_asked_by_a_person_either(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["phone"])
    desk.notifications.handle_webhook("phone", fake_webhook("1042", CANCELED))
    with pytest.raises(InvalidTransitionError, match="reported"):
        desk.cases.retry(only(desk.cases.list()).id, by="Ann")
    assert fake_services.writes == []


def test_a_late_read_back_settles_what_a_person_had(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(at=["cart"])
    fake_services.down.add("cart")
    desk.notifications.handle_webhook("cart", fake_webhook("1042", CANCELED))
    clock.advance(hours(25))
    desk.run_due()
    assert only(desk.cases.list()).state is State.ACTION_REQUIRED
    fake_services.down.clear()
    fake_services.status["cart", "1042"] = "shipped"
    assert desk.cases.poll(only(desk.cases.list()).id).state is State.WITHDRAWN
    assert fake_services.writes == []


def test_a_message_that_comes_again_makes_no_second_case_and_is_told_once(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["cart"])
    fake_services.status["cart", "1042"] = "canceled"
    desk.notifications.handle_webhook("cart", fake_webhook("1042", CANCELED, delivery="the same again"))
    case = only(desk.cases.list())
    told = desk.ledger.history(case.id)
    for _ in range(3):
        desk.notifications.handle_webhook("cart", fake_webhook("1042", CANCELED, delivery="the same again"))
    assert (only(desk.cases.list()), desk.ledger.history(case.id)) == (case, told)
    (cancellation,) = desk.ledger.cancellations(case.order_id)
    assert (case.state, cancellation.requested_by) == (State.CANCELED, "a webhook from cart, delivery the same again")


def test_after_a_refusal_a_cancel_that_comes_from_there_is_taken_up(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["phone"])
    desk.cases.reject(only(desk.cancel("1042", by="Ann").cases).id, by="Ann")
    heard = desk.notifications.report_canceled("1042", connection="phone", by="Ben")
    assert heard is not None
    assert [case.state for case in desk.cases.list()] == [State.REJECTED, State.ACTION_REQUIRED]


def test_after_a_part_was_canceled_a_cancel_of_the_whole_is_heard(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["phone"])
    desk.cases.confirm(only(desk.cancel("1042", by="Ann", lines={"MUG": 1}).cases).id, by="Ann")
    heard = desk.notifications.report_canceled("1042", connection="phone", by="Ben")
    assert heard is not None
    assert (heard.is_reported, len(desk.cases.list())) == (True, 2)


def test_a_hint_at_what_was_asked_makes_us_read_back_at_once(
    fake_services_desk: FakeDeskOpener, fake_services: FakeServices
) -> None:
    desk = fake_services_desk(at=["mill"])
    assert only(desk.cancel("1042", by="Ann").cases).state is State.ACKNOWLEDGED
    (heard,) = desk.notifications.handle_webhook("mill", fake_webhook("1042", CHANGED))
    assert heard.case is not None
    assert heard.case.state is State.CANCELED


def test_a_place_that_the_order_was_never_at_is_refused(fake_services_desk: FakeDeskOpener) -> None:
    with pytest.raises(InvalidStateError, match="mill"):
        fake_services_desk(at=["cart"]).notifications.report_canceled("1042", connection="mill", by="Ann")
