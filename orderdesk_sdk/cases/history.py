"""The history of a case: what its entries are. Pure."""

from __future__ import annotations
import enum
import json
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from attrs import frozen
from cattrs.preconf.json import make_converter
from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.state_machine import Event
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.damage import intact
from orderdesk_sdk.stores.personal_texts import NOTE, REMOVED, Packed, join, seal, split
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.cases.resubmission import Resubmission
from orderdesk_sdk.cases.events import Firing, Occurrence
from orderdesk_sdk.cases.status_change import StatusChange

__all__ = ["EntryKind", "Entry", "Content"]

Content = Event | Intent | Exchange | str
"""What an entry says; a text for what changed nothing."""


class EntryKind(enum.Enum):
    """What an entry of a history is."""

    EVENT = "event"
    INTENT = "intent"
    EXCHANGE = "exchange"
    NOTE = "note"
    """A text: something worth knowing that changed nothing, such as a listener's fault or a late reply."""
    REMOVED = "removed"
    """A text that says who removed the personal texts of all that stands before it."""


@frozen
class Entry:
    """One line of a history. `sequence` grows over the whole ledger."""

    sequence: int
    subject_id: str
    attempt: int
    at: datetime
    content: Content
    kind: EntryKind


def kind_of(content: Content) -> EntryKind:
    """The kind of an entry's content."""
    match content:
        case Event():
            return EntryKind.EVENT
        case Intent():
            return EntryKind.INTENT
        case Exchange():
            return EntryKind.EXCHANGE
        case str():
            return EntryKind.NOTE
