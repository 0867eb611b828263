"""Evidence: what a verdict rests on. Pure."""

from __future__ import annotations

import enum
from datetime import datetime

from attrs import frozen

__all__ = ["EvidenceKind", "Evidence", "EmailEvidence"]


class EvidenceKind(enum.Enum):
    """What a settled case rests on."""

    RESPONSE = "response"
    """The service's response to the request, where the route declares it final."""
    POLLED_STATUS = "polled status"
    """The service's own word, read afterwards."""
    LINE_QUANTITIES = "line quantities"
    """The numbers of each line, read afterwards: they say it, though no word of the service's does."""
    EMAIL = "email"
    """A message that came in from the service, filed by a named person who read it."""
    PERSON = "person"
    """A named person's word."""


@frozen
class Evidence:
    """The evidence beside a verdict.

    attempt and exchange name the exchange in the case's history; None where a person says so: then person and note tell
    who.

    Args:
        email: the mail that the person has read.
        no_order_number_reason: why nothing in the response says which order it is about, where its service states no
            number; then only the request said so.
    """

    kind: EvidenceKind
    attempt: int | None = None
    exchange: int | None = None
    person: str | None = None
    note: str | None = None
    email: EmailEvidence | None = None
    no_order_number_reason: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.kind in (EvidenceKind.PERSON, EvidenceKind.EMAIL) and not (self.person or "").strip():
            raise ValueError("evidence of a person and by e-mail needs the name of the person")
        if (self.kind is EvidenceKind.EMAIL) != (self.email is not None):
            raise ValueError("an e-mail belongs to the kind EMAIL, and only to that")


@frozen
class EmailEvidence:
    """A mail that came in, as evidence: nothing in it is verified, so it counts with the name of who read it.

    Args:
        digest: SHA-256 of the mail as it was filed, in hexadecimal.
        message_id: its own Message-ID, or None.
        in_reply_to: the Message-ID of our mail that it names as the one it answers, and case: the case that mail is of;
            None where it names none of ours.
        mentioned_order_number: the order's number, as the mail tells it, by which it is known to be about this order
            all the same.
    """

    sender: str
    subject: str
    dated_at: datetime
    digest: str
    message_id: str | None = None
    in_reply_to: str | None = None
    in_reply_to_case: str | None = None
    mentioned_order_number: str | None = None
