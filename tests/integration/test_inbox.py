"""What needs a person: alarms first, then what is overdue, each with what helps to decide."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.case_actions import CaseAction
from orderdesk_sdk.cases.inbox import InboxKind
from orderdesk_sdk.cases.messages import InboundMessage, MessageSource, MessageState
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.desk import inbox
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import InvalidStateError, ValidationError
from orderdesk_sdk.orders.order import Order, OrderLine
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from tests.support.email_child import EMAIL_ONLY, EmailOnlyPlugin
from tests.support.fake_market import FakeMarketplace, FakeMarketServices, market_webhook
from tests.support.fake_services import FakeDeskOpener, FakeManualService
from tests.support.phone import Phone


@pytest.fixture
def fake_services() -> FakeMarketServices:
    return FakeMarketServices()


def opened(path: Path, clock: VirtualClock) -> Desk:
    """A desk of a connection that is asked by telephone, and of one that is asked by mail."""
    registry = PluginRegistry()
    registry.register(Phone(), "phone")
    registry.register(EmailOnlyPlugin(), EMAIL_ONLY)
    configured = {
        "phone": ConnectionConfig("phone", "phone", {}, "[connections.phone]"),
        EMAIL_ONLY: ConnectionConfig(EMAIL_ONLY, EMAIL_ONLY, {"to": "stop@mww.example"}, "[connections.mail]"),
    }
    return Desk(Config(path, configured), clock=clock, registry=registry)


def cancel(desk: Desk, number: str, connection: str = "phone") -> str:
    """The id of the case of a cancel that a person is to do."""
    desk.orders.import_orders([Order(f"id-{number}", number, lines=(OrderLine(1, code="MUG"),))], by="Ann")
    desk.orders.register(number, connection=connection, by="Ann")
    (case,) = desk.cancel(number, by="Ann", reason="customer asked").cases
    return case.id


def ids(desk: Desk, **narrowed: object) -> list[str]:
    return [item.subject.id for item in desk.inbox.list(**narrowed).items]  # type: ignore[arg-type]  # of the test


def fail_message(desk: Desk, clock: VirtualClock, order_id: str) -> str:
    """The id of a message about an order that could not be handled."""
    made = InboundMessage(
        id="m1",
        source=MessageSource.webhook("phone"),
        subject="1001",
        digest="1",
        received_at=clock.now(),
        order_id=order_id,
        next_try_at=clock.now(),
    )
    desk.ledger.store_messages([made], 10)
    (begun,) = desk.ledger.claim_messages(clock.now(), clock.now() + hours(1), 10)
    desk.ledger.update_message(evolve(begun, state=MessageState.FAILED, next_try_at=None, result="no such order"))
    return "m1"


def test_an_empty_inbox_counts_nothing(path: Path, clock: VirtualClock) -> None:
    with opened(path, clock) as desk:
        assert desk.inbox.counts().total == 0
        assert desk.inbox.list() == inbox.InboxPage((), 0, is_cut=False)


def test_alarms_come_first_then_what_is_overdue_then_the_rest_by_when_it_is_due(
    path: Path, clock: VirtualClock
) -> None:
    with opened(path, clock) as desk:
        overdue = cancel(desk, "1001")
        clock.advance(hours(25))
        desk.run_due()
        message = fail_message(desk, clock, "id-1001")
        first, second = cancel(desk, "1002"), cancel(desk, "1003", EMAIL_ONLY)
        alarm = cancel(desk, "1004")
        desk.notifications.report_shipped("1004", by="Ben")
        assert ids(desk) == [alarm, overdue, first, second, message]
        items = desk.inbox.list().items
        assert [item.is_overdue for item in items] == [True, True, False, False, False]
        assert items[1].since < items[1].due_by <= clock.now()
        counts = desk.inbox.counts()
        assert counts.by_kind[InboxKind.CANCEL] == 3
        assert (counts.by_kind[InboxKind.ALARM], counts.by_kind[InboxKind.MESSAGE], counts.total) == (1, 1, 5)
        assert ids(desk, kinds=[InboxKind.CANCEL]) == [overdue, first, second]
        assert ids(desk, connection=EMAIL_ONLY) == [second]
        assert ids(desk, limit=2, offset=2) == [first, second]
        assert desk.inbox.list(limit=1).total == 5


def test_more_than_are_looked_at_is_said(path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "MAX_LISTED", 1)
    with opened(path, clock) as desk:
        first, _ = cancel(desk, "1001"), cancel(desk, "1002")
        page = desk.inbox.list(limit=1)
        assert ([item.subject.id for item in page.items], page.total, page.is_cut) == ([first], 1, True)
        with pytest.raises(ValidationError, match="limit must be"):
            desk.inbox.list(limit=0)


def test_an_alarm_leaves_the_inbox_when_somebody_has_taken_care_of_it(path: Path, clock: VirtualClock) -> None:
    with opened(path, clock) as desk:
        alarm, other = cancel(desk, "1001"), cancel(desk, "1002")
        desk.notifications.report_shipped("1001", by="Ben")
        with pytest.raises(InvalidStateError, match="is not an alarm"):
            desk.inbox.mark_seen(other, by="Ann")
        with pytest.raises(ValidationError):
            desk.inbox.mark_seen(alarm, by=" ")
        seen = desk.inbox.mark_seen(alarm, by="Ann", note="called back")
        clock.advance(minutes(1))
        assert desk.inbox.mark_seen(alarm, by="Ben") == seen
        assert ids(desk) == [other]
        details = desk.cases.details(alarm)
        assert (details.seen, details.case.state) == (seen, State.SHIPPED_ANYWAY)
        assert details.history[-1].message == "Ann has taken care of the alarm: called back"
        assert details.obstacles[CaseAction.CONFIRM] == "the case is shipped anyway"


def test_a_request_of_somebody_else_waits_until_it_is_decided(
    fake_services_desk: FakeDeskOpener, fake_services: FakeMarketServices, clock: VirtualClock
) -> None:
    desk = fake_services_desk(FakeMarketplace(), FakeManualService(), at=["market", "phone"])
    fake_services.ask()
    desk.notifications.handle_webhook("market", market_webhook())
    (item,) = desk.inbox.list().items
    case = desk.responses.list()[0]
    assert (item.kind, item.subject.id, item.due_by) == (InboxKind.RESPONSE, case.id, case.answer_by)
    assert desk.inbox.counts().by_kind[InboxKind.RESPONSE] == 1
    assert desk.cases.details(case.id).obstacles[CaseAction.ANSWER] is None
    desk.responses.accept(case.id, by="Ann")
    assert InboxKind.RESPONSE not in {one.kind for one in desk.inbox.list().items}
    assert desk.inbox.counts().by_kind[InboxKind.RESPONSE] == 0


def test_the_details_of_a_case_have_what_helps_to_decide(path: Path, clock: VirtualClock) -> None:
    with opened(path, clock) as desk:
        mailed, phoned = cancel(desk, "1001", EMAIL_ONLY), cancel(desk, "1002")
        fail_message(desk, clock, "id-1001")
        details = desk.cases.details(mailed)
        assert details.mail is not None
        assert details.mail.is_draft
        assert "To: stop@mww.example" in details.mail.text
        assert [message.id for message in details.messages] == ["m1"]
        assert details.cancellation is not None
        assert details.cancellation.reason == "customer asked"
        assert details.integrity.flaws == ()
        assert {action for action, obstacle in details.obstacles.items() if obstacle is None} == {
            CaseAction.CONFIRM,
            CaseAction.REJECT,
            CaseAction.RETRY,
        }
        assert "asked already" in str(details.obstacles[CaseAction.WITHDRAW])
        assert "nothing that can be asked" in str(details.obstacles[CaseAction.POLL])
        desk.cases.add_note(phoned, "called, no answer", by="Ben")
        by_phone = desk.cases.details(phoned, lines=1)
        assert (by_phone.instruction, by_phone.route, by_phone.title) == ("Call them.", "a person", "Phone")
        assert (by_phone.mail, len(by_phone.history)) == (None, 1)
        assert by_phone.earlier_lines == 1
        desk.cases.confirm(phoned, by="Ben", note="Sue said so")
        proof = desk.cases.details(phoned).evidence
        assert proof is not None
        assert (proof.person, proof.note) == ("Ben", "Sue said so")
