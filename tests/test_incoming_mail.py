"""Mail that came in: what is read of it, whose answer it is, and that no junk gets past as evidence."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderdesk_sdk.errors import InputError
from orderdesk_sdk.incoming_mail import EXCERPT, LARGEST, LARGEST_HEAD, LONGEST, read_mail

OURS = "<c0ffee-2.1@example.com>"
HEAD = (
    "From: MWW Support <support@mww.example>\nDate: Mon, 05 Jan 2026 11:40:00 +0100\n"
    f"Subject: Re: Please cancel order 1042\nMessage-ID: <77@mww.example>\nIn-Reply-To: {OURS}\n"
)
ANSWER = (HEAD + "\nThe order is canceled.\nKind regards\n").encode()


def same(text: str) -> str:
    return text


def test_a_mail_tells_who_wrote_what_when() -> None:
    mail, text = read_mail(ANSWER, [], same)
    assert (mail.sender, mail.subject) == ("MWW Support <support@mww.example>", "Re: Please cancel order 1042")
    assert mail.at == datetime(2026, 1, 5, 10, 40, tzinfo=UTC)
    assert (mail.identity, mail.digest) == ("<77@mww.example>", hashlib.sha256(ANSWER).hexdigest())
    assert text == "The order is canceled. Kind regards"


def test_an_answer_to_our_mail_is_told_from_any_other() -> None:
    assert read_mail(ANSWER, [OURS], same)[0].answers == OURS
    assert read_mail(ANSWER, ["<c0ffee-2.0@example.com>"], same)[0].answers is None
    assert read_mail(ANSWER.replace(b"In-Reply-To", b"X-Other"), [OURS], same)[0].answers is None


def test_a_thread_counts_as_an_answer() -> None:
    thread = ANSWER.replace(b"In-Reply-To: ", b"References: <1@a.example>\n ")
    assert read_mail(thread, [OURS], same)[0].answers == OURS


def test_no_secret_and_no_control_character_is_kept() -> None:
    raw = ANSWER.replace(b"Re: Please", b"=?utf-8?q?hunter22=1B[2J?= Please").replace(
        b"is canceled", b"hunter22 \x1b[2J"
    )
    mail, text = read_mail(raw, [], lambda said: said.replace("hunter22", "[hidden]"))
    assert "hunter22" not in f"{mail}{text}"
    assert "\x1b" not in mail.subject + text
    assert "[hidden]" in mail.subject
    assert "[hidden]" in text


def test_what_is_kept_is_bounded() -> None:
    long = HEAD.replace("Re:", "Re:" + " and" * 1000) + "\n" + "word " * 10_000
    mail, text = read_mail(long.encode(), [], same)
    assert (len(mail.subject), len(text)) == (LONGEST, EXCERPT)


def test_a_mail_of_markup_is_read_without_it() -> None:
    html = "Content-Type: text/html\n\n<style>p {}</style><p>It is <b>canceled</b>.</p><script>x()</script>"
    assert read_mail((HEAD + html).encode(), [], same)[1] == "It is canceled ."


def test_of_a_mail_with_attachments_its_text_is_read() -> None:
    parts = (
        'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain\n\nCanceled.\n'
        "--b\nContent-Type: text/plain\nContent-Disposition: attachment\n\nnot this\n--b--\n"
    )
    assert read_mail((HEAD + parts).encode(), [], same)[1] == "Canceled."


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
        (b"X: " + b"y" * LARGEST_HEAD + b"\n\n", "no end of them"),
        (ANSWER + b" " * LARGEST, "bytes"),
        (HEAD.encode() + b"Content-Type: text/plain; charset=utf-7777\n\nCanceled.", "cannot be read"),
    ],
)
def test_what_is_no_readable_mail_is_refused_with_a_reason(raw: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        read_mail(raw, [], same)
    assert caught.value.place == "the message"
    assert caught.value.remedy


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_junk_is_read_or_refused_and_nothing_else(head: bytes, body: bytes) -> None:
    try:
        mail, text = read_mail(HEAD.encode() + head + b"\n\n" + body, [OURS], same)
    except InputError:
        return
    assert mail.sender
    assert text.isprintable()
