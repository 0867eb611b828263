"""What a history consists of, and its form as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from cattrs.preconf.json import make_converter

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.damaged_rows import parse_row
from orderdesk_sdk.cases.eligibility import EligibilityReading
from orderdesk_sdk.cases.events import OrderEvent, RuleExecution
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.history import EntryContent, HistoryEntryKind
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.cases.state_machine import Event
from orderdesk_sdk.cases.workers import WorkerHeartbeat
from orderdesk_sdk.plugin.cancel_requests import RequestedCancellation
from orderdesk_sdk.stores.personal_texts import NOTE, REMOVED, StoredRecord, join_texts, seal, split_texts
from orderdesk_sdk.stores.stored_names import rename_record

__all__ = ["content_of", "dump", "load", "from_microseconds", "pack", "pack_entry", "to_microseconds", "unpack"]

T = TypeVar("T")


_converter = make_converter(omit_if_default=True)
_converter.register_unstructure_hook(timedelta, timedelta.total_seconds)
_converter.register_structure_hook(timedelta, lambda told, _: timedelta(seconds=told))
_encode = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode  # A record holds no circle.


Record = (
    Case
    | Cancellation
    | Event
    | Exchange
    | RuleExecution
    | Intent
    | OrderEvent
    | Registration
    | WorkerHeartbeat
    | RequestedCancellation
    | EligibilityReading
)


def dump(record: Record) -> str:
    """A record as compact JSON, in ASCII: a service's reply may hold half a surrogate pair, which no database takes."""
    return _encode(_converter.unstructure(record))


def load(text: str, kind: type[T]) -> T:
    """A record from its JSON. Raises DamagedRowError."""
    return parse_row(lambda: _converter.structure(rename_record(json.loads(text), kind), kind))


def pack(record: Case | Cancellation | Event | Exchange | Intent) -> StoredRecord:
    """A record as it is stored: its personal texts beside the rest of it."""
    return split_texts(_converter.unstructure(record), type(record))


def unpack(kind: type[T], data: str, texts: str | None) -> T:
    """A record from its two parts. Raises DamagedRowError."""
    return parse_row(lambda: _converter.structure(join_texts(data, texts, kind), kind))


def pack_entry(content: EntryContent) -> StoredRecord:
    """An entry's content as it is stored."""
    if isinstance(content, str):
        return StoredRecord("", *seal({NOTE: content.encode("utf-8", "backslashreplace").decode("utf-8")}))
    return pack(content)


def content_of(kind: HistoryEntryKind, data: str, texts: str | None) -> EntryContent:
    """An entry's content from its row."""
    match kind:
        case HistoryEntryKind.EVENT:
            return unpack(Event, data, texts)
        case HistoryEntryKind.INTENT:
            return unpack(Intent, data, texts)
        case HistoryEntryKind.EXCHANGE:
            return unpack(Exchange, data, texts)
        case HistoryEntryKind.NOTE | HistoryEntryKind.REMOVED:
            return str(json.loads(texts)[NOTE]) if texts is not None else REMOVED


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_microseconds(moment: datetime) -> int:
    """A moment as whole microseconds since 1970, UTC: exact, sortable, indexable."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_microseconds(microseconds: int) -> datetime:
    """The moment of a stamp, aware, UTC."""
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).replace(microsecond=microseconds % 1_000_000)
