"""Links under which anybody who has one may read what became of an order: what a ledger keeps of them. Pure.

A link is for one order, ends at a time, and can be revoked. Only the digest of its token is kept, so that whoever reads
the database cannot follow it. What is shown is a `public_receipt`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from attrs import frozen

__all__ = ["ReceiptLink", "ReceiptLinkRecords"]


@frozen
class ReceiptLink:
    """A link, as staff see it; it does not hold the token.

    Args:
        id: names it for whoever revokes it.
        revoked_at: None while it was not revoked.
    """

    id: str
    order_id: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_by: str | None = None
    revoked_at: datetime | None = None

    def is_usable(self, now: datetime) -> bool:
        """Whether it leads anywhere."""
        return self.revoked_at is None and now < self.expires_at


class ReceiptLinkRecords(Protocol):
    """What a ledger keeps of links to receipts. All raise StorageError when the database fails."""

    def add_receipt_link(self, link: ReceiptLink, digest: str) -> None:
        """Keep a link by the digest of its token; forgets those that expired long ago."""

    def find_receipt_link(self, digest: str) -> ReceiptLink | None:
        """The link of a token, whether it is usable or not; None for one that never was, or is forgotten."""

    def receipt_links(self, order_id: str) -> tuple[ReceiptLink, ...]:
        """The links of an order, the newest first; at most 200."""

    def revoke_receipt_link(self, link_id: str, *, by: str, at: datetime) -> ReceiptLink:
        """Let a link lead nowhere from now on; one that was revoked stays as it is. Raises NotFoundError."""
