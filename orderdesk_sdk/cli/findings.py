"""What a check of `doctor` finds."""

from __future__ import annotations

import enum

from attrs import frozen

from orderdesk_sdk.errors import OrderDeskError

__all__ = ["Finding", "Severity", "error_finding"]


class Severity(enum.Enum):
    """How serious a finding is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@frozen
class Finding:
    """The result of one check. hint: what to do; None where nothing is to be done."""

    area: str
    location: str
    severity: Severity
    message: str
    hint: str | None = None


def error_finding(area: str, error: OrderDeskError, location: str = "-") -> Finding:
    """An error as a finding."""
    return Finding(area, error.location or location, Severity.ERROR, error.message, error.hint)
