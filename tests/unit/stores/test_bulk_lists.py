"""Lists of bulks, in every database."""

from __future__ import annotations

from attrs import evolve

from orderdesk_sdk.cases.bulk_lists import BulkList
from tests.support.builders import LATER, NOW
from tests.support.ledgers import SqlLedger

WANTED = BulkList(key="b1", requested_by="Ann", reason="fraud", requested_at=NOW, order_ids=("1", "~2"))


def test_the_first_list_of_a_key_stays(ledger: SqlLedger) -> None:
    assert ledger.find_bulk_list("b1") is None
    assert ledger.add_bulk_list(WANTED) == WANTED
    assert ledger.add_bulk_list(evolve(WANTED, order_ids=("3",), requested_by="Ben")) == WANTED
    assert ledger.find_bulk_list("b1") == WANTED


def test_a_list_says_when_it_was_gone_through_and_what_was_refused(ledger: SqlLedger) -> None:
    ledger.add_bulk_list(WANTED)
    ledger.finish_bulk_list("b1", {2: "the order was submitted nowhere"}, LATER)
    finished = evolve(WANTED, refused={2: "the order was submitted nowhere"}, finished_at=LATER)
    assert ledger.find_bulk_list("b1") == finished


def test_the_newest_come_first(ledger: SqlLedger) -> None:
    ledger.add_bulk_list(WANTED)
    ledger.add_bulk_list(evolve(WANTED, key="b2", requested_at=LATER))
    assert [found.key for found in ledger.recent_bulk_lists(NOW, 5)] == ["b2", "b1"]
    assert [found.key for found in ledger.recent_bulk_lists(NOW, 1)] == ["b2"]
    assert [found.key for found in ledger.recent_bulk_lists(LATER, 5)] == ["b2"]
