"""The date of a mail, read strictly: what does not say one moment is no date. Pure.

RFC 5322, 3.3 and 4.3, and what mail programs write beside it: a zone with a colon, and AM or PM.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

__all__ = ["moment_of"]

_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_ZONES = {
    "ut": 0,
    "utc": 0,
    "gmt": 0,
    "z": 0,
    "est": -300,
    "edt": -240,
    "cst": -360,
    "cdt": -300,
    "mst": -420,
    "mdt": -360,
    "pst": -480,
    "pdt": -420,
    "cet": 60,
    "cest": 120,
}
"""Minutes east of Greenwich, of the names that RFC 5322 knows and of two that stand for one zone only."""
_COMMENT = re.compile(r"\([^()]*\)")
_DATE = re.compile(
    r"(?:[a-z]{3,9},?\s+)?(\d{1,2})[\s-]+([a-z]{3,9})[\s-]+(\d{4}|\d{2}),?\s+"
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(?:\s*(am|pm))?\s*"
    r"(?:(?:gmt|utc?)?([+-])(\d{2}):?(\d{2})|([a-z]{1,4}))",
    re.ASCII | re.IGNORECASE,
)


def moment_of(text: str) -> datetime | None:
    """The moment in UTC; None for a text that does not tell one: no zone, one of many, an hour that is none."""
    plain = " ".join(_COMMENT.sub(" ", text).split())
    found = _DATE.fullmatch(plain)
    try:
        return _moment(found) if found is not None else _iso(plain)
    except (ValueError, OverflowError):  # Such as the 30th of February, or what lies before the year 1.
        return None


def _moment(found: re.Match[str]) -> datetime | None:
    day, month, year, hour, minute, second, half, sign, ahead, minutes, zone = found.groups()
    hours = int(hour)
    if half is not None:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + 12 * (half.lower() == "pm")
    if sign is None:
        if zone.lower() not in _ZONES:
            return None
        east = _ZONES[zone.lower()]
    else:
        if int(ahead) > 14 or int(minutes) > 59:
            return None
        east = (int(ahead) * 60 + int(minutes)) * (-1 if sign == "-" else 1)
    numbers = [number for number, name in enumerate(_MONTHS, 1) if name.startswith(month.lower())]
    if not numbers:
        return None
    full = int(year) if len(year) == 4 else int(year) + (2000 if int(year) < 50 else 1900)
    seconds = 59 if second == "60" else int(second or 0)  # Python knows no leap second.
    at = datetime(full, numbers[0], int(day), hours, int(minute), seconds, tzinfo=timezone(timedelta(minutes=east)))
    return at.astimezone(UTC)


def _iso(text: str) -> datetime | None:
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo is not None else None
