"""Evidence: what a verdict rests on. Pure."""

from __future__ import annotations
import enum
from collections.abc import Mapping
from datetime import datetime
from attrs import evolve, field, frozen
from orderdesk_sdk.plugin.answer import LineAnswer, Refusal
from orderdesk_sdk.errors import ConflictError
from orderdesk_sdk.orders.order import Role

from __future__ import annotations
import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from attrs import frozen
from orderdesk_sdk.transport.email.automatic import addresses_in, why_automatic
from orderdesk_sdk.errors import InputError
from orderdesk_sdk.transport.email.dates import moment_of
from orderdesk_sdk.transport.email.parts import Mail, headers, take_apart, text_of, unfit
from orderdesk_sdk.plugin.toolkit.templates import one_line

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
