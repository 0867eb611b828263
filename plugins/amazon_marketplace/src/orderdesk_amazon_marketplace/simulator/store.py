"""What the service keeps: orders as Amazon knows them, and the documents of the object store beside its API.

Documents are behind presigned URLs, good for five minutes.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode

from attrs import define, field

__all__ = ["CANCELABLE", "MARKETPLACE", "STORE_PATH", "Document", "Item", "Order", "Status", "Store"]

MARKETPLACE = "ATVPDKIKX0DER"


class Status(StrEnum):
    """The words of the model (orders_2026-01-01, FulfillmentStatus)."""

    PENDING_AVAILABILITY = "PENDING_AVAILABILITY"
    PENDING = "PENDING"
    UNSHIPPED = "UNSHIPPED"
    PARTIALLY_SHIPPED = "PARTIALLY_SHIPPED"
    SHIPPED = "SHIPPED"
    CANCELLED = "CANCELLED"
    UNFULFILLABLE = "UNFULFILLABLE"


CANCELABLE = frozenset({Status.PENDING_AVAILABILITY, Status.PENDING, Status.UNSHIPPED})
"""Where a cancel is honored. That the two before Unshipped are among them is the simulator's choice."""


@define
class Item:
    """One item of an order."""

    item_id: str
    sku: str
    quantity: int


@define
class Order:
    """One order. fulfilled_by: MERCHANT or AMAZON. buyer_asked: why the buyer wants it canceled; None: they do not."""

    order_id: str
    items: list[Item]
    created_at: datetime
    status: Status
    changed_at: datetime
    fulfilled_by: str = "MERCHANT"
    buyer_request: str | None = None
    canceled_by: str = ""
    reason: str = ""
    plan: tuple[datetime, Status] | None = field(default=None)
    """What an accepted cancel makes of it, and when; None where none was accepted."""

    def enter(self, status: Status, at: datetime) -> None:
        """Change the status; a plan is done with."""
        self.status, self.changed_at, self.plan = status, at, None


STORE_PATH = "/store"
VALID = timedelta(minutes=5)


@define
class Document:
    """One document. content: None until it was uploaded. content_type: as it was announced."""

    document_id: str
    content_type: str
    content: bytes | None = None


class Store:
    """The documents of one simulator: the same `seed` gives the same ids and signatures. Guarded by its caller."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self.documents: dict[str, Document] = {}

    def create(self, content_type: str, content: bytes | None = None) -> Document:
        """A new document, empty until it is uploaded."""
        made = Document(f"amzn1.tortuga.simulated.{len(self.documents) + 1:06}", content_type, content)
        self.documents[made.document_id] = made
        return made

    def url(self, base: str, method: str, document_id: str, now: datetime) -> str:
        """A URL by which anybody may do this to the document, for five minutes."""
        until = (now + VALID).isoformat(timespec="seconds")
        query = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": "SIMULATEDKEY/s3/aws4_request",
            "X-Amz-Expires": until,
            "X-Amz-Signature": self._signature(method, document_id, until),
        }
        return f"{base}{STORE_PATH}/{document_id}?{urlencode(query)}"

    def opens(self, method: str, document_id: str, query: str, now: datetime) -> Document | None:
        """The document that the URL of a request gives access to; None where it gives none."""
        given = dict(parse_qsl(query))
        until, signature = given.get("X-Amz-Expires", ""), given.get("X-Amz-Signature")
        if document_id not in self.documents or signature != self._signature(method, document_id, until):
            return None
        return self.documents[document_id] if now < datetime.fromisoformat(until) else None

    def _signature(self, method: str, document_id: str, until: str) -> str:
        return hashlib.sha256(f"{self._seed} {method} {document_id} {until}".encode()).hexdigest()
