"""What services said of orders beforehand: kept beside each other, read as of a moment, and gone with the texts."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

from attrs import evolve

from orderdesk_sdk.cases.eligibility import EligibilityReading
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.eligibility import Eligibility
from orderdesk_sdk.plugin.reasons import ReasonCode, StandardReason
from orderdesk_sdk.stores.sql.eligibility_readings import KEPT_FOR
from tests.support.builders import NOW
from tests.support.ledgers import LedgerDatabase, SqlLedger

STOCK = ReasonCode("STOCK", "Out of stock", [StandardReason.OUT_OF_STOCK], note="counts against the seller")
EXCHANGE = Exchange(
    Intent(1, "eligibility", "POST", "https://shop.example", "d", idempotent=True, at=NOW), NOW, status=200, body="{}"
)
YES = Eligibility(True, [STOCK], until=NOW + hours(1))
FIRST = EligibilityReading("1", "shop", "A-1", NOW, "Ann", YES, (EXCHANGE,))
SECOND = evolve(
    FIRST, read_at=NOW + minutes(5), eligibility=Eligibility(False, rejection=Rejection.SHIPPED, message="it left")
)


def test_a_reading_comes_back_as_it_was(ledger: SqlLedger) -> None:
    ledger.record_eligibility(FIRST)
    assert ledger.eligibility_readings("1") == {"shop": FIRST}
    assert ledger.eligibility_readings("2") == {}


def test_the_newest_counts_and_an_earlier_one_is_found_by_its_time(ledger: SqlLedger) -> None:
    for reading in (FIRST, SECOND, evolve(FIRST, connection="other")):
        ledger.record_eligibility(reading)
    assert ledger.eligibility_readings("1") == {"shop": SECOND, "other": evolve(FIRST, connection="other")}
    before = SECOND.read_at - timedelta(microseconds=1)
    assert ledger.eligibility_readings("1", until=before)["shop"] == FIRST
    assert ledger.eligibility_readings("1", until=SECOND.read_at)["shop"] == SECOND


def test_old_readings_are_forgotten(ledger: SqlLedger) -> None:
    ledger.record_eligibility(FIRST)
    ledger.record_eligibility(evolve(FIRST, order_id="2", read_at=NOW + KEPT_FOR + minutes(1)))
    assert ledger.eligibility_readings("1") == {}


def test_a_damaged_reading_is_passed_over(database: LedgerDatabase) -> None:
    with closing(database.open()) as ledger:
        ledger.record_eligibility(FIRST)
        with database.stranger() as cursor:
            cursor.execute("UPDATE eligibility_readings SET data = '{'")
        assert ledger.eligibility_readings("1") == {}


def test_readings_go_with_the_personal_texts_of_their_order(ledger: SqlLedger) -> None:
    ledger.record_eligibility(FIRST)
    ledger.record_eligibility(evolve(FIRST, order_id="2"))
    ledger.remove_personal_texts("1", by="Ann", at=NOW)
    assert ledger.eligibility_readings("1") == {}
    assert set(ledger.eligibility_readings("2")) == {"shop"}
