"""A receipt of thousands of polls: what it tells of requests, and that its history is walked only a few times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from attrs import evolve

from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.history import HistoryEntry
from orderdesk_sdk.cases.history_lines import HistoryLine
from orderdesk_sdk.cases.receipt import Receipt, make_receipt
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.builders import NOW, make_cancellation, make_case_of, open_case

POLLS = 100
ORDER = Order("1", "101")


class CountingHistory(tuple[HistoryEntry, ...]):  # noqa: SLOT001 - a tuple takes no slots, and this counts
    """A history that counts how often it is walked through."""

    walks = 0

    def __iter__(self) -> Iterator[HistoryEntry]:
        type(self).walks += 1
        return super().__iter__()


class CountingLedger(SqliteLedger):
    """A ledger whose histories count."""

    def history(
        self, subject_id: str, *, limit: int | None = None, after: HistoryEntry | None = None
    ) -> tuple[HistoryEntry, ...]:
        return CountingHistory(super().history(subject_id, limit=limit, after=after))


def poll(number: int) -> Intent:
    return Intent(number, "poll", "GET", "https://acme.example/orders/1", "", idempotent=True, at=NOW)


def test_of_many_requests_only_those_without_an_outcome_are_told_and_in_one_walk(tmp_path: Path) -> None:
    CountingHistory.walks = 0
    with closing(CountingLedger(tmp_path / "ledger.db")) as ledger:
        case = open_case(ledger)
        for number in range(1, POLLS + 1):
            intent = poll(number)
            answered = [Exchange(intent, NOW, status=200)] if number != POLLS else []
            ledger.append(case, [intent, *answered], if_unchanged=True)
        (receipt,) = make_receipt(ORDER, (), ledger, NOW, lambda _: "unknown").cancellations
        lines = receipt.cases[0].history
    told = [line for line in lines if line.message == "about to be sent; the outcome is not recorded"]
    assert (len(told), len(lines)) == (1, POLLS)
    assert CountingHistory.walks <= 4


def test_pages_of_a_receipt_have_every_line_of_all_its_cases_once(tmp_path: Path) -> None:
    with closing(SqliteLedger(tmp_path / "ledger.db")) as ledger:
        cancellation = make_cancellation("1")
        cases = [make_case_of(cancellation, number) for number in (1, 2)]
        ledger.open_cancellation(cancellation, "", cases)
        for number in range(5):
            for case in cases:
                ledger.append(case, [f"note {number} of {case.id}"], if_unchanged=True)
        whole = make_receipt(ORDER, (), ledger, NOW, lambda _: "unknown")
    every_line = lines_of(whole)
    assert len(every_line) == 10
    found: list[HistoryLine] = []
    after: int | None = 0
    pages = 0
    while after is not None:
        page = whole.page(limit=4, after=after)
        pages += 1
        found += lines_of(page)
        assert evolve(page, cancellations=(), next_after=None) == evolve(whole, cancellations=())
        after = page.next_after
    assert (found, pages) == (every_line, 3)
    assert whole.page(limit=None, after=0) == whole
    assert whole.page(limit=10, after=0) == whole, "where no line comes later, there is no next page"
    assert lines_of(whole.page(limit=None, after=every_line[6].sequence)) == every_line[7:]


def lines_of(receipt: Receipt) -> list[HistoryLine]:
    """The lines of all histories, in their order."""
    lines = (line for one in receipt.cancellations for case in one.cases for line in case.history)
    return sorted(lines, key=lambda line: line.sequence)
