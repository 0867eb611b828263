"""Times at the edge of the command line."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import click
import pytest

from orderdesk_sdk.cases.wording import rounded_duration
from orderdesk_sdk.cli.output.times import TimeParameter, format_time, zone
from orderdesk_sdk.desk.documents import iso_time

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    if before is None:
        monkeypatch.delenv("TZ")
    else:
        monkeypatch.setenv("TZ", before)
    time.tzset()


def read(text: str) -> datetime:
    return TimeParameter().convert(text, None, None)


@pytest.mark.parametrize(
    "text", ["2026-11-22T12:00:00Z", "2026-11-22T13:00:00+01:00", "2026-11-22T13:00", "2026-11-22 07:00:00-05:00"]
)
def test_any_zone_comes_in_and_a_time_without_one_is_local(berlin: None, text: str) -> None:
    moment = read(text)
    assert moment == NOON
    assert moment.tzinfo is UTC


def test_an_hour_that_clocks_skip_is_no_time(berlin: None) -> None:
    with pytest.raises(click.BadParameter, match="'2026-03-29T02:30' was skipped when clocks were put forward"):
        read("2026-03-29T02:30")
    assert read("2026-03-29T02:30+01:00") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert read("2026-03-29T03:00") == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert read("2026-03-29T01:59:59") == datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)


def test_an_hour_that_comes_twice_is_not_guessed(berlin: None) -> None:
    with pytest.raises(click.BadParameter, match=r"occurred twice.*write 2026-10-25T02:30:00\+02:00 or .*\+01:00"):
        read("2026-10-25T02:30")
    assert read("2026-10-25T02:30+01:00") == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert read("2026-10-25T03:00") == datetime(2026, 10, 25, 2, 0, tzinfo=UTC)
    assert read("2026-10-25T01:59:59") == datetime(2026, 10, 24, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("text", ["yesterday", "", "22.11.2026", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_told_with_an_example(text: str) -> None:
    with pytest.raises(click.BadParameter, match=r"write it as 2026-11-22T14:03:10\+01:00"):
        read(text)


def test_machines_get_utc_with_a_z() -> None:
    assert iso_time(NOON) == "2026-11-22T12:00:00Z"
    assert iso_time(datetime(2026, 11, 22, 14, 0, 0, 5, timezone(timedelta(hours=2)))) == "2026-11-22T12:00:00.000005Z"
    assert iso_time(None) is None


def test_people_get_their_own_zone_and_its_name(berlin: None) -> None:
    this_year = datetime.now(UTC).year
    summer = datetime(this_year, 7, 1, 12, 0, 9, tzinfo=UTC)
    assert format_time(summer) == "1 Jul 14:00"
    assert format_time(summer, seconds=True) == "1 Jul 14:00:09"
    assert format_time(summer.replace(year=this_year - 2)) == f"1 Jul {this_year - 2} 14:00"
    assert (zone(summer), zone(NOON)) == ("CEST (UTC+02:00)", "CET (UTC+01:00)")
    assert format_time(None) == "-"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (-5, "0 s"),
        (45, "45 s"),
        (110, "1 min 50 s"),
        (120, "2 min"),
        (3_605, "1 h"),
        (86_400, "24 h"),
        (187_200, "2 d 4 h"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: float, text: str) -> None:
    assert rounded_duration(timedelta(seconds=seconds)) == text
