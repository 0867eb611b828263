"""The audit log of a desk: who did, saw or tried what. Reached as `desk.audit`."""

from __future__ import annotations

from itertools import islice

from orderdesk_sdk.cases.audit import AuditAction, AuditEntry, AuditLog, AuditRecord
from orderdesk_sdk.cases.integrity import IntegrityFlaw
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.desk.parts import require_actor

__all__ = ["AuditService"]

MAX_SUBJECT_LENGTH = 200
"""Characters of a subject, an actor and an address that are kept."""
MAX_DETAIL_LENGTH = 1000
"""Characters of details that are kept."""
MAX_FLAWS = 20
"""The most flaws that are told; one is enough to distrust the log."""


class AuditService:
    """Writes the audit log, reads it and verifies it."""

    def __init__(self, log: AuditLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock

    def record(self, actor: str, action: AuditAction, subject: str = "", detail: str = "", address: str = "") -> None:
        """Write down what somebody did or saw; it is durable after that. Raises StorageError.

        Args:
            subject: what it is about: `order_subject(order.id)` for all that shows or changes something of an order.
            address: where the actor came from.
        """
        self._log.append_audit(self.make_record(actor, action, subject, detail, address))

    def make_record(
        self, actor: str, action: AuditAction, subject: str = "", detail: str = "", address: str = ""
    ) -> AuditRecord:
        """A record of now, for what is written together with a change."""
        return AuditRecord(
            actor=_shown(actor, MAX_SUBJECT_LENGTH),
            action=action,
            at=self._clock.now(),
            subject=_shown(subject, MAX_SUBJECT_LENGTH),
            detail=_shown(detail, MAX_DETAIL_LENGTH),
            address=_shown(address, MAX_SUBJECT_LENGTH),
        )

    def list(self, limit: int = 50, before: int | None = None, *, subject: str | None = None) -> tuple[AuditEntry, ...]:
        """Records, the newest first.

        Args:
            before: only those with a lower sequence, for the next page; None: from the newest.
            subject: only those about it; None: all.
        """
        return self._log.audit_entries(limit, before=before, subject=subject)

    def count(self) -> int:
        """How many records there are."""
        return self._log.audit_count()

    def verify(self) -> tuple[IntegrityFlaw, ...]:
        """What is not as it was written, at most so many that nobody needs more; empty where all is."""
        return tuple(islice(self._log.find_audit_flaws(), MAX_FLAWS))

    def remove_texts(self, subject: str, *, by: str) -> int:
        """Remove the texts of all records about a subject, because somebody asked to be forgotten; how many these were.

        Who did what and when stays, and the chain still proves it. `orderdesk forget` does this for an order.
        """
        return self._log.remove_audit_texts(subject, by=require_actor(by), at=self._clock.now())


def _shown(text: str, most: int) -> str:
    """A text on one line, with nothing for a terminal in it, cut to a length."""
    return " ".join("".join(each if each.isprintable() else " " for each in text[: 4 * most]).split())[:most]
