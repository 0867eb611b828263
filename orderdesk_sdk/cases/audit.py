"""The audit log: who did, saw or tried what, as a ledger keeps it. Pure.

Each record is a line of a hash chain of its own. What it is about, the details and the address stand beside the chain,
so that they can be removed and the chain still holds; actor, action and time are the proof and stay.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from attrs import frozen

from orderdesk_sdk.cases.integrity import IntegrityFlaw

__all__ = ["AuditAction", "AuditEntry", "AuditLog", "AuditRecord", "order_subject"]


class AuditAction(enum.Enum):
    """What was done, seen or tried."""

    SIGNED_IN = "signed in"
    SIGN_IN_FAILED = "sign-in failed"
    SIGNED_OUT = "signed out"
    STEPPED_UP = "confirmed who they are"
    STEP_UP_FAILED = "step-up failed"
    USER_ADDED = "user added"
    USER_CHANGED = "user changed"
    SIGN_IN_LINK_MADE = "sign-in link made"
    TOKEN_CREATED = "token created"
    TOKEN_REVOKED = "token revoked"
    ORDER_VIEWED = "order viewed"
    RECEIPT_VIEWED = "receipt viewed"
    MESSAGE_VIEWED = "message viewed"
    EXPORTED = "exported"
    CANCEL_REQUESTED = "cancel requested"
    WITHDRAWN = "withdrawn"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    RETRIED = "retried"
    POLLED = "polled"
    ELIGIBILITY_READ = "eligibility read"
    RESUBMITTED = "resubmitted"
    STATUS_SET = "status set"
    REQUEST_ANSWERED = "request answered"
    SHIPMENT_REPORTED = "shipment reported"
    ALARM_SEEN = "alarm taken care of"
    NOTE_ADDED = "note added"
    MESSAGE_RETRIED = "message retried"
    RECEIPT_LINK_MADE = "receipt link made"
    RECEIPT_LINK_REVOKED = "receipt link revoked"
    CONNECTION_CHANGED = "connection changed"
    RULE_CHANGED = "rule changed"
    WEBHOOK_CHANGED = "webhook changed"
    ORDERS_IMPORTED = "orders imported"
    TEXTS_REMOVED = "texts removed"


@frozen(kw_only=True)
class AuditRecord:
    """One thing that happened.

    Args:
        actor: the user or token; "" where nobody knows who it was.
        subject: what it is about, such as "order 50771" (see `order_subject`) or "user Ann"; "" for nothing more.
        detail: what else there is to say.
        address: where the actor came from; "" where that is not known.
    """

    actor: str
    action: AuditAction
    at: datetime
    subject: str = ""
    detail: str = ""
    address: str = ""


@frozen
class AuditEntry:
    """A record in its place.

    Args:
        texts_removed: subject, detail and address were removed, and are "" here.
    """

    sequence: int
    record: AuditRecord
    texts_removed: bool = False


def order_subject(order_id: str) -> str:
    """The subject of every record about an order: by it the texts are found when the order's are to be removed."""
    return f"order {order_id}"


class AuditLog(Protocol):
    """What a ledger keeps of who did what. All raise StorageError when the database fails."""

    def append_audit(self, record: AuditRecord) -> None:
        """Write a record down; it is durable after that."""

    def audit_entries(
        self, limit: int, *, before: int | None = None, subject: str | None = None
    ) -> tuple[AuditEntry, ...]:
        """Records, the newest first.

        Args:
            before: only those with a lower sequence, for the next page; None: from the newest.
            subject: only those about it.
        """

    def remove_audit_texts(self, subject: str, *, by: str, at: datetime) -> int:
        """Remove the texts of every record about a subject, and write down that this was done; how many these were."""

    def audit_count(self) -> int:
        """How many records there are."""

    def find_audit_flaws(self) -> Iterator[IntegrityFlaw]:
        """Everything in the audit log that is not as it was written; memory does not grow with it."""
