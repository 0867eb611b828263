"""What a ledger keeps beside cases and their history, for consoles, programs and people who follow links. Pure."""

from __future__ import annotations

from typing import Protocol

from orderdesk_sdk.cases.access import AccessRecords
from orderdesk_sdk.cases.audit import AuditLog
from orderdesk_sdk.cases.bulk_lists import BulkListRecords
from orderdesk_sdk.cases.eligibility import EligibilityReadings
from orderdesk_sdk.cases.inbox import InboxRecords
from orderdesk_sdk.cases.kept_replies import KeptReplies
from orderdesk_sdk.cases.order_states import CaseMarks
from orderdesk_sdk.cases.receipt_links import ReceiptLinkRecords
from orderdesk_sdk.cases.stored_connections import StoredConnectionRecords
from orderdesk_sdk.cases.stored_rules import StoredRuleRecords

__all__ = ["ConsoleRecords"]


class ConsoleRecords(
    AccessRecords,
    AuditLog,
    BulkListRecords,
    CaseMarks,
    EligibilityReadings,
    InboxRecords,
    KeptReplies,
    ReceiptLinkRecords,
    StoredConnectionRecords,
    StoredRuleRecords,
    Protocol,
):
    """Records that a ledger has in tables of their own. All raise StorageError when the database fails."""
