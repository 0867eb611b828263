"""How long a service asks to be left alone: one reader, for calls, for tokens, and for what an answer is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from orderdesk_sdk.cases.policy.deadlines import RETRY_POLICY

__all__ = ["MAX_WAIT", "parse_retry_after"]

MAX_WAIT = RETRY_POLICY.give_up_after
"""The longest wait that is honored; of one that is longer, this much: a date in a hundred years would be silence."""

_HEADERS = ("retry-after", "x-retry-after")
_SECONDS = re.compile(r"[0-9]{1,15}(?:\.[0-9]{0,15})?", re.ASCII)
_DATES = re.compile(r"(?<=GMT)\s*,\s*|(?<=[+-]\d{4})\s*,\s*", re.ASCII)


def parse_retry_after(response: httpx.Response, now: datetime) -> timedelta | None:
    """How long a response asks to wait, at most MAX_WAIT; None where it does not ask, or in no way that is understood.

    Read are Retry-After (RFC 9110, 10.2.3: seconds or a date), X-Retry-After, and what services write in them: seconds
    with decimals, a date as ISO 8601 has it, several values. The longest of them counts. A date that has passed asks
    for no wait; a number below zero, or of hundreds of digits, is none.
    """
    asked = [wait for told in _header_values(response) if (wait := _parse_wait(told, now)) is not None]
    return max(asked, default=None)


def _header_values(response: httpx.Response) -> Iterator[str]:
    for header in _HEADERS:
        for value in response.headers.get_list(header):
            # A date has a comma of its own, so only lists of numbers are cut at each.
            numbers = value.split(",")
            several = numbers if all(_SECONDS.fullmatch(one.strip()) for one in numbers) else _DATES.split(value)
            yield from (one.strip().strip('"') for one in several)


def _parse_wait(value: str, now: datetime) -> timedelta | None:
    if _SECONDS.fullmatch(value):
        return timedelta(seconds=min(float(value), MAX_WAIT.total_seconds()))
    try:
        moment = datetime.fromisoformat(value) if value[:1].isdigit() else parsedate_to_datetime(value)
        # A date without a zone, or with the unknown one (-0000), is in GMT: HTTP has no other.
        wait = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)) - now
    except (ValueError, TypeError, OverflowError):
        return None  # Neither a number nor a date: the service asked for nothing that we understand.
    return min(max(wait, timedelta(0)), MAX_WAIT)
