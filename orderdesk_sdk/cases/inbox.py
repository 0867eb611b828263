"""What waits for a person, and what a ledger keeps of it. Pure.

An alarm (an order that shipped anyway) is settled and has no next action, so nothing in its case says whether somebody
has acted on it: that is kept beside it.
"""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Protocol

from attrs import frozen

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.messages import InboundMessage

__all__ = ["MAX_COUNTED", "InboxKind", "InboxRecords", "SeenAlarm", "WaitingCounts"]

MAX_COUNTED = 1000
"""How many of each kind are counted; more is told as this many."""


class InboxKind(enum.Enum):
    """What a person is needed for."""

    ALARM = "alarm"
    """An order shipped although it was canceled or the service had been asked."""
    CANCEL = "cancel"
    STATUS_CHANGE = "status change"
    RESUBMISSION = "resubmission"
    RESPONSE = "response"
    """Somebody asks us to cancel, and no answer was decided yet."""
    MESSAGE = "message"
    """A message came in and could not be handled."""


@frozen
class SeenAlarm:
    """Who has taken care of an alarm, and when."""

    case_id: str
    by: str
    at: datetime


@frozen
class WaitingCounts:
    """How much waits in a ledger for a person, each at most `MAX_COUNTED`.

    Args:
        action_required: cases that require action, by what their kind is called.
        messages: that failed or were refused.
    """

    alarms: int
    action_required: dict[str, int]
    messages: int


class InboxRecords(Protocol):
    """What a ledger tells of what waits for a person. All raise StorageError when the database fails."""

    def count_waiting(self) -> WaitingCounts:
        """How much waits; cheap enough to be asked for with every page."""

    def unseen_alarms(self, limit: int) -> tuple[CancelCase, ...]:
        """Cancels of orders that shipped anyway and that nobody has taken care of, oldest first."""

    def mark_alarm_seen(self, alarm: SeenAlarm) -> bool:
        """Record who has taken care of an alarm; False where somebody had before, which stays."""

    def seen_alarm(self, case_id: str) -> SeenAlarm | None:
        """Who has taken care of an alarm; None where nobody has."""

    def messages_about(self, order_id: str, limit: int) -> tuple[InboundMessage, ...]:
        """The messages about an order that were looked into, the newest first."""
