"""A time zone as a configuration names it."""

from __future__ import annotations

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orderdesk_sdk.errors import ConfigurationError

__all__ = ["read_time_zone"]


def read_time_zone(name: object, location: str) -> tzinfo:
    """The time zone of a name such as "Europe/Berlin". Raises ConfigurationError for a name that is none."""
    try:
        return UTC if name == "UTC" else ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # An OSError for a folder's name, and for one that is too long.
        raise ConfigurationError(
            f"{name!r} is not a time zone", location=location, hint='write it as "Europe/Berlin"'
        ) from None
