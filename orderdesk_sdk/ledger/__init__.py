"""The ledger: an append-only history beside a current row for each case, in one transaction, fenced by the row's version."""

from __future__ import annotations

from orderdesk_sdk.ledger.entries import Entry, EntryKind
from orderdesk_sdk.ledger.interface import Ledger, Work, Write

__all__ = ["Entry", "EntryKind", "Ledger", "Work", "Write"]
