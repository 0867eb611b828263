"""Personal texts: what people and services wrote lies beside the chain, so that it can go while the chain still holds.

A record is stored in two parts: its data, in which each such text is blank, and the texts under a salt. The chain
covers the data and a digest of the second part. Without the salt, which goes with the texts, that digest tells nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from json.encoder import encode_basestring_ascii as quoted
from typing import NamedTuple

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.state_machine import Event
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.stores.salts import new_salt
from orderdesk_sdk.stores.stored_names import rename_record, rename_texts

__all__ = ["NOTE", "PLACES", "REMOVED", "SALT", "StoredRecord", "Places", "join_texts", "seal", "split_texts"]

REMOVED = "(removed)"
"""What is shown where a text was removed on request."""
NOTE = "note"
"""The name of the text of an entry that is nothing but a text."""
SALT = "salt"
"""The name of what makes the digest of texts tell nothing without them."""


class Places(NamedTuple):
    """Where records of one kind hold personal texts.

    Args:
        flat: the keys.
        deeper: under which key, by which path, and the keys there.
    """

    flat: tuple[str, ...]
    deeper: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


_EMAIL = ("sender", "subject", "message_id", "in_reply_to")
_EVIDENCE = (("evidence", "evidence", ("person", "note")), ("evidence", "evidence.email", _EMAIL))
_DECISION = ("decision", "decision", ("by", "text"))
_STEPS = ("steps", "steps", ("message",))
_CASE = Places(("requested_by", "message", "hint", "plugin_error"), _EVIDENCE)

PLACES: Mapping[type, Places] = {
    Event: Places(("message", "hint", "plugin_error", "person"), (*_EVIDENCE, _DECISION, _STEPS)),
    Exchange: Places(("body", "warning"), (("failure", "failure", ("message",)), _STEPS)),
    Intent: Places(("body",)),
    CancelCase: Places((*_CASE.flat, "withdrawn_by"), (*_EVIDENCE, _STEPS)),
    StatusCase: _CASE,
    ResubmitCase: _CASE,
    ResponseCase: Places(_CASE.flat, (*_EVIDENCE, _DECISION, ("request", "request", ("reason",)))),
    Cancellation: Places(("requested_by", "reason")),
}
"""By the kind of record."""

_encode = json.JSONEncoder(check_circular=False, separators=(",", ":")).encode  # A record holds no circle.


class StoredRecord(NamedTuple):
    """A record as it is stored.

    Args:
        texts: None where it has none, or where they were removed;
        sealed: their digest.
    """

    data: str
    texts: str | None
    sealed: bytes | None


def split_texts(record: dict[str, object], kind: type) -> StoredRecord:
    """An unstructured record in its two parts; `record` is blanked."""
    texts: dict[str, str] = {}
    for name, holder, key in _text_locations(record, kind):
        text = holder[key]
        if isinstance(text, str):
            texts[name] = text
            holder[key] = ""
    return StoredRecord(_encode(record), *seal(texts))


def seal(texts: Mapping[str, str]) -> tuple[str | None, bytes | None]:
    """Texts with a new salt as they are stored, and their digest; None and None for no texts."""
    if not texts:
        return None, None
    # As `_encode` writes it, but that takes ten times as long for these few.
    parts = (f"{quoted(name)}:{quoted(text)}" for name, text in texts.items())
    stored = f'{{"{SALT}":"{new_salt().hex()}",{",".join(parts)}}}'
    return stored, sha256(stored.encode()).digest()


def join_texts(data: str, texts: str | None, kind: type) -> dict[str, object]:
    """The unstructured record of its two parts, of any age; where its texts were removed it says so."""
    record = rename_record(json.loads(data), kind)
    kept = rename_texts(json.loads(texts)) if texts is not None else {}
    for name, holder, key in _text_locations(record, kind):
        if holder[key] == "":
            holder[key] = kept.get(name, REMOVED)
    return record


def _text_locations(record: dict[str, object], kind: type) -> Iterator[tuple[str, dict[str, object], str]]:
    """Where a record holds personal texts: the name of each, and the mapping and key that hold it."""
    places = PLACES[kind]
    for key in places.flat:
        if key in record:
            yield key, record, key
    for first, path, keys in places.deeper:
        if first not in record:
            continue  # The rule: few records hold evidence or a failure.
        holder: object = record
        for step in path.split("."):
            holder = holder.get(step) if isinstance(holder, dict) else None
        if isinstance(holder, dict):
            yield from ((f"{path}.{key}", holder, key) for key in keys if key in holder)
        if isinstance(holder, list | tuple):
            for at, one in enumerate(holder):
                yield from ((f"{path}.{at}.{key}", one, key) for key in keys if key in one)
