"""Links to receipts: whoever has one reads what may be shown, until it expires or is revoked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from orderdesk_sdk.cases.audit import AuditAction, order_subject
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.audit import AuditService
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.documents import receipt_link_document
from orderdesk_sdk.desk.receipt_links import DEFAULT_LIFETIME, MAX_LIFETIME, MAX_USABLE, ReceiptLinkService
from orderdesk_sdk.errors import InvalidStateError, NotFoundError, ValidationError
from tests.support.fake_services import FakeDeskOpener

START = datetime(2026, 11, 30, 9, tzinfo=UTC)


@pytest.fixture
def desk(fake_services_desk: FakeDeskOpener) -> Iterator[Desk]:
    with fake_services_desk(at=["mill"]) as opened:
        yield opened


@pytest.fixture
def machine() -> VirtualClock:
    """The machine's clock, which is not the desk's."""
    return VirtualClock(START)


@pytest.fixture
def links(desk: Desk, machine: VirtualClock) -> ReceiptLinkService:
    return ReceiptLinkService(desk._assembly.parts, AuditService(desk.ledger, machine), machine)


def why_not(links: ReceiptLinkService, token: str) -> str:
    with pytest.raises(NotFoundError) as found:
        links.find(token)
    return str(found.value)


def test_a_link_leads_to_its_order_until_it_expires(links: ReceiptLinkService, machine: VirtualClock) -> None:
    link, token = links.create("1042", by=" Ann ")
    assert (link.created_by, link.created_at, link.expires_at) == ("Ann", START, START + DEFAULT_LIFETIME)
    assert links.find(token.reveal()) == "id-1042"
    machine.advance(DEFAULT_LIFETIME - timedelta(seconds=1))
    assert links.find(token.reveal()) == "id-1042"
    machine.advance(timedelta(seconds=1))
    why_not(links, token.reveal())


def test_nobody_learns_why_a_link_leads_nowhere(links: ReceiptLinkService, machine: VirtualClock) -> None:
    revoked, expired = links.create("1042", by="Ann"), links.create("1042", by="Ann", expires_at=START + timedelta(1))
    links.revoke(revoked.link.id, by="Ben")
    machine.advance(timedelta(days=2))
    tokens = [revoked.token.reveal(), expired.token.reveal(), "never", "", "x" * 10_000, "\ud800", "'; --"]
    assert {why_not(links, token) for token in tokens} == {
        "this link is not valid - ask whoever gave it to you for a new one"
    }


def test_staff_see_the_links_and_who_made_and_ended_them(desk: Desk, links: ReceiptLinkService) -> None:
    first, second = links.create("1042", by="Ann").link, links.create("id:id-1042", by="Ben").link
    ended = links.revoke(first.id, by="Ben")
    assert set(links.list("1042")) == {ended, second}
    assert (ended.revoked_by, ended.revoked_at) == ("Ben", START)
    told = [(one.record.actor, one.record.action) for one in desk.audit.list(subject=order_subject("id-1042"))]
    assert told == [
        ("Ben", AuditAction.RECEIPT_LINK_REVOKED),
        ("Ben", AuditAction.RECEIPT_LINK_MADE),
        ("Ann", AuditAction.RECEIPT_LINK_MADE),
    ]


def test_no_token_is_kept_or_shown(desk: Desk, links: ReceiptLinkService, tmp_path: Path) -> None:
    made = links.create("1042", by="Ann")
    token = made.token.reveal()
    assert re.fullmatch(r"[\w-]{43}", token)
    links.find(token)
    desk.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"receipt_links" in kept
    assert token.encode() not in kept
    assert token not in f"{made!r} {json.dumps(receipt_link_document(made.link))}"


@pytest.mark.parametrize("after", [timedelta(0), timedelta(days=-1), MAX_LIFETIME + timedelta(seconds=1)])
def test_a_link_is_for_a_year_at_most_and_not_for_the_past(links: ReceiptLinkService, after: timedelta) -> None:
    with pytest.raises(ValidationError, match="cannot expire"):
        links.create("1042", by="Ann", expires_at=START + after)
    with pytest.raises(ValidationError, match="time zone"):
        links.create("1042", by="Ann", expires_at=datetime(2026, 12, 1))  # noqa: DTZ001 - refused for that


def test_an_order_has_few_links_at_once(links: ReceiptLinkService) -> None:
    made = [links.create("1042", by="Ann").link for _ in range(MAX_USABLE)]
    with pytest.raises(InvalidStateError, match="20 links already"):
        links.create("1042", by="Ann")
    links.revoke(made[0].id, by="Ann")
    links.create("1042", by="Ann")


def test_who_makes_or_ends_a_link_has_a_name_and_an_order(links: ReceiptLinkService) -> None:
    with pytest.raises(ValidationError, match="by"):
        links.create("1042", by=" ")
    with pytest.raises(ValidationError, match="by"):
        links.revoke("l1", by="")
    for call in (lambda: links.create("4711", by="Ann"), lambda: links.list("4711"), lambda: links.revoke("l", by="A")):
        with pytest.raises(NotFoundError):
            call()


def test_the_desk_makes_them_by_the_clock_of_the_machine(desk: Desk) -> None:
    link, token = desk.receipt_links.create("1042", by="Ann")
    assert desk.receipt_links.find(token.reveal()) == "id-1042"
    assert abs(link.created_at - datetime.now(UTC)) < timedelta(hours=1)
