"""Mail that came in: what a person files as a service's answer, read without trusting any of it. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.cases.evidence import EmailEvidence
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.plugin.toolkit.templates import one_line
from orderdesk_sdk.transport.email.automatic_mail import addresses_in, automatic_reason
from orderdesk_sdk.transport.email.dates import parse_date
from orderdesk_sdk.transport.email.mime_parts import Mail, headers, parse_message, text_of, unusable_email_error

__all__ = ["EXCERPT_LENGTH", "MAX_HEADER_LENGTH", "ParsedEmail", "parse_email"]

EXCERPT_LENGTH = 2000
"""Characters of its text that are kept as evidence."""
MAX_HEADER_LENGTH = 250
"""Characters of a header that are kept."""
MAX_TEXT_LENGTH = 200_000
"""Characters of its text that are looked at."""
MANUAL_HINT = "if a person told you, give your own word: leave the message away, and say in the note how you know"

_IDENTITY = re.compile(r"<[!-;=?-~]{1,240}>")
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


def parse_email(raw: bytes, redact: Callable[[str], str]) -> ParsedEmail:
    """A mail as a person filed it.

    Args:
        redact: takes secrets out of a text.

    Raises ValidationError for what is too large, is no mail with a sender, a date and a text, or was written by no
    person.
    """
    try:
        return _parse(parse_message(raw), raw, redact)
    except ValidationError:
        raise
    except Exception as error:  # noqa: BLE001 - on junk the library raises many kinds, and junk is the mail's fault
        raise unusable_email_error(f"the mail cannot be read: {type(error).__name__}") from None


def _parse(mail: Mail, raw: bytes, redact: Callable[[str], str]) -> ParsedEmail:
    def header(name: str) -> str:
        return redact(one_line(headers(mail, name)[0]))[:MAX_HEADER_LENGTH] if headers(mail, name) else ""

    sender = header("From")
    if not sender:
        raise unusable_email_error("the mail does not say who wrote it or when, so it proves nothing")
    if len(headers(mail, "From")) > 1:
        raise unusable_email_error("the mail names two senders, so nobody can tell who wrote it")
    automatic = automatic_reason(mail)
    if automatic is not None:
        said = redact(one_line(automatic))
        raise unusable_email_error(
            f"no person wrote this mail ({said}), so it is no evidence", f"wait for a person's answer; {MANUAL_HINT}"
        )
    at = _date(mail, redact)
    addresses = tuple(addresses_in(mail, "From"))
    answered = tuple(dict.fromkeys((*_message_ids(mail, "In-Reply-To"), *reversed(_message_ids(mail, "References")))))
    own = next(iter(_message_ids(mail, "Message-ID")), None)
    subject = header("Subject")
    text = redact(" ".join(one_line(text_of(mail)[:MAX_TEXT_LENGTH]).split()))
    if not text:
        raise unusable_email_error("the mail has no text")
    kept = EmailEvidence(sender, subject, at, hashlib.sha256(raw).hexdigest(), redact(own) if own is not None else None)
    return ParsedEmail(kept, text, addresses, answered)


def _date(mail: Mail, redact: Callable[[str], str]) -> datetime:
    said = headers(mail, "Date")
    at = parse_date(said[0]) if len(said) == 1 else None
    if at is None:
        what = (
            f"its Date, {redact(one_line(said[0]))[:60]!r}, is no moment" if len(said) == 1 else f"it has {len(said)}"
        )
        raise unusable_email_error(f"the mail does not say when it was written, so it proves nothing: {what}")
    return at


def _message_ids(mail: Mail, name: str) -> list[str]:
    """The Message-IDs in a header, which may be long: a thread has many."""
    values = (str(value) for found, value in mail.raw_items() if found.lower() == name.lower())
    return [identity for value in values for identity in _IDENTITY.findall(value)]
