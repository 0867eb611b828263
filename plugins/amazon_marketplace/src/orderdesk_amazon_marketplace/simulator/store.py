"""The object store beside Amazon's API: documents behind presigned URLs, good for five minutes."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode

from attrs import define

__all__ = ["STORE_PATH", "Document", "Store"]

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
