"""Mail that came in: what a person files as a service's answer, judged without trusting any of it. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable

from attrs import frozen

from orderdesk_sdk.cases.evidence import EmailEvidence
from orderdesk_sdk.plugin.toolkit.templates import one_line
from orderdesk_sdk.transport.email.extraction import ExtractedEmail
from orderdesk_sdk.transport.email.mime_parts import unusable_email_error

__all__ = ["EXCERPT_LENGTH", "MAX_HEADER_LENGTH", "ParsedEmail", "parse_email"]

EXCERPT_LENGTH = 2000
"""Characters of its text that are kept as evidence."""
MAX_HEADER_LENGTH = 250
"""Characters of a header that are kept."""
MANUAL_HINT = "if a person told you, give your own word: leave the message away, and say in the note how you know"

_SMALL = re.compile(r"[0-9]{1,3}|(19|20)[0-9]{2}")
"""Numbers that stand in mails as days, quantities and years: one counts where it is called an order's."""
_NUMBER_PREFIX = r"(?:#|\b(?:n[or]|number|nummer|order|bestellung|commande|po)\b)[\s.:#]{0,3}"


@frozen
class ParsedEmail:
    """A mail that came in, read whole.

    Args:
        evidence: as evidence; whose answer it is is for the reader to find out.
        text: on one line, cleaned.
        addresses: of who wrote it.
        in_reply_to: the Message-IDs that it names, the one that it answers first, then its thread, latest first.
    """

    evidence: EmailEvidence
    text: str
    addresses: tuple[str, ...]
    in_reply_to: tuple[str, ...]

    def first_mentioned(self, numbers: Iterable[str]) -> str | None:
        """The first of these numbers that stands in its subject or text by itself; None where none does."""
        told = f"{self.evidence.subject} \n {self.text}"
        return next((number for number in numbers if number and _standalone_pattern(number).search(told)), None)


def _standalone_pattern(number: str) -> re.Pattern[str]:
    """A number that is no part of a longer one: 1042 is neither in 10420 nor in 1042-1, and is in "PO-1042."."""
    before = _NUMBER_PREFIX if _SMALL.fullmatch(number) else r"(?<!\w)(?<!\d[-./_])"
    return re.compile(rf"{before}{re.escape(one_line(number))}(?!\w)(?![-./_]\w)", re.IGNORECASE)


def parse_email(raw: bytes, redact: Callable[[str], str], extract: Callable[[bytes], ExtractedEmail]) -> ParsedEmail:
    """A mail as a person filed it.

    Args:
        redact: takes secrets out of a text.
        extract: reads what the mail says; raises ValidationError where it cannot be read.

    Raises ValidationError for what is no mail with a sender, a date and a text, or was written by no person.
    """
    said = extract(raw)

    def kept(text: str) -> str:
        return redact(text)[:MAX_HEADER_LENGTH]

    if not said.senders or not said.senders[0]:
        raise unusable_email_error("the mail does not say who wrote it or when, so it proves nothing")
    if len(said.senders) > 1:
        raise unusable_email_error("the mail names two senders, so nobody can tell who wrote it")
    if said.automatic is not None:
        raise unusable_email_error(
            f"no person wrote this mail ({redact(said.automatic)}), so it is no evidence",
            f"wait for a person's answer; {MANUAL_HINT}",
        )
    if said.dated_at is None:
        what = (
            f"its Date, {redact(said.dates[0])[:60]!r}, is no moment"
            if len(said.dates) == 1
            else f"it has {len(said.dates)}"
        )
        raise unusable_email_error(f"the mail does not say when it was written, so it proves nothing: {what}")
    text = redact(said.text)
    if not text:
        raise unusable_email_error("the mail has no text")
    own = redact(said.message_id) if said.message_id is not None else None
    digest = hashlib.sha256(raw).hexdigest()
    evidence = EmailEvidence(kept(said.senders[0]), kept(said.subject), said.dated_at, digest, own)
    return ParsedEmail(evidence, text, said.addresses, said.in_reply_to)
