"""What a flow is asked: what it can tell of the placement by itself."""

from __future__ import annotations

from datetime import datetime

import pytest

from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.order import Order, Placement, Role
from orderdesk_sdk.request import CheckRequest

NOW = VirtualClock().now()


@pytest.mark.parametrize(
    ("read_at", "asked_at", "word"),
    [
        (NOW + minutes(1), NOW, "OPEN"),
        (NOW, NOW, None),
        (NOW - minutes(1), NOW, None),
        (None, NOW, None),
        (NOW, None, None),
    ],
)
def test_a_word_that_was_read_before_asking_tells_nothing_of_what_was_asked(
    read_at: datetime | None, asked_at: datetime | None, word: str | None
) -> None:
    placement = Placement("acme", "1", NOW, Role.CART, "OPEN", read_at)
    assert CheckRequest(Order("1", "1"), placement, asked_at).read_since == word
