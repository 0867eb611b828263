"""A receipt of thousands of polls: what it tells of requests, and that its history is walked only a few times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.history import HistoryEntry
from orderdesk_sdk.cases.receipt import make_receipt
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from tests.support.builders import NOW, open_case

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
