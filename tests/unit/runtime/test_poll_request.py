"""What a check is told of the past: only a word that was read since the cancel says how far the order was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orderdesk_sdk.orders.order import Address, ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.plugin.requests import PollRequest

ASKED = datetime(2026, 1, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last_sent_at", "status_at", "known"),
    [
        (ASKED, ASKED, "printing"),
        (ASKED, ASKED + timedelta(seconds=1), "printing"),
        (ASKED, ASKED - timedelta(seconds=1), None),
        (ASKED, None, None),
        (None, ASKED, None),
    ],
)
def test_a_status_counts_that_was_read_since_the_cancel(
    last_sent_at: datetime | None, status_at: datetime | None, known: str | None
) -> None:
    remote_order = RemoteOrder(
        "acme", "1", ASKED - timedelta(days=1), ConnectionRole.FULFILLMENT, "printing", status_at
    )
    assert PollRequest(Order("1", "1"), remote_order, last_sent_at).status_since_request == known


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (Address(first_name="Ada", last_name="Byron", company="Acme"), "Ada Byron"),
        (Address(last_name="Byron"), "Byron"),
        (Address(company="Acme"), "Acme"),
        (Address(), ""),
    ],
)
def test_an_address_is_a_persons_or_else_a_companys(address: Address, name: str) -> None:
    assert address.recipient == name
