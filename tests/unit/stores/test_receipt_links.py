"""What a ledger keeps of links to receipts, in every database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.cases.receipt_links import ReceiptLink
from orderdesk_sdk.clock import hours
from orderdesk_sdk.errors import NotFoundError
from orderdesk_sdk.stores.sql.receipt_links import KEPT_AFTER_EXPIRY
from tests.support.builders import NOW, open_case
from tests.support.ledgers import LedgerDatabase, SqlLedger

DAY = timedelta(days=1)
LINK = ReceiptLink("l1", "1", "Ann", NOW, NOW + DAY)


def test_a_link_is_found_by_the_digest_of_its_token_alone(ledger: SqlLedger) -> None:
    ledger.add_receipt_link(LINK, "ab12")
    assert ledger.find_receipt_link("ab12") == LINK
    assert ledger.find_receipt_link("ab13") is None


def test_links_of_an_order_come_the_newest_first(ledger: SqlLedger) -> None:
    later = evolve(LINK, id="l2", created_at=NOW + hours(1))
    for digest, link in {"a": LINK, "b": later, "c": evolve(LINK, id="l3", order_id="2")}.items():
        ledger.add_receipt_link(link, digest)
    assert ledger.receipt_links("1") == (later, LINK)
    assert ledger.receipt_links("3") == ()


def test_who_revoked_a_link_first_did(ledger: SqlLedger) -> None:
    ledger.add_receipt_link(LINK, "ab12")
    revoked = ledger.revoke_receipt_link("l1", by="Ben", at=NOW + hours(1))
    assert revoked == evolve(LINK, revoked_by="Ben", revoked_at=NOW + hours(1))
    assert ledger.revoke_receipt_link("l1", by="Eve", at=NOW + hours(2)) == revoked
    assert ledger.find_receipt_link("ab12") == revoked
    with pytest.raises(NotFoundError, match="l9"):
        ledger.revoke_receipt_link("l9", by="Ben", at=NOW)


@pytest.mark.parametrize(
    ("link", "is_usable"),
    [
        (LINK, True),
        (evolve(LINK, expires_at=NOW), False),
        (evolve(LINK, revoked_by="Ben", revoked_at=NOW), False),
    ],
)
def test_a_link_leads_somewhere_until_it_expires_or_is_revoked(link: ReceiptLink, is_usable: bool) -> None:
    assert link.is_usable(NOW) is is_usable


def test_links_that_expired_long_ago_are_forgotten(ledger: SqlLedger) -> None:
    ledger.add_receipt_link(LINK, "a")
    long_after = LINK.expires_at + KEPT_AFTER_EXPIRY
    later = evolve(LINK, id="l2", created_at=long_after, expires_at=long_after + DAY)
    ledger.add_receipt_link(later, "b")
    assert {link.id for link in ledger.receipt_links("1")} == {"l1", "l2"}
    ledger.add_receipt_link(evolve(later, id="l3", created_at=later.created_at + hours(1)), "c")
    assert {link.id for link in ledger.receipt_links("1")} == {"l2", "l3"}


def test_the_links_of_an_order_go_with_its_personal_texts(ledger: SqlLedger, database: LedgerDatabase) -> None:
    case = open_case(ledger, "1")
    ledger.write(CaseUpdate(case, evolve(case, state=State.CANCELED, due_at=None, version=case.version + 1)))
    ledger.add_receipt_link(LINK, "a")
    ledger.add_receipt_link(evolve(LINK, id="l2", order_id="2"), "b")
    ledger.remove_personal_texts("1", by="Ann", at=NOW)
    assert ledger.find_receipt_link("a") is None
    with database.stranger() as cursor:
        assert cursor.execute("SELECT id FROM receipt_links").fetchall() == [("l2",)]
