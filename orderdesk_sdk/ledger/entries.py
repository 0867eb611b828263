"""What a history consists of, and its form as JSON."""

from __future__ import annotations

import enum
import json
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from attrs import frozen
from cattrs.preconf.json import make_converter

from orderdesk_sdk.case import Cancellation, Case, Event
from orderdesk_sdk.exchange import Exchange, Intent
from orderdesk_sdk.ledger.damage import intact
from orderdesk_sdk.ledger.personal import NOTE, REMOVED, Packed, join, seal, split
from orderdesk_sdk.registration import Registration
from orderdesk_sdk.resubmission import Resubmission
from orderdesk_sdk.rules import Firing, Occurrence
from orderdesk_sdk.status_change import StatusChange

__all__ = [
    "Content",
    "Entry",
    "EntryKind",
    "content_of",
    "dump",
    "load",
    "moment",
    "pack",
    "pack_entry",
    "stamp",
    "unpack",
]

T = TypeVar(
    "T", Case, Cancellation, Event, Exchange, Firing, Intent, Occurrence, Registration, Resubmission, StatusChange
)
Part = TypeVar("Part", Case, Cancellation, Event, Exchange, Intent, Resubmission, StatusChange)

Content = Event | Intent | Exchange | str
"""What an entry says; a text for what changed nothing."""

_converter = make_converter(omit_if_default=True)
_converter.register_unstructure_hook(timedelta, timedelta.total_seconds)
_converter.register_structure_hook(timedelta, lambda told, _: timedelta(seconds=told))
_encode = json.JSONEncoder(separators=(",", ":")).encode


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


Record = (
    Case | Cancellation | Event | Exchange | Firing | Intent | Occurrence | Registration | Resubmission | StatusChange
)


def dump(record: Record) -> str:
    """A record as compact JSON, in ASCII: a service's reply may hold half a surrogate pair, which no database takes."""
    return _encode(_converter.unstructure(record))


def load(text: str, kind: type[T]) -> T:
    """A record from its JSON. Raises DamagedRow."""
    return intact(lambda: _converter.structure(json.loads(text), kind))


def pack(record: Case | Cancellation | Event | Exchange | Intent | Resubmission | StatusChange) -> Packed:
    """A record as it is stored: its personal texts beside the rest of it."""
    return split(_converter.unstructure(record), type(record))


def unpack(kind: type[Part], data: str, texts: str | None) -> Part:
    """A record from its two parts. Raises DamagedRow."""
    return intact(lambda: _converter.structure(join(data, texts, kind), kind))


def pack_entry(content: Content) -> Packed:
    """An entry's content as it is stored."""
    if isinstance(content, str):
        return Packed("", *seal({NOTE: content.encode("utf-8", "backslashreplace").decode("utf-8")}))
    return pack(content)


def content_of(kind: EntryKind, data: str, texts: str | None) -> Content:
    """An entry's content from its row."""
    match kind:
        case EntryKind.EVENT:
            return unpack(Event, data, texts)
        case EntryKind.INTENT:
            return unpack(Intent, data, texts)
        case EntryKind.EXCHANGE:
            return unpack(Exchange, data, texts)
        case EntryKind.NOTE | EntryKind.REMOVED:
            return str(json.loads(texts)[NOTE]) if texts is not None else REMOVED


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp(moment: datetime) -> int:
    """A moment as whole microseconds since 1970, UTC: exact, sortable, indexable."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment(stamp: int) -> datetime:
    """The moment of a stamp, aware, UTC."""
    return datetime.fromtimestamp(stamp // 1_000_000, UTC).replace(microsecond=stamp % 1_000_000)
