"""What a ledger keeps of looks into the order store: whose turn it is, how far the last came, and what came in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orderdesk_sdk.cases.messages import InboxFullError, MessageSource, MessageState
from orderdesk_sdk.cases.order_watch import SeenOrder, WatchLook
from orderdesk_sdk.clock import minutes, seconds
from tests.support.builders import NOW
from tests.support.ledgers import SqlLedger

MINUTE = timedelta(minutes=1)


def finish(ledger: SqlLedger, after: timedelta, *seen: SeenOrder, is_first: bool = False, most: int = 100) -> int:
    until = NOW + after
    return ledger.finish_look(until, seen, until, max_waiting=most, is_first=is_first)


def inside(*ids: str) -> list[SeenOrder]:
    return [SeenOrder(order_id, is_in=True) for order_id in ids]


def subjects(ledger: SqlLedger) -> list[str]:
    return sorted(message.subject for message in ledger.messages(tuple(MessageState), 100))


def test_one_caller_looks_in_each_interval_and_goes_on_where_the_last_finished_look_ended(ledger: SqlLedger) -> None:
    assert ledger.begin_look(NOW, MINUTE) == WatchLook(NOW, is_first=True)
    assert ledger.begin_look(NOW + seconds(59), MINUTE) is None
    assert ledger.begin_look(NOW, timedelta(0)) == WatchLook(NOW, is_first=True), "who asks for one now"
    assert ledger.begin_look(NOW, MINUTE) is not None
    assert ledger.begin_look(NOW + seconds(59), MINUTE) is None
    # The first look was never finished, so it is still the first.
    assert ledger.begin_look(NOW + seconds(60), MINUTE) == WatchLook(NOW + seconds(60), is_first=True)
    finish(ledger, seconds(61), is_first=True)
    assert ledger.begin_look(NOW + seconds(90), MINUTE) is None
    later = ledger.begin_look(NOW + minutes(5), MINUTE)
    assert later == WatchLook(NOW + seconds(61), is_first=False)


def test_a_look_that_a_clock_ahead_of_time_put_off_is_taken_all_the_same(ledger: SqlLedger) -> None:
    assert ledger.begin_look(NOW + timedelta(days=400), MINUTE) is not None
    finish(ledger, timedelta(days=400), is_first=True)
    look = ledger.begin_look(NOW, MINUTE)
    assert look == WatchLook(NOW, is_first=False), "nor is anything before now left out"


def test_looks_go_back_with_a_store_whose_clock_was_set_back(ledger: SqlLedger) -> None:
    ledger.begin_look(NOW, MINUTE)
    finish(ledger, timedelta(days=2), is_first=True)
    finish(ledger, minutes(1))
    assert ledger.begin_look(NOW + timedelta(days=1), MINUTE) == WatchLook(NOW + minutes(1), is_first=False)


def test_an_order_that_stays_in_is_one_message_and_one_that_comes_in_again_another(ledger: SqlLedger) -> None:
    assert finish(ledger, minutes(0), *inside("old"), is_first=True) == 0
    assert finish(ledger, minutes(1), *inside("old", "new"), SeenOrder("else", is_in=False)) == 1
    assert finish(ledger, minutes(2), *inside("old", "new")) == 0
    assert finish(ledger, minutes(3), SeenOrder("old", is_in=False), SeenOrder("new", is_in=False)) == 0
    assert finish(ledger, minutes(4), *inside("old", "new", "else")) == 3
    assert subjects(ledger) == ["else", "new", "new", "old"]
    found = ledger.messages([MessageState.RECEIVED], 100)
    assert {message.source for message in found} == {MessageSource.cancel()}
    assert {message.next_try_at for message in found if message.subject == "else"} == {NOW + minutes(4)}


def test_a_look_whose_messages_do_not_fit_changes_nothing(ledger: SqlLedger) -> None:
    ledger.begin_look(NOW, MINUTE)
    finish(ledger, minutes(0), is_first=True)
    with pytest.raises(InboxFullError):
        finish(ledger, minutes(1), *inside("1", "2"), most=1)
    assert subjects(ledger) == []
    look = ledger.begin_look(NOW + minutes(9), MINUTE)
    assert look == WatchLook(NOW, is_first=False), "the next look begins where this one did"
    assert finish(ledger, minutes(9), *inside("1", "2")) == 2
