"""When a delivery that failed is tried again."""

from __future__ import annotations

from datetime import timedelta

from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.desk.event_webhooks.schedule import DELAYS, JITTER, MAX_TRIES, delay_after


def test_it_is_soon_at_first_and_over_three_days_and_ends() -> None:
    assert hours(72) < sum(DELAYS, timedelta(0)) < hours(96)
    assert list(DELAYS) == sorted(DELAYS)
    assert delay_after(MAX_TRIES) is None
    for tries, delay in enumerate(DELAYS, start=1):
        given = {delay_after(tries) for _ in range(50)}
        assert len(given) > 10, "not all at the same moment"
        assert all(one is not None and delay <= one <= delay * (1 + JITTER) for one in given)


def test_who_asks_for_longer_waits_longer_but_not_for_ever() -> None:
    assert delay_after(1, minutes(10)) == minutes(10)
    asked = delay_after(1, hours(10_000))
    assert asked == DELAYS[-1]
    less = delay_after(3, minutes(1))
    assert less is not None
    assert less >= DELAYS[2]
