"""What a ledger tells of what waits for a person, in every database."""

from __future__ import annotations

import pytest
from attrs import evolve

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.inbox import SeenAlarm
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.messages import InboundMessage, MessageSource, MessageState
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.stores.sql import inbox_records
from tests.support.builders import LATER, NOW, make_resubmission, open_case
from tests.support.ledgers import SqlLedger


def shipped(ledger: SqlLedger, number: str) -> str:
    """The id of a case whose order shipped anyway."""
    case = open_case(ledger, number)
    ledger.write(CaseUpdate(case, evolve(case, state=State.SHIPPED_ANYWAY, due_at=None, version=case.version + 1)))
    return case.id


def test_what_waits_is_counted_by_kind_up_to_a_bound(ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ledger.count_waiting().action_required == {
        "cancel": 0,
        "status change": 0,
        "resubmission": 0,
        "response": 0,
    }
    for number in "123":
        open_case(ledger, number, state=State.ACTION_REQUIRED)
    open_case(ledger, "4")
    ledger.open_case(make_resubmission(state=State.ACTION_REQUIRED))
    waiting = ledger.count_waiting()
    assert (waiting.action_required["cancel"], waiting.action_required["resubmission"]) == (3, 1)
    assert (waiting.alarms, waiting.messages) == (0, 0)
    monkeypatch.setattr(inbox_records, "MAX_COUNTED", 2)
    assert ledger.count_waiting().action_required["cancel"] == 2


def test_an_alarm_is_told_until_somebody_has_taken_care_of_it(ledger: SqlLedger) -> None:
    first, second = shipped(ledger, "1"), shipped(ledger, "2")
    assert [case.id for case in ledger.unseen_alarms(10)] == [first, second]
    assert [case.id for case in ledger.unseen_alarms(1)] == [first]
    assert ledger.seen_alarm(first) is None
    seen = SeenAlarm(first, "Ann", NOW)
    assert ledger.mark_alarm_seen(seen)
    assert not ledger.mark_alarm_seen(SeenAlarm(first, "Ben", LATER)), "the first one stays"
    assert ledger.seen_alarm(first) == seen
    assert [case.id for case in ledger.unseen_alarms(10)] == [second]
    assert ledger.count_waiting().alarms == 1


def test_the_messages_about_an_order_are_found_newest_first(ledger: SqlLedger) -> None:
    made = InboundMessage(
        id="m0", source=MessageSource.webhook("shop"), subject="1042", digest="0", received_at=NOW, next_try_at=NOW
    )
    several = [
        evolve(made, id=f"m{number}", digest=str(number), order_id="1", received_at=NOW + minutes(number))
        for number in range(1, 4)
    ]
    ledger.store_messages([made, *several, evolve(made, id="m9", digest="9", order_id="2")], 10)
    assert [one.id for one in ledger.messages_about("1", 2)] == ["m3", "m2"]
    for message in ledger.claim_messages(NOW + hours(1), NOW + hours(2), 10):
        ledger.update_message(evolve(message, state=MessageState.REFUSED, next_try_at=None))
    assert ledger.count_waiting().messages == 1, "of one subject only the first is begun"
