"""Mail that came in: what a person files as a service's answer, read without trusting any of it. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser

from attrs import frozen

from orderdesk_sdk.errors import InputError
from orderdesk_sdk.templates import one_line

__all__ = ["LARGEST", "MailIn", "read_mail"]

LARGEST = 5 * 1024 * 1024
"""Bytes of a mail that is read, attachments included."""
LARGEST_HEAD = 64 * 1024
"""Bytes of its headers: the time that some of them take to parse grows with the square of their length."""
EXCERPT = 2000
"""Characters of its text that are kept as evidence."""
LONGEST = 250
"""Characters of a header that are kept."""
REMEDY = "save the mail whole, as .eml, with its headers; or tell what it says in the note, as your own word"

_IDENTITY = re.compile(r"<[^<>\s]{1,240}>")
_HEAD = re.compile(rb"\r?\n\r?\n")
_INVISIBLE = frozenset({"head", "script", "style", "title"})


@frozen
class MailIn:
    """A mail that came in, as evidence: nothing in it is verified, so it counts with the name of who read it.

    digest: SHA-256 of the mail as it was filed, in hexadecimal. identity: its own Message-ID, or None.
    answers: the Message-ID of our mail that it names as the one it answers; None where it names none of ours.
    """

    sender: str
    subject: str
    at: datetime
    digest: str
    identity: str | None = None
    answers: str | None = None


def read_mail(raw: bytes, ours: Collection[str], clean: Callable[[str], str]) -> tuple[MailIn, str]:
    """A mail and the beginning of its text, on one line.

    ours: the Message-IDs of the mails that it may answer. clean: takes secrets out of a text.
    Raises InputError for what is too large or is no mail with a sender, a date and a text.
    """
    if len(raw) > LARGEST:
        raise _unfit(f"the mail has {len(raw)} bytes; {LARGEST} are read", "save it without its attachments")
    head = _HEAD.search(raw)
    if head is None or head.start() > LARGEST_HEAD:
        raise _unfit("this is no mail: it has no headers, or no end of them")
    try:
        message = message_from_bytes(raw, policy=default)
        return _read(message, raw, ours, clean)
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - on junk the library raises many kinds, and junk is the mail's fault
        raise _unfit(f"the mail cannot be read: {type(error).__name__}") from None


def _read(message: EmailMessage, raw: bytes, ours: Collection[str], clean: Callable[[str], str]) -> tuple[MailIn, str]:
    def header(name: str) -> str:
        return clean(one_line(str(message.get(name, ""))))[:LONGEST]

    at: datetime | None = getattr(message.get("Date"), "datetime", None)
    sender = header("From")
    if not sender or at is None:
        raise _unfit(f"the mail does not say {'when' if sender else 'who wrote it or when'}, so it proves nothing")
    text = clean(" ".join(one_line(_text(message)).split()))[:EXCERPT]
    if not text:
        raise _unfit("the mail has no text")
    named = {found for name in ("In-Reply-To", "References") for found in _IDENTITY.findall(str(message.get(name, "")))}
    own = _IDENTITY.search(str(message.get("Message-ID", "")))
    mail = MailIn(
        sender,
        header("Subject"),
        (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC),
        hashlib.sha256(raw).hexdigest(),
        clean(own[0]) if own is not None else None,
        next((identity for identity in ours if identity in named), None),
    )
    return mail, text


def _text(message: EmailMessage) -> str:
    """The first text that is meant to be read; markup is left away."""
    body = message.get_body(("plain", "html"))
    if body is None:
        return ""
    content = body.get_content()
    text = content if isinstance(content, str) else ""
    if body.get_content_subtype() != "html":
        return text
    reader = _Words()
    reader.feed(text)
    return " ".join(reader.words)


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - as it is called
        self._hidden = self._hidden or (tag if tag in _INVISIBLE else "")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = "" if tag == self._hidden else self._hidden

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def _unfit(text: str, remedy: str = REMEDY) -> InputError:
    return InputError(text, place="the message", remedy=remedy)
