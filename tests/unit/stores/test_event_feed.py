"""The feed of a whole ledger: read after a sequence, in each kind of database, nothing is missed."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.event_feed import FeedEvent, FeedEventKind
from orderdesk_sdk.cases.history import EntryContent
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.state_machine import Event, EventKind, transition
from orderdesk_sdk.clock import hours
from orderdesk_sdk.stores.postgres.write_session import PostgresWriteSession
from orderdesk_sdk.stores.sqlite.write_session import SqliteWriteSession
from tests.support.builders import (
    ACKNOWLEDGED,
    DONE,
    EXCHANGE,
    INTENT,
    LATER,
    NOW,
    SENT,
    make_resubmission,
    open_case,
)
from tests.support.ledgers import LedgerDatabase, SqlLedger
from tests.unit.stores.test_hash_chain import CANCELED

POLLED = Event(EventKind.POLL_STARTED, LATER, due_at=LATER)
LINES_OF_A_CASE = 6


def change(ledger: SqlLedger, event: Event, *before: EntryContent, number: str = "1") -> CancelCase:
    """The case of an order after an event, with these entries before it."""
    case = ledger.case(f"c{number}-1", CancelCase)
    after = transition(case, event).case
    ledger.write(CaseUpdate(case, after, [*before, event]))
    return after


def cancel(ledger: SqlLedger, number: str = "1") -> CancelCase:
    """A case that was canceled: six lines."""
    open_case(ledger, number)
    change(ledger, SENT, number=number)
    change(ledger, ACKNOWLEDGED, INTENT, EXCHANGE, number=number)
    return change(ledger, CANCELED, number=number)


def read_all(ledger: SqlLedger, after: int = 0, limit: int = 2) -> Iterator[FeedEvent]:
    """Every event, a page at a time."""
    has_more = True
    while has_more:
        page = ledger.read_feed(after, limit)
        assert page.is_complete
        yield from page.events
        after, has_more = page.next_after, page.has_more


class TestEvents:
    def test_the_story_of_a_case_with_the_state_that_each_event_led_to(self, ledger: SqlLedger) -> None:
        cancel(ledger)
        ledger.append(ledger.case("c1-1", CancelCase), ["the warehouse called"], if_unchanged=True)
        told = [(one.sequence, one.kind, one.event, one.summary) for one in read_all(ledger)]
        assert told == [
            (1, FeedEventKind.OPENED, None, "opened"),
            (2, FeedEventKind.EVENT, EventKind.SEND_STARTED, "send started"),
            (3, FeedEventKind.SENT, None, "PUT https://api.example/1042"),
            (4, FeedEventKind.ANSWERED, None, "PUT https://api.example/1042"),
            (5, FeedEventKind.EVENT, EventKind.ACKNOWLEDGED, "acknowledged"),
            (6, FeedEventKind.EVENT, EventKind.CANCELED, "canceled"),
            (7, FeedEventKind.NOTE, None, "note"),
        ]
        states = {one.sequence: one.state for one in read_all(ledger) if one.sets_state}
        assert states == {2: State.SENDING, 5: State.ACKNOWLEDGED, 6: State.CANCELED}
        now = {one.state for one in read_all(ledger) if not one.sets_state}
        assert now == {State.CANCELED}, "of lines that set none, the state now"
        messages = {one.sequence: one.message for one in read_all(ledger)}
        assert (messages[4], messages[5], messages[7]) == ("answered 200", "noted", "the warehouse called")
        assert not any("ok" in str(one) and "true" in str(one) for one in read_all(ledger)), "no body"

    def test_whose_event_it_is_and_when_the_case_is_due(self, ledger: SqlLedger) -> None:
        open_case(ledger)
        ledger.open_case(make_resubmission(), "key")
        first, second = read_all(ledger)
        assert (first.case_id, first.case_kind, first.cancellation_id) == ("c1-1", "cancel", "c1")
        assert (first.order_id, first.order_number, first.connection) == ("1", "101", "shop-1")
        assert (first.at, first.due_at, first.state) == (NOW, NOW, State.PENDING)
        assert (second.case_id, second.case_kind, second.cancellation_id) == ("r1", "resubmission", None)

    def test_a_poll_tells_the_state_now_and_a_row_written_anew_that_it_was(self, ledger: SqlLedger) -> None:
        open_case(ledger)
        change(ledger, SENT)
        change(ledger, ACKNOWLEDGED)
        asked = change(ledger, POLLED)
        ledger.write(CaseUpdate(asked, evolve(asked, due_at=LATER + hours(1), version=asked.version + 1)))
        polled, moved = list(read_all(ledger))[-2:]
        assert (polled.event, polled.state, polled.sets_state) == (EventKind.POLL_STARTED, State.ACKNOWLEDGED, False)
        assert (moved.kind, moved.due_at) == (FeedEventKind.UPDATED, LATER + hours(1))


class TestPages:
    @pytest.mark.parametrize("limit", [1, 3, 100])
    def test_every_line_once_whatever_the_page(self, ledger: SqlLedger, limit: int) -> None:
        for number in ("1", "2", "3"):
            cancel(ledger, number)
        assert [one.sequence for one in read_all(ledger, limit=limit)] == list(range(1, 3 * LINES_OF_A_CASE + 1))
        assert [one.sequence for one in read_all(ledger, after=16, limit=limit)] == [17, 18]

    def test_at_the_head_there_is_nothing_and_nothing_is_missing(self, ledger: SqlLedger) -> None:
        assert ledger.read_feed(0, 10).next_after == 0
        cancel(ledger)
        page = ledger.read_feed(ledger.head().count, 10)
        assert (page.events, page.next_after, page.has_more, page.is_complete) == ((), LINES_OF_A_CASE, False, True)

    def test_of_some_connections_only(self, ledger: SqlLedger) -> None:
        cancel(ledger)
        ledger.open_case(make_resubmission(), "key")
        page = ledger.read_feed(0, 100)
        assert {one.case_id for one in page.only(["shop"]).events} == {"r1"}
        assert page.only([]).events == ()
        assert page.only([]).next_after == LINES_OF_A_CASE + 1, "the next page begins after what was not wanted"

    def test_who_is_ahead_of_a_ledger_that_was_put_back_is_told_so(self, ledger: SqlLedger) -> None:
        cancel(ledger)
        page = ledger.read_feed(LINES_OF_A_CASE + 1, 10)
        assert (page.events, page.next_after, page.is_complete) == ((), LINES_OF_A_CASE, False)


class TestArchived:
    def test_who_has_not_seen_what_was_archived_is_told_so_and_who_has_is_not(
        self, ledger: SqlLedger, tmp_path: Path
    ) -> None:
        cancel(ledger)
        assert ledger.archive(LATER + hours(1), tmp_path / "old.jsonl", by="Ann", at=LATER).entry_count == 4
        open_case(ledger, "2")
        page = ledger.read_feed(0, 100)
        assert [one.sequence for one in page.events] == [1, 6, 7], "the first line and the one that settled it stay"
        assert not page.is_complete
        assert not ledger.read_feed(4, 100).is_complete, "line 5 is missing"
        assert ledger.read_feed(5, 100).is_complete
        assert ledger.read_feed(0, 1).is_complete, "the first page has all there was"
        assert not ledger.read_feed(1, 1).is_complete


class TestDamaged:
    def test_a_damaged_line_and_a_damaged_case_are_told_and_the_rest_goes_on(
        self, database: LedgerDatabase, ledger: SqlLedger
    ) -> None:
        cancel(ledger)
        cancel(ledger, "2")
        database.tamper(
            "UPDATE history SET data = '{' WHERE sequence = 2", "UPDATE cases SET data = '{' WHERE id = 'c2-1'"
        )
        events = list(read_all(ledger))
        assert [one.sequence for one in events] == list(range(1, 13))
        assert (events[1].kind, events[1].summary) == (FeedEventKind.UNREADABLE, "unreadable")
        assert (events[8].order_number, events[8].order_id, events[8].connection) == ("?", "2", "shop-1")
        assert len(ledger.damaged()) == 2


class TestWriters:
    """Nobody who reads may see a line before one with a lower sequence."""

    WRITERS = 4
    CASES = 12

    @pytest.fixture(autouse=True)
    def commit_slowly(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever has numbered its lines commits them at another time than the others."""
        chance = random.Random(15)  # noqa: S311 - delays, no secrets
        commit_sqlite, commit_postgres = SqliteWriteSession.commit, PostgresWriteSession.commit

        def wait() -> None:
            time.sleep(chance.random() / 100)

        def late_sqlite(session: SqliteWriteSession) -> None:
            wait()
            commit_sqlite(session)

        def late_postgres(session: PostgresWriteSession) -> None:
            wait()
            commit_postgres(session)

        monkeypatch.setattr(SqliteWriteSession, "commit", late_sqlite)
        monkeypatch.setattr(PostgresWriteSession, "commit", late_postgres)

    def test_a_reader_misses_nothing_that_is_committed_late(self, database: LedgerDatabase) -> None:
        wanted = self.WRITERS * self.CASES * LINES_OF_A_CASE
        with ExitStack() as stack:
            writers = [stack.enter_context(closing(database.open())) for _ in range(self.WRITERS)]
            reader = stack.enter_context(closing(database.open()))
            seen: list[int] = []
            done = threading.Event()

            def read() -> None:
                after = 0
                while len(seen) < wanted and not done.is_set():
                    page = reader.read_feed(after, 5)
                    seen.extend(one.sequence for one in page.events)
                    after = page.next_after

            def write(number: int) -> None:
                for order in range(self.CASES):
                    cancel(writers[number], f"{number + 1}{order:02}")

            with ThreadPoolExecutor(self.WRITERS + 1) as pool:
                reading = pool.submit(read)
                for writing in [pool.submit(write, number) for number in range(self.WRITERS)]:
                    writing.result(timeout=120)
                try:
                    reading.result(timeout=120)
                finally:
                    done.set()
        assert seen == list(range(1, wanted + 1))


def test_a_settled_case_of_another_kind_says_done(ledger: SqlLedger) -> None:
    case, _ = ledger.open_case(make_resubmission(), "key")
    done = transition(transition(case, SENT).case, DONE).case
    ledger.write(CaseUpdate(case, evolve(done, version=case.version + 1), [SENT, DONE]))
    assert [one.state for one in read_all(ledger) if one.sets_state] == [State.SENDING, State.DONE]
