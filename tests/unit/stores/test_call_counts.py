"""The calls of a day are counted by all who work on one ledger, and each day by itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

from orderdesk_sdk.cases.call_counts import CallCounts, LocalCallCounts, quota_states
from orderdesk_sdk.plugin.integration import Quota
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.ledgers import SqlLedger

TODAY, TOMORROW = date(2026, 1, 5), date(2026, 1, 6)


def count_a_day(counts: CallCounts, others: CallCounts) -> None:
    """Two that count together take three calls of a day between them, and no more."""
    assert [counts.take("cancel", TODAY, 3), others.take("cancel", TODAY, 3)] == [True, True]
    assert (counts.taken("cancel", TODAY), others.taken("cancel", TODAY)) == (2, 2)
    assert [counts.take("cancel", TODAY, 3) for _ in range(3)] == [True, False, False]
    assert others.take("poll", TODAY, 1)
    assert others.take("cancel", TOMORROW, 3)
    assert counts.taken("cancel", TOMORROW) == 1


def test_a_process_counts_by_itself() -> None:
    counts = LocalCallCounts()
    count_a_day(counts, counts)


def test_a_ledger_counts_for_all_processes(ledger: SqlLedger) -> None:
    count_a_day(ledger.call_counts("acme"), ledger.call_counts("acme"))
    assert ledger.call_counts("other").taken("cancel", TOMORROW) == 0
    slow = ledger.call_counts("acme")
    assert not slow.take("cancel", TODAY, 3), "where a clock is slow, yesterday's calls are counted yet"
    assert slow.take("cancel", date(2026, 1, 7), 3)
    assert slow.taken("cancel", TODAY) == 0


def test_many_threads_take_no_call_too_many(sqlite_ledger: SqliteLedger) -> None:
    counts = sqlite_ledger.call_counts("acme")
    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(lambda _: counts.take("cancel", TODAY, 20), range(50)))
    assert taken.count(True) == 20


def test_a_day_begins_at_the_midnight_of_its_zone() -> None:
    quota = Quota(5, time_zone="Europe/Berlin")
    late = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)
    assert (quota.day(late), quota.opens_at(late)) == (TOMORROW, datetime(2026, 1, 6, 23, tzinfo=UTC))
    counts = LocalCallCounts()
    counts.take("cancel", TOMORROW, 5)
    (state,) = quota_states({"cancel": quota}, counts, late)
    assert (state.used, state.left, state.opens_at) == (1, 4, quota.opens_at(late))
