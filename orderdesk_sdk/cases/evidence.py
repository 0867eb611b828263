"""Evidence: what a verdict rests on. Pure."""

from __future__ import annotations

import enum
from datetime import datetime

from attrs import frozen

__all__ = ["ProofKind", "Proof", "MailIn"]


class ProofKind(enum.Enum):
    """What a settled case rests on."""

    REPLY = "reply"
    """The service's reply to the request, where the route declares it final."""
    READ_BACK = "read-back"
    """The service's own word, read afterwards."""
    LINES = "line quantities"
    """The numbers of each line, read afterwards: they say it, though no word of the service's does."""
    MESSAGE = "message"
    """A message that came in from the service, filed by a named person who read it."""
    PERSON = "person"
    """A named person's word."""


@frozen
class Proof:
    """The evidence beside a verdict.

    attempt and exchange name the exchange in the case's history; None where a person says so: then person and note
    tell who. message: the mail that the person has read. unidentified: why nothing in the response says which order it
    is about, where its service states no number; then only the request said so.
    """

    kind: ProofKind
    attempt: int | None = None
    exchange: int | None = None
    person: str | None = None
    note: str | None = None
    message: MailIn | None = None
    unidentified: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.kind in (ProofKind.PERSON, ProofKind.MESSAGE) and not (self.person or "").strip():
            raise ValueError("a person's word, and a message, need the name of the person")
        if (self.kind is ProofKind.MESSAGE) != (self.message is not None):
            raise ValueError("a message belongs to the kind MESSAGE, and only there")


@frozen
class MailIn:
    """A mail that came in, as evidence: nothing in it is verified, so it counts with the name of who read it.

    digest: SHA-256 of the mail as it was filed, in hexadecimal. identity: its own Message-ID, or None.
    answers: the Message-ID of our mail that it names as the one it answers, and case: the case that mail is of; None
    where it names none of ours. names: the order's number, as the mail tells it, by which it is known to be about this
    order all the same.
    """

    sender: str
    subject: str
    at: datetime
    digest: str
    identity: str | None = None
    answers: str | None = None
    case: str | None = None
    names: str | None = None
