"""The history of a case: what its entries are. Pure."""

from __future__ import annotations

import enum
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.state_machine import Event

__all__ = ["HistoryEntryKind", "HistoryEntry", "EntryContent"]

EntryContent = Event | Intent | Exchange | str
"""What an entry says; a text for what changed nothing."""


class HistoryEntryKind(enum.Enum):
    """What an entry of a history is."""

    EVENT = "event"
    INTENT = "intent"
    EXCHANGE = "exchange"
    NOTE = "note"
    """A text: something worth knowing that changed nothing, such as a listener's fault or a late response."""
    REMOVED = "removed"
    """A text that says who removed the personal texts of all that stands before it."""


@frozen
class HistoryEntry:
    """One line of a history. `sequence` grows over the whole ledger."""

    sequence: int
    subject_id: str
    attempt: int
    at: datetime
    content: EntryContent
    kind: HistoryEntryKind


def kind_of(content: EntryContent) -> HistoryEntryKind:
    """The kind of an entry's content."""
    match content:
        case Event():
            return HistoryEntryKind.EVENT
        case Intent():
            return HistoryEntryKind.INTENT
        case Exchange():
            return HistoryEntryKind.EXCHANGE
        case str():
            return HistoryEntryKind.NOTE
