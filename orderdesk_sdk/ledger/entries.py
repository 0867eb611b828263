"""What a history consists of, and its form as JSON."""

from __future__ import annotations

import enum
import json
from datetime import UTC, datetime
from typing import TypeVar

from attrs import frozen
from cattrs.preconf.json import make_converter

from orderdesk_sdk.case import Cancellation, Case, Event
from orderdesk_sdk.exchange import Exchange, Intent
from orderdesk_sdk.registration import Registration
from orderdesk_sdk.resubmission import Resubmission
from orderdesk_sdk.rules import Firing, Occurrence
from orderdesk_sdk.status_change import StatusChange

__all__ = ["Entry", "EntryKind", "dump", "load", "moment", "stamp"]

T = TypeVar(
    "T", Case, Cancellation, Event, Exchange, Firing, Intent, Occurrence, Registration, Resubmission, StatusChange
)

_converter = make_converter(omit_if_default=True)
_encode = json.JSONEncoder(separators=(",", ":")).encode


class EntryKind(enum.Enum):
    """What an entry of a history is."""

    EVENT = "event"
    INTENT = "intent"
    EXCHANGE = "exchange"
    NOTE = "note"
    """A text: something worth knowing that changed nothing, such as a listener's fault or a late reply."""


@frozen
class Entry:
    """One line of a history. `sequence` grows over the whole ledger."""

    sequence: int
    subject_id: str
    attempt: int
    at: datetime
    content: Event | Intent | Exchange | str

    @property
    def kind(self) -> EntryKind:
        """What the content is."""
        return kind_of(self.content)


def kind_of(content: Event | Intent | Exchange | str) -> EntryKind:
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
    """A record from its JSON."""
    return _converter.structure(json.loads(text), kind)


def content_of(kind: str, data: str) -> Event | Intent | Exchange | str:
    """An entry's content from its row."""
    match EntryKind(kind):
        case EntryKind.EVENT:
            return load(data, Event)
        case EntryKind.INTENT:
            return load(data, Intent)
        case EntryKind.EXCHANGE:
            return load(data, Exchange)
        case EntryKind.NOTE:
            return data


def data_of(content: Event | Intent | Exchange | str) -> str:
    """An entry's content as its row holds it."""
    if isinstance(content, str):
        return content.encode("utf-8", "backslashreplace").decode("utf-8")
    return dump(content)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def stamp(moment: datetime) -> int:
    """A moment as whole microseconds since 1970, UTC: exact, sortable, indexable."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment(stamp: int) -> datetime:
    """The moment of a stamp, aware, UTC."""
    return datetime.fromtimestamp(stamp // 1_000_000, UTC).replace(microsecond=stamp % 1_000_000)
