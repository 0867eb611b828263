"""What a stranger's mail says, as plain texts that can be handed from one process to another. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Self

from attrs import frozen

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.plugin.toolkit.templates import one_line
from orderdesk_sdk.transport.email.automatic_mail import addresses_in, automatic_reason
from orderdesk_sdk.transport.email.dates import parse_date
from orderdesk_sdk.transport.email.mime_parts import Mail, headers, parse_message, text_of, unusable_email_error

__all__ = ["ExtractedEmail", "extract_email"]

MAX_TEXT_LENGTH = 200_000
"""Characters of its text that are looked at."""

_IDENTITY = re.compile(r"<[!-;=?-~]{1,240}>")


@frozen
class ExtractedEmail:
    """What a mail says of itself, unjudged, on one line each and without control characters. Secrets may be in it.

    Args:
        senders: each header that names who wrote it.
        addresses: of who wrote it.
        dates: each header that says when.
        dated_at: the moment; None where it does not say one.
        message_id: its own; None where it has none.
        in_reply_to: the Message-IDs that it names, the one that it answers first, then its thread, latest first.
        automatic: what shows that no person wrote it; None where nothing does.
    """

    senders: tuple[str, ...]
    addresses: tuple[str, ...]
    subject: str
    dates: tuple[str, ...]
    dated_at: datetime | None
    message_id: str | None
    in_reply_to: tuple[str, ...]
    automatic: str | None
    text: str

    def document(self) -> dict[str, object]:
        """The same as plain JSON."""
        return {
            "senders": self.senders,
            "addresses": self.addresses,
            "subject": self.subject,
            "dates": self.dates,
            "dated_at": self.dated_at.isoformat() if self.dated_at is not None else None,
            "message_id": self.message_id,
            "in_reply_to": self.in_reply_to,
            "automatic": self.automatic,
            "text": self.text,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Self:
        """What `document` made. Raises ValidationError for anything else."""
        dated_at = _optional_text(document, "dated_at")
        return cls(
            senders=_texts(document, "senders"),
            addresses=_texts(document, "addresses"),
            subject=_optional_text(document, "subject") or "",
            dates=_texts(document, "dates"),
            dated_at=datetime.fromisoformat(dated_at) if dated_at is not None else None,
            message_id=_optional_text(document, "message_id"),
            in_reply_to=_texts(document, "in_reply_to"),
            automatic=_optional_text(document, "automatic"),
            text=_optional_text(document, "text") or "",
        )


def extract_email(raw: bytes) -> ExtractedEmail:
    """What a mail says, as it came (RFC 5322).

    Raises ValidationError for what is too large or is no mail.
    """
    try:
        return _extract(parse_message(raw))
    except ValidationError:
        raise
    except Exception as error:  # noqa: BLE001 - on junk the library raises many kinds, and junk is the mail's fault
        raise unusable_email_error(f"the mail cannot be read: {type(error).__name__}") from None


def _extract(mail: Mail) -> ExtractedEmail:
    dates = headers(mail, "Date")
    automatic = automatic_reason(mail)
    answered = (*_message_ids(mail, "In-Reply-To"), *reversed(_message_ids(mail, "References")))
    return ExtractedEmail(
        senders=tuple(map(one_line, headers(mail, "From"))),
        addresses=tuple(addresses_in(mail, "From")),
        subject=one_line(next(iter(headers(mail, "Subject")), "")),
        dates=tuple(map(one_line, dates)),
        dated_at=parse_date(dates[0]) if len(dates) == 1 else None,
        message_id=next(iter(_message_ids(mail, "Message-ID")), None),
        in_reply_to=tuple(dict.fromkeys(answered)),
        automatic=one_line(automatic) if automatic is not None else None,
        text=" ".join(one_line(text_of(mail)[:MAX_TEXT_LENGTH]).split()),
    )


def _message_ids(mail: Mail, name: str) -> list[str]:
    """The Message-IDs in a header, which may be long: a thread has many."""
    values = (str(value) for found, value in mail.raw_items() if found.lower() == name.lower())
    return [identity for value in values for identity in _IDENTITY.findall(value)]


def _texts(document: Mapping[str, object], name: str) -> tuple[str, ...]:
    value = document.get(name)
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ValidationError("a list of texts was expected", location=name)
    return tuple(str(one) for one in value)


def _optional_text(document: Mapping[str, object], name: str) -> str | None:
    value = document.get(name)
    if value is not None and not isinstance(value, str):
        raise ValidationError("a text was expected", location=name)
    return value
