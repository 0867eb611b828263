"""What a ledger keeps of the messages that came in, in each kind of database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta

import pytest
from attrs import evolve

from orderdesk_sdk.cases.messages import (
    InboundMessage,
    InboxFullError,
    MessagePurpose,
    MessageSource,
    MessageState,
    OwnMove,
)
from orderdesk_sdk.clock import hours, minutes, seconds
from orderdesk_sdk.errors import InvalidStateError, NotFoundError
from orderdesk_sdk.plugin.webhooks import NotificationKind
from tests.support.builders import LATER, NOW
from tests.support.ledgers import LedgerDatabase, SqlLedger

SHOP, CANCEL = MessageSource.webhook("shop"), MessageSource.cancel()
LEASE = minutes(5)
SOON = NOW + minutes(1)


def message(digest: str, subject: str = "1042", source: MessageSource = SHOP, *, late: float = 0) -> InboundMessage:
    at = NOW + seconds(late)
    return InboundMessage(
        id=f"m-{source}-{digest}",
        source=source,
        subject=subject,
        digest=digest,
        received_at=at,
        kind=NotificationKind.CANCELED if source is SHOP else None,
        event_id="d-1",
        next_try_at=at,
    )


def claim(ledger: SqlLedger, limit: int = 10, *, now: datetime = SOON, without: Collection[str] = ()) -> list[str]:
    return [one.digest for one in ledger.claim_messages(now, now + LEASE, limit, without=without)]


def test_a_message_that_a_clock_ahead_of_time_put_off_is_handled_all_the_same(ledger: SqlLedger) -> None:
    ledger.store_messages([message("a", late=30 * 3600), message("b", "1043")], 10)
    assert claim(ledger, now=NOW + hours(25)) == ["b", "a"]
    assert claim(ledger) == ["a", "b"], "by a clock that is right again"
    assert claim(ledger) == []


class TestStored:
    def test_what_is_stored_is_read_as_it_was(self, ledger: SqlLedger) -> None:
        stored = evolve(message("a"), order_id="1", result="a note", tries=2)
        assert ledger.store_messages([stored], 10) == {"a"}
        assert ledger.message(stored.id) == stored
        assert ledger.messages(MessageState, 10) == (stored,)
        assert ledger.messages([MessageState.FAILED], 10) == ()
        with pytest.raises(NotFoundError):
            ledger.message("another")

    def test_the_same_again_is_not_stored_but_of_another_source_it_is(self, ledger: SqlLedger) -> None:
        ledger.store_messages([message("a"), message("b")], 10)
        assert ledger.store_messages([evolve(message("a"), id="again"), message("c")], 10) == {"c"}
        assert ledger.store_messages([message("a", source=CANCEL)], 10) == {"a"}
        assert ledger.known_digests(SHOP, ["a", "c", "x"]) == {"a", "c"}
        assert ledger.known_digests(CANCEL, ["a", "c"]) == {"a"}

    def test_no_more_are_stored_than_may_wait_and_none_of_several(self, ledger: SqlLedger) -> None:
        ledger.store_messages([message("a"), message("b")], 3)
        with pytest.raises(InboxFullError):
            ledger.store_messages([message("c"), message("d")], 3)
        assert ledger.known_digests(SHOP, "abcd") == {"a", "b"}
        assert ledger.store_messages([message("c")], 3) == {"c"}
        assert ledger.store_messages([message("a")], 3) == frozenset(), "what is known needs no room"
        (claimed, *_) = ledger.claim_messages(LATER, LATER + LEASE, 1)
        ledger.update_message(evolve(claimed, state=MessageState.HANDLED, next_try_at=None))
        assert ledger.store_messages([message("d")], 3) == {"d"}, "what was handled makes room"

    def test_counts_and_the_next_due(self, ledger: SqlLedger) -> None:
        assert ledger.next_message_due() is None
        assert ledger.message_counts() == dict.fromkeys(MessageState, 0)
        ledger.store_messages([message("a", late=5), message("b")], 10)
        assert ledger.next_message_due() == NOW
        assert ledger.message_counts() == {**dict.fromkeys(MessageState, 0), MessageState.RECEIVED: 2}


class TestClaimed:
    def test_one_caller_has_a_message_until_its_time_is_up(self, ledger: SqlLedger) -> None:
        ledger.store_messages([message("a")], 10)
        assert claim(ledger, now=NOW - seconds(1)) == [], "its time has not come"
        (first,) = ledger.claim_messages(NOW, NOW + LEASE, 10)
        assert (first.attempts, first.tries, first.next_try_at) == (1, 1, NOW + LEASE)
        assert claim(ledger, now=NOW + LEASE - seconds(1)) == []
        (second,) = ledger.claim_messages(NOW + LEASE, NOW + 2 * LEASE, 10)
        done = evolve(first, state=MessageState.HANDLED, next_try_at=None)
        assert not ledger.update_message(done), "somebody has begun it since"
        assert not ledger.discard_message(first)
        assert ledger.update_message(evolve(second, state=MessageState.HANDLED, next_try_at=None, result="polled"))
        assert ledger.message(first.id).result == "polled"
        assert not ledger.update_message(second), "what is handled stays so"

    def test_of_one_order_only_the_first_and_the_next_when_that_is_done(self, ledger: SqlLedger) -> None:
        ledger.store_messages([message("a"), message("b"), message("c", "1043"), message("d", source=CANCEL)], 10)
        assert claim(ledger) == ["a", "c", "d"]
        (first,) = [one for one in ledger.messages([MessageState.RECEIVED], 10) if one.digest == "a"]
        assert claim(ledger) == []
        assert ledger.update_message(evolve(first, next_try_at=NOW + minutes(30))), "it is put off"
        assert claim(ledger) == [], "and so is what comes after it"
        again = ledger.message(first.id)
        ledger.update_message(evolve(again, state=MessageState.FAILED, next_try_at=None))
        assert "b" in claim(ledger, now=NOW + minutes(32))

    def test_a_busy_connection_is_passed_over(self, ledger: SqlLedger) -> None:
        ledger.store_messages([message("a"), message("b", "1043"), message("c", source=CANCEL)], 10)
        assert claim(ledger, without=["shop"]) == ["c"]
        assert claim(ledger, 1) == ["a"]
        assert claim(ledger, without=["", "other"]) == ["b"]

    def test_many_processes_never_have_the_same(self, database: LedgerDatabase) -> None:
        with closing(database.open()) as first, closing(database.open()) as second:
            first.store_messages([message(str(number), str(number)) for number in range(60)], 100)
            with ThreadPoolExecutor(6) as pool:
                claims = pool.map(lambda number: claim((first, second)[number % 2], 7), range(12))
                found = Counter(digest for one in claims for digest in one)
        assert found == Counter(map(str, range(60)))


class TestDecided:
    def test_a_failed_message_is_tried_anew_and_a_handled_one_is_not(self, ledger: SqlLedger) -> None:
        ledger.store_messages([message("a"), message("b", "1043")], 10)
        failed, handled = ledger.claim_messages(NOW, NOW + LEASE, 10)
        ledger.update_message(evolve(failed, state=MessageState.FAILED, next_try_at=None))
        ledger.update_message(evolve(handled, state=MessageState.HANDLED, next_try_at=None))
        again = ledger.restart_message(failed.id, LATER, by="Ann")
        assert (again.state, again.attempts, again.tries, again.next_try_at) == (MessageState.RECEIVED, 1, 0, LATER)
        with pytest.raises(InvalidStateError, match="only a failed or refused one"):
            ledger.restart_message(handled.id, LATER, by="Ann")
        with pytest.raises(NotFoundError):
            ledger.restart_message("another", LATER, by="Ann")

    def test_what_is_forgotten_may_come_again(self, ledger: SqlLedger) -> None:
        ledger.store_messages([message("a")], 10)
        (claimed,) = ledger.claim_messages(NOW, NOW + LEASE, 10)
        assert ledger.discard_message(claimed)
        assert ledger.known_digests(SHOP, ["a"]) == frozenset()

    def test_old_messages_go_but_for_those_that_wait(self, ledger: SqlLedger) -> None:
        ledger.store_messages([message("a"), message("b", "1043"), message("c", "1044", late=500)], 10)
        for claimed in ledger.claim_messages(NOW + minutes(20), NOW + minutes(25), 10):
            if claimed.digest != "b":
                ledger.update_message(evolve(claimed, state=MessageState.REFUSED, next_try_at=None))
        assert ledger.remove_old_messages(NOW + seconds(400)) == 1
        assert {one.digest for one in ledger.messages(MessageState, 10)} == {"b", "c"}

    def test_texts_of_an_order_go_and_its_digest_stays(self, ledger: SqlLedger) -> None:
        ledger.store_messages([evolve(message("a"), order_id="1", result="Mara Lindt called")], 10)
        with pytest.raises(InvalidStateError, match="waits to be handled"):
            ledger.remove_personal_texts("1", by="Ann", at=LATER)
        (claimed,) = ledger.claim_messages(NOW, NOW + LEASE, 10)
        ledger.update_message(evolve(claimed, state=MessageState.HANDLED, next_try_at=None))
        ledger.remove_personal_texts("1", by="Ann", at=LATER)
        left = ledger.message(claimed.id)
        assert (left.event_id, left.result, left.digest) == (None, None, "a")


def test_the_last_own_move_of_an_order_is_known(ledger: SqlLedger) -> None:
    assert ledger.own_move("1") is None
    for days, folder in enumerate(("Prepared", "Canceled")):
        ledger.record_own_move(OwnMove("1", folder, NOW + timedelta(days=days)))
    assert ledger.own_move("1") == OwnMove("1", "Canceled", NOW + timedelta(days=1))


class TestMessageSource:
    @pytest.mark.parametrize("source", [SHOP, CANCEL], ids=str)
    def test_its_text_names_it(self, source: MessageSource) -> None:
        assert MessageSource.parse(str(source)) == source

    @pytest.mark.parametrize("text", ["", "webhook", "webhook/", "cancel/shop", "other", "Cancel"])
    def test_any_other_text_is_none(self, text: str) -> None:
        with pytest.raises(NotFoundError):
            MessageSource.parse(text)

    def test_every_purpose_has_a_source(self) -> None:
        assert {SHOP.purpose, CANCEL.purpose} == set(MessagePurpose)
