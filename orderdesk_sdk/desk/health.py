"""What checks find, as a document that a monitor reads: a status for all of them, and for each a code that stays."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import datetime
from typing import Self

from attrs import frozen

from orderdesk_sdk.desk.documents import JsonObject, iso_time
from orderdesk_sdk.errors import OrderDeskError

__all__ = ["HealthCheck", "HealthCode", "HealthStatus", "error_check", "health_document", "worst_status"]


class HealthStatus(enum.Enum):
    """How it stands."""

    OK = "ok"
    DEGRADED = "degraded"
    """A part of the work waits, or something should be put right."""
    FAILING = "failing"
    """Nothing is done, or cannot be, or the evidence is not to be trusted."""


class HealthCode(enum.Enum):
    """What was checked."""

    CONFIGURATION = "configuration"
    SANDBOX = "sandbox"
    PLUGIN = "plugin"
    LISTENER = "listener"
    CONNECTION = "connection"
    CREDENTIALS = "credentials"
    SETTINGS = "settings"
    RESUBMISSION = "resubmission"
    RULE = "rule"
    ORDER_STORE = "order-store"
    LEDGER = "ledger"
    EVIDENCE = "evidence"
    CASES_OVERDUE = "cases-overdue"
    ANSWERS_OVERDUE = "answers-overdue"
    CONNECTION_STUCK = "connection-stuck"
    BUCKET_EMPTY = "bucket-empty"
    EVENTS_UNFINISHED = "events-unfinished"
    EVENTS_UNDELIVERED = "events-undelivered"
    MESSAGES_WAITING = "messages-waiting"
    MESSAGES_UNHANDLED = "messages-unhandled"
    WORKER_SILENT = "worker-silent"
    TRANSACTION_OLD = "transaction-old"
    DEAD_ROWS = "dead-rows"


@frozen
class HealthCheck:
    """What one check found.

    Args:
        location: where: a file, a connection, a worker; "-" where there is no place.
        hint: what to do; None where nothing is to be done.
    """

    code: HealthCode
    location: str
    status: HealthStatus
    message: str
    hint: str | None = None

    @classmethod
    def ok(cls, code: HealthCode, location: str, message: str) -> Self:
        """Nothing is to be done."""
        return cls(code, location, HealthStatus.OK, message)

    @classmethod
    def degraded(cls, code: HealthCode, location: str, message: str, hint: str) -> Self:
        """A part of the work waits, or something should be put right."""
        return cls(code, location, HealthStatus.DEGRADED, message, hint)

    @classmethod
    def failing(cls, code: HealthCode, location: str, message: str, hint: str | None = None) -> Self:
        """Nothing is done, or cannot be, or the evidence is not to be trusted."""
        return cls(code, location, HealthStatus.FAILING, message, hint)


def error_check(code: HealthCode, error: OrderDeskError, location: str = "-") -> HealthCheck:
    """An error as what a check found."""
    return HealthCheck.failing(code, error.location or location, error.message, error.hint)


def worst_status(checks: Sequence[HealthCheck]) -> HealthStatus:
    """The status of all checks together: the worst of theirs."""
    found = {check.status for check in checks}
    return next((status for status in reversed(HealthStatus) if status in found), HealthStatus.OK)


def health_document(checks: Sequence[HealthCheck], at: datetime) -> JsonObject:
    """The checks as `orderdesk doctor --json` shows them.

    Args:
        at: when they were made.
    """
    return {
        "status": worst_status(checks).value,
        "checked_at": iso_time(at),
        "checks": [
            {
                "code": check.code.value,
                "status": check.status.value,
                "location": check.location,
                "message": check.message,
                "hint": check.hint,
            }
            for check in checks
        ],
    }
