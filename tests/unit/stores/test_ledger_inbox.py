"""What a ledger holds beside its evidence: the webhooks that were seen, and what rules have still to hear."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orderdesk_sdk.cases.answer_links import AnswerLink, LinkAnswer, StoredLink
from orderdesk_sdk.cases.events import OrderEvent, OrderEventKind, RuleExecution
from orderdesk_sdk.clock import seconds
from orderdesk_sdk.stores.sql import claimed_notifications
from tests.support.builders import LATER, NOW
from tests.support.ledgers import SqlLedger


def test_a_webhook_is_claimed_by_one_until_it_is_settled_or_its_owner_is_taken_for_dead(ledger: SqlLedger) -> None:
    assert ledger.claim_notifications("shop", ["a", "b"], NOW) == {"a", "b"}
    assert ledger.claim_notifications("shop", ["a", "b", "c"], NOW + seconds(1)) == {"c"}
    assert ledger.claim_notifications("other", ["a"], NOW) == {"a"}, "of another connection it is another one"
    ledger.complete_notifications("shop", ["a"], ["b"])
    assert ledger.claim_notifications("shop", ["a", "b", "c"], NOW + seconds(2)) == {"b"}
    assert ledger.claim_notifications("shop", ["a", "b", "c"], NOW + timedelta(minutes=6)) == {"b", "c"}
    assert ledger.claim_notifications("shop", ["a"], NOW + timedelta(days=31)) == {"a"}


def test_only_so_many_webhooks_are_remembered_and_the_oldest_are_forgotten(
    ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claimed_notifications, "MAX_REMEMBERED", 3)
    for number in range(6):
        ledger.claim_notifications("shop", [str(number)], NOW + seconds(number))
        ledger.complete_notifications("shop", [str(number)], [])
    later = NOW + seconds(10)
    assert [bool(ledger.claim_notifications("shop", [str(number)], later)) for number in (5, 4)] == [False, False]
    assert ledger.claim_notifications("shop", ["0"], later) == {"0"}


def test_an_order_event_is_handled_once_with_what_follows_and_one_that_is_taken_back_is_new(ledger: SqlLedger) -> None:
    first, second, follows = (
        OrderEvent(name, OrderEventKind.CASE_SETTLED, "1", NOW) for name in ("first", "second", "follows")
    )
    ledger.add_events([first, second, first])
    assert ledger.pending_events(10) == (first, second)
    done = RuleExecution("a rule", "an action", "done")
    assert ledger.complete_event(first, [done], [follows, second], LATER)
    assert not ledger.complete_event(first, [done], [follows], LATER)
    assert ledger.pending_events(10) == (second, follows)
    assert ledger.pending_events(1) == (second,)
    assert ledger.rule_executions("1") == ((LATER, done),)
    assert ledger.latest_rule_executions(10) == (("1", LATER, done),)
    assert ledger.latest_rule_executions(0) == ()
    ledger.discard_event(second)
    ledger.discard_event(first)
    ledger.add_events([second, first])
    assert ledger.pending_events(10) == (follows, second), "what was handled stays so"


def test_links_are_known_by_their_digests_until_long_after_their_end_and_those_of_one_mail_are_used_together(
    ledger: SqlLedger,
) -> None:
    ends = NOW + timedelta(days=14)
    of_first = [StoredLink(f"1 {answer.value}", AnswerLink("c", 1, answer, ends)) for answer in LinkAnswer]
    of_second = StoredLink("2", AnswerLink("c", 2, LinkAnswer.CANCELED, ends))
    ledger.record_links([*of_first, of_second], NOW)
    assert ledger.find_link("1 canceled") == of_first[0]
    assert ledger.find_link("another") is None
    ledger.mark_links_used("c", 1, LATER)
    assert [found.used_at for found in map(ledger.find_link, ("1 canceled", "1 shipped", "2")) if found] == [
        LATER,
        LATER,
        None,
    ]
    ledger.record_links(of_first, LATER)
    ledger.mark_links_used("c", 1, ends)
    found = ledger.find_link("1 rejected")
    assert found is not None
    assert found.used_at == LATER, "the first use stays"
    ledger.record_links([], ends + timedelta(days=91))
    assert ledger.find_link("1 canceled") is None
