"""The ledger: a row for each case and its append-only history, written in one transaction, fenced by a version."""

from __future__ import annotations

from orderdesk_sdk.ledger.damage import DamagedRow
from orderdesk_sdk.ledger.entries import Content, Entry, EntryKind
from orderdesk_sdk.ledger.flaws import Flaw, Head, Record
from orderdesk_sdk.ledger.interface import Fence, FenceMoved, Ledger, Work, Write

__all__ = [
    "Content",
    "DamagedRow",
    "Entry",
    "EntryKind",
    "Fence",
    "FenceMoved",
    "Flaw",
    "Head",
    "Ledger",
    "Record",
    "Work",
    "Write",
]
