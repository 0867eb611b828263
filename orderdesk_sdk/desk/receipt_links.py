"""Links to receipts that a customer or a partner may follow without an account. Reached as `desk.receipt_links`."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import NamedTuple

from orderdesk_sdk.cases.audit import AuditAction, order_subject
from orderdesk_sdk.cases.receipt_links import ReceiptLink
from orderdesk_sdk.clock import Clock, hours, utc
from orderdesk_sdk.desk.audit import AuditService
from orderdesk_sdk.desk.parts import DeskParts, require_actor
from orderdesk_sdk.errors import InvalidStateError, NotFoundError, ValidationError
from orderdesk_sdk.secret import Secret

__all__ = ["DEFAULT_LIFETIME", "MAX_LIFETIME", "NewReceiptLink", "ReceiptLinkService"]

DEFAULT_LIFETIME = hours(30 * 24)
MAX_LIFETIME = hours(366 * 24)
MAX_USABLE = 20
"""Links of one order that may lead somewhere at once."""
MAX_TOKEN_LENGTH = 100
"""Characters of a token that are looked at; one of ours is shorter."""
_BYTES = 32


class NewReceiptLink(NamedTuple):
    """A link that was just made. The token is told once: it is kept nowhere."""

    link: ReceiptLink
    token: Secret


class ReceiptLinkService:
    """Makes links, follows and revokes them, each in the audit log.

    By the machine's clock: a sandbox's may stand still, and its links would not end.
    """

    def __init__(self, parts: DeskParts, audit: AuditService, clock: Clock) -> None:
        self._ledger = parts.ledger
        self._order_store = parts.order_store
        self._audit = audit
        self._clock = clock

    def create(self, order: str, *, by: str, expires_at: datetime | None = None) -> NewReceiptLink:
        """A link to the public receipt of an order, and its token.

        Args:
            expires_at: aware; None: in 30 days.

        Raises ValidationError for a time that has passed or is more than a year away, and InvalidStateError where the
        order has many links already.
        """
        order_id, person, now = self._order_store.resolve(order).id, require_actor(by), self._clock.now()
        ends = utc(expires_at) if expires_at is not None else now + DEFAULT_LIFETIME
        if not now < ends <= now + MAX_LIFETIME:
            raise ValidationError(
                f"a link cannot expire at {ends.isoformat()}",
                location="expires_at",
                hint=f"give a time within the next {MAX_LIFETIME.days} days",
            )
        usable = [link for link in self._ledger.receipt_links(order_id) if link.is_usable(now)]
        if len(usable) >= MAX_USABLE:
            raise InvalidStateError(
                f"the order has {len(usable)} links already", location=f"order {order}", hint="revoke one of them first"
            )
        token = secrets.token_urlsafe(_BYTES)
        link = ReceiptLink(secrets.token_hex(5), order_id, person, now, ends)
        self._ledger.add_receipt_link(link, _digest(token))
        self._record(AuditAction.RECEIPT_LINK_MADE, link, person)
        return NewReceiptLink(link, Secret(token))

    def find(self, token: str) -> str:
        """The id of the order that a link is for.

        Raises NotFoundError, with the same text for a token that never was, has expired or was revoked.
        """
        link = self._ledger.find_receipt_link(_digest(token)) if len(token) <= MAX_TOKEN_LENGTH else None
        if link is None or not link.is_usable(self._clock.now()):
            raise NotFoundError("this link is not valid", hint="ask whoever gave it to you for a new one")
        return link.order_id

    def list(self, order: str) -> tuple[ReceiptLink, ...]:
        """The links of an order, the newest first: those too that lead nowhere any more."""
        return self._ledger.receipt_links(self._order_store.resolve(order).id)

    def revoke(self, link_id: str, *, by: str) -> ReceiptLink:
        """Let a link lead nowhere from now on; a second time changes nothing. Raises NotFoundError."""
        person = require_actor(by)
        link = self._ledger.revoke_receipt_link(link_id, by=person, at=self._clock.now())
        self._record(AuditAction.RECEIPT_LINK_REVOKED, link, person)
        return link

    def _record(self, action: AuditAction, link: ReceiptLink, by: str) -> None:
        self._audit.record(by, action, order_subject(link.order_id), f"link {link.id}")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
