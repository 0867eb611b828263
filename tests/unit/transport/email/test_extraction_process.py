"""A mail that a person files is read by a process of its own, which ends where it takes more than it may."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from orderdesk_sdk.errors import ConfigurationError, InProgressError, ValidationError
from orderdesk_sdk.transport.email import extraction_process
from orderdesk_sdk.transport.email.extraction import ExtractedEmail, extract_email
from orderdesk_sdk.transport.email.extraction_process import MAX_PROCESSES, extract_in_process
from orderdesk_sdk.transport.email.mime_parts import MAX_BYTES

GREEDY = "tests.support.greedy_email_child"
HEAD = (
    "From: MWW Support <support@mww.example>\nDate: Mon, 05 Jan 2026 11:40:00 +0100\n"
    "Subject: Re: Please cancel order 1042\nMessage-ID: <77@mww.example>\nIn-Reply-To: <c0ffee.1@example.com>\n"
)
ANSWER = (HEAD + "\nThe order is canceled.\nKind regards\n").encode()

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limits of a process to be tested")


def of_type(kind: str, body: bytes, encoding: str = "7bit") -> bytes:
    return f"{HEAD}Content-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n\n".encode() + body


def nested(depth: int) -> bytes:
    opening = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    return (HEAD + opening + "\nCanceled.\n").encode()


def test_a_mail_says_the_same_in_a_process_of_its_own() -> None:
    mail = ANSWER.replace(b"canceled", "anulé \udc80\u202e".encode("utf-8", "surrogatepass"))
    assert extract_in_process(mail) == extract_email(mail)
    assert extract_in_process(ANSWER).text == "The order is canceled. Kind regards"


@pytest.mark.parametrize(
    ("mail", "why"),
    [
        (b"just words", "no headers"),
        (b"x" * (MAX_BYTES + 1), "bytes"),
        (of_type('multipart/mixed; boundary="b"', b"--b\n\n" * 60_000), "parts"),
        (nested(90), "parts"),
        (of_type('multipart/mixed; boundary="b"', b"--b\nContent-Type: text/plain; x=" + b"y" * 300_000), "characters"),
    ],
)
def test_a_hostile_mail_is_refused_with_its_reason(mail: bytes, why: str) -> None:
    with pytest.raises(ValidationError, match=why) as caught:
        extract_in_process(mail)
    assert caught.value.location == "the message"
    assert caught.value.hint


@pytest.mark.parametrize(
    "mail",
    [
        of_type("text/plain; charset=punycode", b"a-" + b"b" * 2_000_000),
        of_type("text/plain; charset=idna", b"xn--" + b"b" * 2_000_000),
        of_type("text/plain; charset=zlib", base64.b64encode(b"x\x9c" + b"\0" * 1_000_000), "base64"),
        of_type("text/html", b"<a " * 500_000),
    ],
    ids=["punycode", "idna", "zlib", "markup"],
)
def test_a_slow_charset_and_endless_markup_are_read_within_the_limits(mail: bytes) -> None:
    assert extract_in_process(mail).addresses == ("support@mww.example",)


# A flaw that nobody knows yet


@pytest.fixture
def greedy(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], ExtractedEmail]:
    """Reads by a process that takes what the mail names."""
    monkeypatch.setattr(extraction_process, "_CHILD", GREEDY)
    return extract_in_process


@posix_only
@pytest.mark.parametrize("mail", [b"memory", b"crash", b"file", b"junk"])
def test_a_reader_that_takes_too_much_ends_alone(mail: bytes, greedy: Callable[[bytes], ExtractedEmail]) -> None:
    with pytest.raises(ValidationError, match="5 seconds and 512 MB") as caught:
        greedy(mail)
    assert "without its attachments" in str(caught.value.hint)


def test_a_reader_that_does_not_end_is_killed(
    monkeypatch: pytest.MonkeyPatch, greedy: Callable[[bytes], ExtractedEmail]
) -> None:
    monkeypatch.setattr(extraction_process, "MAX_SECONDS", 1)
    with pytest.raises(ValidationError, match="1 seconds"):
        greedy(b"time")


@posix_only
def test_the_processor_is_limited_by_the_system() -> None:
    process = subprocess.run([sys.executable, "-m", GREEDY, "1"], input=b"processor", capture_output=True, check=False)
    assert process.returncode < 0, "a signal ended it"


def test_the_process_knows_no_secret_of_ours(
    monkeypatch: pytest.MonkeyPatch, greedy: Callable[[bytes], ExtractedEmail]
) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "hunter22")
    with pytest.raises(ValidationError) as caught:
        greedy(b"environment")
    assert "PYTHONPATH" in caught.value.message
    assert "SHOP_PASSWORD" not in caught.value.message


def test_a_process_that_cannot_be_started_is_no_fault_of_the_mail(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    monkeypatch.setattr(extraction_process, "_CHILD", "orderdesk_sdk.no_such_module")
    with pytest.raises(ConfigurationError, match="cannot be started: it ended with code 1"):
        extract_in_process(ANSWER)
    monkeypatch.setattr(sys, "executable", os.fspath(path / "python"))
    with pytest.raises(ConfigurationError, match="cannot be started") as caught:
        extract_in_process(ANSWER)
    assert "give your own word" in str(caught.value.hint)


def test_no_more_mails_are_read_at_once_than_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extraction_process, "_TURN_SECONDS", 0.01)
    monkeypatch.setattr(extraction_process, "_turns", threading.BoundedSemaphore(MAX_PROCESSES))
    for _ in range(MAX_PROCESSES):
        extraction_process._turns.acquire()
    with pytest.raises(InProgressError, match="being read"):
        extract_in_process(ANSWER)
    extraction_process._turns.release()
    assert extract_in_process(ANSWER).text
    assert extraction_process._turns.acquire(blocking=False), "the turn was given back"


@pytest.mark.parametrize("broken", [{}, {"senders": "a"}, {"senders": [], "addresses": [], "subject": 1}])
def test_what_is_no_document_of_a_mail_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="expected"):
        ExtractedEmail.from_document(broken)
