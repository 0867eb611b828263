"""Mail that came in: what is read of it, whose answer it is, and that no junk gets past as evidence."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.transport.email.extraction import extract_email
from orderdesk_sdk.transport.email.mime_parts import MAX_BYTES, MAX_HEAD_BYTES, MAX_LINES, MAX_PARTS, MAX_TYPE_LENGTH
from orderdesk_sdk.transport.email.parsing import MAX_HEADER_LENGTH, ParsedEmail, parse_email

OURS = "<c0ffee-2.1@example.com>"
HEAD = (
    "From: MWW Support <support@mww.example>\nDate: Mon, 05 Jan 2026 11:40:00 +0100\n"
    f"Subject: Re: Please cancel order 1042\nMessage-ID: <77@mww.example>\nIn-Reply-To: {OURS}\n"
)
ANSWER = (HEAD + "\nThe order is canceled.\nKind regards\n").encode()


def same(text: str) -> str:
    return text


def read(raw: bytes) -> ParsedEmail:
    return parse_email(raw, same, extract_email)


def headed(*lines: str, text: str = "The order is canceled.") -> bytes:
    """The answer with these header lines more."""
    return (HEAD + "".join(f"{line}\n" for line in lines) + f"\n{text}\n").encode()


def test_a_mail_tells_who_wrote_what_when() -> None:
    letter = read(ANSWER)
    mail = letter.evidence
    assert (mail.sender, mail.subject) == ("MWW Support <support@mww.example>", "Re: Please cancel order 1042")
    assert mail.dated_at == datetime(2026, 1, 5, 10, 40, tzinfo=UTC)
    assert (mail.message_id, mail.digest) == ("<77@mww.example>", hashlib.sha256(ANSWER).hexdigest())
    assert letter.text == "The order is canceled. Kind regards"
    assert letter.addresses == ("support@mww.example",)


def test_the_mails_that_it_answers_come_nearest_first() -> None:
    thread = ANSWER.replace(b"Message-ID", b"References: <1@a.example> (ours)\n <2@a.example>\nMessage-ID")
    assert read(thread).in_reply_to == (OURS, "<2@a.example>", "<1@a.example>")
    assert read(ANSWER.replace(b"In-Reply-To", b"X-Other")).in_reply_to == ()


def test_no_secret_and_no_control_character_is_kept() -> None:
    raw = ANSWER.replace(b"Re: Please", b"=?utf-8?q?hunter22=1B[2J?= Please").replace(
        b"is canceled", b"hunter22 \x1b[2J"
    )
    letter = parse_email(raw, lambda said: said.replace("hunter22", "[hidden]"), extract_email)
    assert "hunter22" not in f"{letter}"
    assert "\x1b" not in letter.evidence.subject + letter.text
    assert "[hidden]" in letter.evidence.subject
    assert "[hidden]" in letter.text


def test_what_is_kept_of_a_header_is_bounded() -> None:
    long = HEAD.replace("Re:", "Re:" + " and" * 1000) + "\n" + "word " * 10_000
    assert len(read(long.encode()).evidence.subject) == MAX_HEADER_LENGTH


@pytest.mark.parametrize(
    ("told", "number", "named"),
    [
        ("1042 is canceled", "1042", True),
        ("Order #1042, canceled.", "1042", True),
        ("PO-1042.", "1042", True),
        ("PO-1042.", "po-1042", True),
        ("10421 is canceled", "1042", False),
        ("21042 is canceled", "1042", False),
        ("1042-1 is canceled", "1042", False),
        ("1042-1 is canceled", "1042-1", True),
        ("7-1042 is canceled", "1042", False),
        ("1042.5 units", "1042", False),
        ("A1042B", "1042", False),
        ("all is canceled", "", False),
        ("5 Jan 2026: it is canceled", "2026", False),
        ("5 Jan 2026: it is canceled", "5", False),
        ("order 2026 is canceled", "2026", True),
        ("Order no. 5 is canceled", "5", True),
        ("#5 is canceled", "5", True),
    ],
)
def test_a_number_is_named_only_by_itself(told: str, number: str, named: bool) -> None:
    letter = read(ANSWER.replace(b"order 1042", b"it").replace(b"The order is canceled", told.encode()))
    assert letter.first_mentioned([number]) == (number if named else None)


# Read kindly


def test_a_mail_of_markup_is_read_without_it() -> None:
    html = "Content-Type: text/html\n\n<style>p {}</style><p>It is <b>canceled</b>.</p><script>x()</script>"
    assert read((HEAD + html).encode()).text == "It is canceled ."


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<head><title>no</title></head><BODY class='a>b'>yes</BODY>", "yes"),
        ("<head><style>no</style><body>yes", "yes"),
        ("a<!-- <b>no</b> -->b", "a b"),
        ("1 < 2 &amp; &lt;b&gt; &#8364; &#99999999999;", "1 < 2 & <b> €"),
        ('<img alt="a > no">yes<br/>yes', "yes yes"),
        ("yes<a no", "yes"),
        ("yes<script>no", "yes"),
        ("yes<STYLE>no</Style >yes", "yes yes"),
    ],
)
def test_of_markup_the_words_are_read(html: str, text: str) -> None:
    assert read(headed("Content-Type: text/html", text=html)).text == text


def mixed(*parts: str, kind: str = "mixed") -> bytes:
    inner = "".join(f"--b\n{part}\n" for part in parts)
    return headed(f'Content-Type: multipart/{kind}; boundary="b"', text=f"{inner}--b--")


def test_of_a_mail_with_attachments_its_text_is_read() -> None:
    attached = "Content-Type: text/plain\nContent-Disposition: attachment\n\nnot this"
    mail = "Content-Type: message/rfc822\n\nFrom: a@b.example\n\nnor this"
    assert read(mixed("Content-Type: text/plain\n\nCanceled.", attached, mail)).text == "Canceled."


def test_a_blank_text_beside_markup_does_not_hide_it() -> None:
    blank = "Content-Type: text/plain\n\n \u00a0\n"
    html = "Content-Type: text/html\n\n<p>Canceled.</p>"
    assert read(mixed(blank, html, kind="alternative")).text == "Canceled."
    assert read(mixed(html, "Content-Type: text/plain\n\nA footer.")).text == "Canceled. A footer."


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\n", b"\r\n\r\n", b"From support@mww.example Mon Jan  5 2026\n"])
def test_what_some_programs_write_before_a_mail_is_no_part_of_it(mark: bytes) -> None:
    letter = read(mark + ANSWER)
    assert (letter.evidence.sender, letter.evidence.message_id) == (
        "MWW Support <support@mww.example>",
        "<77@mww.example>",
    )
    assert letter.evidence.digest == hashlib.sha256(mark + ANSWER).hexdigest(), "of what was filed"


def test_a_file_of_several_mails_is_none() -> None:
    line = b"From support@mww.example Mon Jan  5 2026\n"
    with pytest.raises(ValidationError, match="several mails"):
        read(line + ANSWER + b"\n" + line + ANSWER)
    assert "From the desk" in read(line + ANSWER + b"\nFrom the desk of MWW\nbye").text


def test_no_control_character_is_in_an_id() -> None:
    letter = read(ANSWER.replace(b"c0ffee", b"c0\x1b[2Jffee").replace(b"<77@", b"<77\xff@"))
    assert (letter.in_reply_to, letter.evidence.message_id) == ((), None)


def test_a_mail_saved_as_utf16_or_with_old_line_ends_is_read() -> None:
    assert read(ANSWER.decode().encode("utf-16")).text == "The order is canceled. Kind regards"
    assert read(ANSWER.replace(b"\n", b"\r")).evidence.dated_at == datetime(2026, 1, 5, 10, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("cp-850", "Gr\u00f6\u00dfe".encode("cp850"), "Gr\u00f6\u00dfe"),
        ("windows-874", "\u0e01".encode("cp874"), "\u0e01"),
        ("ibm-437", "\u00e9".encode("cp437"), "\u00e9"),
        ("unknown-8bit", "Gr\u00f6\u00dfe".encode("cp1252"), "Gr\u00f6\u00dfe"),
        ("unknown-8bit", "Gr\u00f6\u00dfe".encode(), "Gr\u00f6\u00dfe"),
        ("utf-7777", b"Canceled.", "Canceled."),
        ("us-ascii", "Gr\u00f6\u00dfe".encode(), "Gr\u00f6\u00dfe"),
        ("utf-8", b"Gr\xf6\xdfe", "Gr\ufffd\ufffde"),
        ("punycode", b"Canceled.", "Canceled."),
        ("zlib", b"Canceled.", "Canceled."),
        ("../../etc/passwd", b"Canceled.", "Canceled."),
    ],
)
@pytest.mark.parametrize("encoding", ["8bit", "base64"])
def test_a_text_of_any_charset_is_read_as_far_as_it_can_be(charset: str, raw: bytes, text: str, encoding: str) -> None:
    body = base64.b64encode(raw) if encoding == "base64" else raw
    head = f'Content-Type: text/plain; charset="{charset}"\nContent-Transfer-Encoding: {encoding}\n\n'
    assert read((HEAD + head).encode() + body).text == text


def test_headers_are_read_in_any_charset() -> None:
    raw = ANSWER.replace(b"Re: Please", b"=?cp-850?q?Gr=94=E1e?= =?punycode?q?a-b?= \xc3\xa9").replace(
        b"MWW Support", "M\u00fcller".encode("cp1252")
    )
    mail = read(raw).evidence
    assert mail.sender == "M\u00fcller <support@mww.example>"
    assert "\u00e9" in mail.subject
    assert "\u00f6" in read(ANSWER.replace(b"Re: Please", b"=?cp-850?q?Gr=94=E1e?=")).evidence.subject


# Limits


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no headers"),
        (b"just words", "no headers"),
        (b"just words\n\nand more", "who wrote it or when"),
        (ANSWER.replace(b"From:", b"To:"), "who wrote it or when"),
        (ANSWER.replace(b"Mon, 05 Jan 2026", b"some day in"), "when"),
        (HEAD.encode() + b"\n \n", "no text"),
        (HEAD.encode() + b"Content-Type: image/png\n\nPNG", "no text"),
        (b"X: " + b"y" * MAX_HEAD_BYTES + b"\n\n", "no end of them"),
        (ANSWER + b" " * MAX_BYTES, "bytes"),
        (HEAD.encode() + b"X: y\n" + b"\n" * (MAX_LINES + 1), "lines"),
        (headed("Content-Type: text/plain; name=" + "x" * MAX_TYPE_LENGTH), "characters"),
        (mixed(*["Content-Type: text/plain; name=" + "x" * MAX_TYPE_LENGTH + "\n\nyes"]), "characters"),
        (mixed(*["\nCanceled."] * MAX_PARTS), "parts"),
        (HEAD.encode() + b"Content-Type: message/rfc822\n\n" * (MAX_PARTS + 1) + b"\n", "parts"),
        (ANSWER.replace(b"MWW Support", b"(" * 1500), "cannot be read"),
    ],
)
def test_what_is_no_readable_mail_is_refused_with_a_reason(raw: bytes, why: str) -> None:
    with pytest.raises(ValidationError, match=why) as caught:
        read(raw)
    assert caught.value.location == "the message"
    assert caught.value.hint


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_junk_is_read_or_refused_and_nothing_else(head: bytes, body: bytes) -> None:
    try:
        letter = read(HEAD.encode() + head + b"\n\n" + body)
    except ValidationError:
        return
    assert letter.evidence.sender
    assert letter.text.isprintable()
