"""The one-time links that were put into e-mails: by the digests of their tokens, beside the history.

What a link led to stands in the history of its case, with who confirmed it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from orderdesk_sdk.cases.answer_links import AnswerLink, LinkAnswer, StoredLink
from orderdesk_sdk.clock import hours
from orderdesk_sdk.stores.serialization import from_microseconds, to_microseconds
from orderdesk_sdk.stores.sql.database import Cursor

__all__ = ["find_link", "mark_links_used", "record_links"]

KEPT_AFTER_EXPIRY = hours(90 * 24)
"""How long a link that has expired is known, so that whoever follows it late is told so."""


def record_links(cursor: Cursor, links: Sequence[StoredLink], at: datetime) -> None:
    """Write links down, unless they are; forget those that expired long ago."""
    for stored in links:
        link = stored.link
        cursor.execute(
            "INSERT INTO answer_links (digest, case_id, attempt, answer, expires_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (stored.digest, link.case_id, link.attempt, link.answer.value, to_microseconds(link.expires_at)),
        )
    cursor.execute("DELETE FROM answer_links WHERE expires_at < ?", (to_microseconds(at - KEPT_AFTER_EXPIRY),))


def find_link(cursor: Cursor, digest: str) -> StoredLink | None:
    """A link by the digest of its token; None for one that was never put into an e-mail, or is forgotten."""
    row = cursor.execute(
        "SELECT case_id, attempt, answer, expires_at, used_at FROM answer_links WHERE digest = ?", (digest,)
    ).fetchone()
    if row is None:
        return None
    case_id, attempt, answer, expires, used = row
    link = AnswerLink(case_id, attempt, LinkAnswer(answer), from_microseconds(expires))
    return StoredLink(digest, link, from_microseconds(used) if used is not None else None)


def mark_links_used(cursor: Cursor, case_id: str, attempt: int, at: datetime) -> None:
    """Let none of an e-mail's links count any more."""
    cursor.execute(
        "UPDATE answer_links SET used_at = ? WHERE case_id = ? AND attempt = ? AND used_at IS NULL",
        (to_microseconds(at), case_id, attempt),
    )
