"""Values that stand in many documents."""

from __future__ import annotations

from datetime import UTC, datetime

from orderdesk_sdk.desk.capabilities import JsonObject
from orderdesk_sdk.errors import OrderDeskError

__all__ = ["JsonObject", "error_document", "iso_time"]


def iso_time(moment: datetime | None) -> str | None:
    """The moment in UTC as `2026-11-22T13:03:10Z`, with microseconds where there are any; None stays None."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def error_document(error: OrderDeskError | None) -> JsonObject | None:
    """An error as part of a result."""
    return None if error is None else {"message": error.message, "location": error.location, "hint": error.hint}
