"""A stranger's mail taken apart within bounds: bytes, lines, headers, parts and charsets. Pure.

Python's `email` is asked for the structure alone. What it makes of headers and texts by its newer policies takes time
that grows with the square of their length, and so do some of the charsets that it decodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import Compat32
from typing import TypeAlias

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.transport.email.charsets import decode_text
from orderdesk_sdk.transport.email.html_text import visible_text

__all__ = [
    "MAX_BYTES",
    "MAX_HEAD_BYTES",
    "MAX_HEADER_LENGTH",
    "MAX_TYPE_LENGTH",
    "MAX_LINES",
    "MAX_PARTS",
    "Mail",
    "headers",
    "parts_of",
    "parse_message",
    "require_readable_size",
    "text_of",
    "unusable_email_error",
]

Mail: TypeAlias = "Message[str, str]"

MAX_BYTES = 5 * 1024 * 1024
"""Bytes of a mail that is read, attachments included."""
MAX_HEAD_BYTES = 64 * 1024
"""Bytes of its headers."""
MAX_LINES = 150_000
MAX_PARTS = 50
"""Parts of a mail, and so the most that can lie within each other: each line is held against every part around it."""
MAX_TYPE_LENGTH = 2 * 1024
"""Bytes of a header that tells of a part; a file's name in one has 255 at most."""
MAX_HEADER_LENGTH = 2000
"""Characters of a header that are read."""
MAX_TEXT_LENGTH = 200_000
"""Bytes of a part's text that are read."""
HINT = "save the mail whole, as .eml, with its headers; or tell what it says in the note, as your own word"

_HEAD = re.compile(rb"\r?\n\r?\n|\r\r")
_NEXT = re.compile(rb"\n\r?\nFrom [^\n]{1,200}\n[!-9;-~]{1,60}:")
"""Where the next mail begins in a file of several (mbox, RFC 4155)."""
_BODY = re.compile(r"<body\b", re.IGNORECASE)
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def unusable_email_error(message: str, hint: str = HINT) -> ValidationError:
    """The error for a mail that cannot be evidence."""
    return ValidationError(message, location="the message", hint=hint)


class _Bounded(Compat32):
    """Headers as they stand, none of which may be long enough to be slow."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        if name.lower().startswith("content-") and len(value) > MAX_TYPE_LENGTH:
            raise unusable_email_error(
                f"a header {name[:40]} of the mail has {len(value)} characters; {MAX_TYPE_LENGTH} are read"
            )
        return name, value


BOUNDED = _Bounded()


def require_readable_size(raw: bytes) -> None:
    """Raises ValidationError for a mail that is too large to be read."""
    if len(raw) > MAX_BYTES:
        raise unusable_email_error(
            f"the mail has {len(raw)} bytes; {MAX_BYTES} are read", "save it without its attachments"
        )


def parse_message(raw: bytes) -> Mail:
    """The mail with its parts. Raises ValidationError for what is too large or is no mail."""
    require_readable_size(raw)
    raw = _without_byte_order_mark(raw).lstrip(b"\r\n")
    if raw.startswith(b"From ") and _NEXT.search(raw):
        raise unusable_email_error("the file holds several mails", "save the one that is meant, as .eml")
    head = _HEAD.search(raw)
    if head is None or head.start() > MAX_HEAD_BYTES:
        raise unusable_email_error("this is no mail: it has no headers, or no end of them")
    if raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n") > MAX_LINES:
        raise unusable_email_error(f"the mail has more than {MAX_LINES} lines", "save it without its attachments")
    count = -1  # The parser makes one to see whether it can.

    def part(policy: Compat32 = BOUNDED) -> Mail:
        nonlocal count
        count += 1
        if count > MAX_PARTS:
            raise unusable_email_error(f"the mail has more than {MAX_PARTS} parts", "save it without its attachments")
        return Message(policy=policy)

    return BytesParser(part, policy=BOUNDED).parsebytes(raw)


def _without_byte_order_mark(raw: bytes) -> bytes:
    """The mail without the mark that some programs write before a text, and as bytes of ASCII where it says UTF-16."""
    mark, charset = next(((mark, name) for mark, name in _BYTE_ORDER_MARKS if raw.startswith(mark)), (b"", ""))
    return raw.decode("utf-16", "replace").encode() if charset == "utf-16" else raw.removeprefix(mark)


def headers(mail: Mail, name: str) -> list[str]:
    """The values of every header of that name, decoded; each is cut."""
    return [_decoded(value) for found, value in mail.raw_items() if found.lower() == name.lower()]


def _decoded(value: object) -> str:
    text = " ".join(str(value)[:MAX_HEADER_LENGTH].splitlines())
    if not text.isascii():
        return decode_text(text.encode("ascii", "surrogateescape"), None)
    try:
        pieces = decode_header(text)
    except HeaderParseError:
        return text
    return "".join(piece if isinstance(piece, str) else decode_text(piece, charset) for piece, charset in pieces)


def parts_of(mail: Mail) -> Iterator[Mail]:
    """The mail and its parts, in order; not those of a mail that is attached to it."""
    yield mail
    if mail.get_content_maintype() == "multipart" and mail.is_multipart():
        for part in mail.get_payload():
            if isinstance(part, Message):
                yield from parts_of(part)


def text_of(mail: Mail) -> str:
    """The text that is meant to be read; markup and attachments are left away. "" where there is none."""
    kind = mail.get_content_type()
    if mail.get_content_disposition() == "attachment":
        return ""
    if mail.is_multipart():
        if not kind.startswith("multipart/"):
            return ""  # A mail that is attached was not written by who wrote this one.
        texts = [text_of(part) for part in mail.get_payload() if isinstance(part, Message)]
        read = [text for text in texts if text.strip()]
        return "".join(read[:1]) if kind == "multipart/alternative" else "\n".join(read)
    if kind not in ("text/plain", "text/html"):
        return ""
    charset = mail.get_content_charset()
    del mail["Content-Type"]  # Of a text, some versions of `email` decode by the charset that it names, whatever it is.
    content = mail.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    if kind == "text/plain":
        return decode_text(content[:MAX_TEXT_LENGTH], charset)
    markup = decode_text(content, charset)
    body = _BODY.search(markup)  # What stands before it may be a long list of styles.
    return visible_text(markup[body.start() if body else 0 :][:MAX_TEXT_LENGTH])
