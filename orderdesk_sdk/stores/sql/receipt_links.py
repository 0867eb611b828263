"""The methods of a ledger that keep links to receipts; see `cases.receipt_links`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from orderdesk_sdk.cases.receipt_links import ReceiptLink
from orderdesk_sdk.clock import hours
from orderdesk_sdk.errors import NotFoundError
from orderdesk_sdk.stores.serialization import from_microseconds, to_microseconds
from orderdesk_sdk.stores.sql.database import Commits, Cursor

__all__ = ["SqlReceiptLinks", "remove_links_to_receipt"]

KEPT_AFTER_EXPIRY = hours(90 * 24)
"""How long staff see a link that has expired."""
_LISTED = 200
_COLUMNS = "id, order_id, created_by, created_at, expires_at, revoked_by, revoked_at"


class SqlReceiptLinks(ABC):
    """Links in a table of the ledger's own database, by the digests of their tokens."""

    _commits: Commits

    @abstractmethod
    def _read(self) -> AbstractContextManager[Cursor]:
        """A cursor for reading."""

    def add_receipt_link(self, link: ReceiptLink, digest: str) -> None:
        values = (
            *(link.id, digest, link.order_id, link.created_by),
            *(to_microseconds(link.created_at), to_microseconds(link.expires_at)),
        )

        def write(cursor: Cursor) -> None:
            cursor.execute(
                "INSERT INTO receipt_links (id, digest, order_id, created_by, created_at, expires_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                values,
            )
            oldest = to_microseconds(link.created_at - KEPT_AFTER_EXPIRY)
            cursor.execute("DELETE FROM receipt_links WHERE expires_at < ?", (oldest,))

        self._commits.run(write)

    def find_receipt_link(self, digest: str) -> ReceiptLink | None:
        with self._read() as cursor:
            row = cursor.execute(f"SELECT {_COLUMNS} FROM receipt_links WHERE digest = ?", (digest,)).fetchone()  # noqa: S608 - constants
        return _link(row) if row is not None else None

    def receipt_links(self, order_id: str) -> tuple[ReceiptLink, ...]:
        query = f"SELECT {_COLUMNS} FROM receipt_links WHERE order_id = ? ORDER BY created_at DESC, id LIMIT ?"  # noqa: S608 - constants
        with self._read() as cursor:
            return tuple(map(_link, cursor.execute(query, (order_id, _LISTED)).fetchall()))

    def revoke_receipt_link(self, link_id: str, *, by: str, at: datetime) -> ReceiptLink:
        def write(cursor: Cursor) -> ReceiptLink | None:
            cursor.execute(
                "UPDATE receipt_links SET revoked_by = ?, revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
                (by, to_microseconds(at), link_id),
            )
            row = cursor.execute(f"SELECT {_COLUMNS} FROM receipt_links WHERE id = ?", (link_id,)).fetchone()  # noqa: S608 - constants
            return _link(row) if row is not None else None

        revoked = self._commits.run(write)
        if revoked is None:
            raise NotFoundError(
                "no such link to a receipt",
                location=f"link {link_id}",
                hint="list the links of the order, and name one by its id",
            )
        return revoked


def remove_links_to_receipt(cursor: Cursor, order_id: str) -> None:
    """Forget the links of an order whose personal texts are removed: what they show is nobody's any more."""
    cursor.execute("DELETE FROM receipt_links WHERE order_id = ?", (order_id,))


def _link(row: tuple[Any, ...]) -> ReceiptLink:
    link_id, order_id, created_by, created, expires, revoked_by, revoked = row
    return ReceiptLink(
        link_id,
        order_id,
        created_by,
        from_microseconds(created),
        from_microseconds(expires),
        revoked_by,
        from_microseconds(revoked) if revoked is not None else None,
    )
