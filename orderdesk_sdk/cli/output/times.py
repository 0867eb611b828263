"""Times of the command line: read in any zone, kept in UTC, shown in the local zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from orderdesk_sdk.clock import local_datetimes

__all__ = ["DaysParameter", "TimeParameter", "format_time", "zone"]


class TimeParameter(click.ParamType[datetime]):
    """An option's value that is a time: ISO 8601, in the local zone where it names none. Gives an aware datetime.

    A local time that clocks skipped or repeated is an error: only the person who typed it knows which moment is meant.
    """

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            typed = datetime.fromisoformat(str(value))
            moments = local_datetimes(typed) if typed.tzinfo is None else (typed.astimezone(UTC),)
        except (ValueError, OverflowError, OSError):
            # The last two are what years near 1 and 9999 become, depending on the platform.
            self.fail(f"{value!r} is not a time; write it as 2026-11-22T14:03:10+01:00", param, ctx)
        if not moments:
            self.fail(f"{value!r} was skipped when clocks were put forward; give its offset from UTC", param, ctx)
        if len(moments) > 1:
            choices = " or ".join(moment.astimezone().isoformat() for moment in moments)
            self.fail(f"{value!r} occurred twice when clocks were put back; write {choices}", param, ctx)
        return moments[0]


class DaysParameter(click.ParamType[timedelta]):
    """An option's value that is a number of days: `400d`."""

    name = "days"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        number = str(value).removesuffix("d")
        if number == str(value) or not (number.isascii() and number.isdecimal() and len(number) < 7):
            self.fail(f"{value!r} is not a number of days; write it as 400d", param, ctx)
        return timedelta(days=int(number))


def format_time(moment: datetime | None, *, seconds: bool = False) -> str:
    """The moment in the local zone, `22 Nov 14:03`; with the year where it is not this one; "-" for None."""
    if moment is None:
        return "-"
    here = moment.astimezone()
    year = "" if here.year == datetime.now(UTC).astimezone().year else " %Y"
    clock = "%H:%M:%S" if seconds else "%H:%M"
    return f"{here.day} {here.strftime(f'%b{year} {clock}')}"


def zone(moment: datetime) -> str:
    """The name of the local zone at that moment, with its offset: `CET (UTC+01:00)`, or `UTC`."""
    here = moment.astimezone()
    name, offset = here.strftime("%Z"), here.isoformat()[-6:]
    return "UTC" if name == "UTC" else f"{name} (UTC{offset})"
