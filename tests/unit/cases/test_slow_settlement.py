"""A service that takes weeks: how often it is polled, and what is said of it meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orderdesk_sdk.cases.wording import days_or_duration, describe_confirmation
from orderdesk_sdk.clock import hours, minutes
from orderdesk_sdk.plugin.routes import Button, Polling

DAY = hours(24)
SLOW = Polling(every=hours(6), give_up=35 * DAY, usually_within=30 * DAY, slowest=2 * DAY)


@pytest.mark.parametrize(
    ("waited", "pause"), [(timedelta(0), hours(6)), (DAY, hours(6)), (4 * DAY, DAY), (20 * DAY, 2 * DAY)]
)
def test_the_pause_grows_with_the_time_since_the_request(waited: timedelta, pause: timedelta) -> None:
    assert SLOW.pause(waited) == pause
    assert Polling(every=minutes(2), give_up=DAY).pause(waited) == minutes(2)


def test_a_plan_says_what_is_normal() -> None:
    told = "polled every 6 h, later every 2 days, for 35 days; normally decided within 30 days"
    assert describe_confirmation(Button(SLOW)) == told
    assert describe_confirmation(Button(Polling(every=minutes(2), give_up=hours(72)))) == "polled every 2 min, for 72 h"
    assert [days_or_duration(one) for one in (DAY, 2 * DAY, hours(36))] == ["24 h", "2 days", "36 h"]


@pytest.mark.parametrize("wrong", [{"usually_within": hours(1)}, {"usually_within": 40 * DAY}, {"slowest": hours(1)}])
def test_what_cannot_be_is_refused(wrong: dict[str, timedelta]) -> None:
    with pytest.raises(ValueError, match="must lie between"):
        Polling(every=hours(6), give_up=35 * DAY, **wrong)
