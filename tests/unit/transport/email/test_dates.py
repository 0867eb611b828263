"""The date of a mail is one moment or none: what cannot be dated is said to be undated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.transport.email.dates import parse_date
from orderdesk_sdk.transport.email.extraction import extract_email
from orderdesk_sdk.transport.email.parsing import parse_email


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Mon, 05 Jan 2026 11:40:00 +0100", (10, 40)),
        ("Mon, 05 Jan 2026 11:40:00 +01:00", (10, 40)),
        ("Mon, 05 Jan 2026 11:40:00 PM +0100", (22, 40)),
        ("Mon, 05 Jan 2026 11:40:00PM +0100", (22, 40)),
        ("5 January 26 12:40 am +0000", (0, 40)),
        ("Mon, 05 Jan 2026 12:40:00 PM +0000", (12, 40)),
        ("Mon, 5 Jan 2026 06:40:00 -0500 (EST)", (11, 40)),
        ("Mon, 5 Jan 2026 06:40:00 EST", (11, 40)),
        ("Mon, 5 Jan 2026 11:40:00 GMT+0100", (10, 40)),
        ("05-Jan-2026 11:40:00 GMT", (11, 40)),
        ("Mon, 05 Jan 2026 11:40:60 -0000", (11, 40)),
        ("2026-01-05T11:40:00+01:00", (10, 40)),
    ],
)
def test_a_date_is_one_moment(date: str, at: tuple[int, int]) -> None:
    found = parse_date(date)
    assert found is not None
    assert (found.utcoffset(), found.date()) == (timedelta(0), datetime(2026, 1, 5, tzinfo=UTC).date())
    assert (found.hour, found.minute) == at


@pytest.mark.parametrize(
    "date",
    [
        "",
        "some day",
        "Mon, 05 Jan 2026 11:40:00",
        "Mon, 05 Jan 2026 11:40:00 XYZ",
        "Mon, 05 Jan 2026 11:40:00 IST",
        "Mon, 05 Jan 2026 11:40:00 J",
        "Mon, 05 Jan 2026 13:40:00 PM +0100",
        "Mon, 05 Jan 2026 00:40:00 AM +0100",
        "Mon, 05 Jan 2026 24:40:00 +0100",
        "Mon, 05 Jan 2026 11:61:00 +0100",
        "Mon, 30 Feb 2026 11:40:00 +0100",
        "Mon, 05 Jan 2026 11:40:00 +9900",
        "Mon, 05 Jan 2026 11:40:00 +0170",
        "Mon, 05 Jan 2026 11:40:00 +01:00 PM",
        "Mon, 05 Jan 2026 11.40.00 +0100",
        "Mon, 05 Jan 0000 11:40:00 +0100",
        "Mon, 05 Jan 2026 +0100",
        "Mon, 01 Jan 0001 00:00:00 +0100",
        "Mon Jan  5 11:40:00 2026",
        "05/01/2026 11:40:00 +0100",
        "2026-01-05T11:40:00",
    ],
)
def test_what_does_not_say_one_moment_is_said_to_be_undated(date: str) -> None:
    assert parse_date(date) is None
    mail = f"From: support@mww.example\nDate: {date}\n\nThe order is canceled.\n"
    with pytest.raises(ValidationError, match="does not say when"):
        parse_email(mail.encode(), lambda text: text, extract_email)
