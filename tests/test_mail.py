"""Mail at a real SMTP server: it arrives once, and each failure says what it proves."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.exchange import Certainty, Failure
from orderdesk_sdk.mail import MailConfig, Mailer, compose, message_id

AT = datetime(2026, 11, 22, 14, tzinfo=UTC)


class Inbox:
    """Keeps what arrives; `at_rcpt` and `at_data` are the replies, "drop" hangs up in place of one."""

    def __init__(self) -> None:
        self.arrived: list[Envelope] = []
        self.at_rcpt = "250 OK"
        self.at_data = "250 taken"

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.at_rcpt

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.at_data.startswith(("2", "drop", "junk")):
            self.arrived.append(envelope)
        if self.at_data == "drop":
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return self.at_data


class Quitting(Inbox):
    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return "421 going down"


def serving(inbox: Inbox) -> Iterator[MailConfig]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield MailConfig(sender="Shop <orders@example.com>", host="127.0.0.1", port=port, timeout=5)
    finally:
        controller.stop()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def config(inbox: Inbox) -> Iterator[MailConfig]:
    yield from serving(inbox)


def a_mail(config: MailConfig, to: str = "desk@example.net", subject: str = "Cancel 1042") -> EmailMessage:
    identity = message_id("c1-1", 0, config.sender)
    return compose(config, to=to, subject=subject, body="please cancel\n", identity=identity, at=AT)


def send(config: MailConfig) -> tuple[str | Failure, list[str]]:
    before: list[str] = []
    return Mailer(config).send(a_mail(config), lambda: before.append("intent")), before


def test_a_mail_arrives_once_with_its_deterministic_identity(inbox: Inbox, config: MailConfig) -> None:
    result, before = send(config)
    assert result == "250 taken"
    assert before == ["intent"]
    assert [envelope.rcpt_tos for envelope in inbox.arrived] == [["desk@example.net"]]
    assert b"Message-ID: <c1-1.0@example.com>" in (inbox.arrived[0].original_content or b"")


def test_a_redirected_mail_reaches_only_the_other_address(inbox: Inbox, config: MailConfig) -> None:
    redirecting = MailConfig(
        sender=config.sender, host=config.host, port=config.port, mode="redirect", redirect_to="me@example.org"
    )
    send(redirecting)
    assert [envelope.rcpt_tos for envelope in inbox.arrived] == [["me@example.org"]]
    assert b"X-Original-To: desk@example.net" in (inbox.arrived[0].original_content or b"")


def test_a_refused_connection_proves_that_nothing_was_sent() -> None:
    with socket.socket() as free:  # Bound and not listening: nobody else can take the port meanwhile.
        free.bind(("127.0.0.1", 0))
        result, before = send(MailConfig(sender="a@example.com", host="127.0.0.1", port=free.getsockname()[1]))
    assert isinstance(result, Failure)
    assert (result.certainty, before) == (Certainty.NOT_SENT, [])


def test_a_refused_recipient_proves_that_nothing_was_done(inbox: Inbox, config: MailConfig) -> None:
    inbox.at_rcpt = "550 unknown"
    result, before = send(config)
    assert isinstance(result, Failure)
    assert (result.certainty, before, inbox.arrived) == (Certainty.NOT_DONE, [], [])


@pytest.mark.parametrize(
    ("reply", "proves"),
    [
        ("451 later", Certainty.NOT_DONE),
        ("554 no", Certainty.NOT_DONE),
        ("drop", Certainty.UNCLEAR),
        ("junk", Certainty.UNCLEAR),
    ],
)
def test_what_a_reply_to_the_mail_proves(inbox: Inbox, config: MailConfig, reply: str, proves: Certainty) -> None:
    inbox.at_data = reply
    result, before = send(config)
    assert isinstance(result, Failure)
    assert (result.certainty, before) == (proves, ["intent"])


def test_a_refused_goodbye_does_not_unsend_a_mail() -> None:
    inbox = Quitting()
    results = [send(config)[0] for config in serving(inbox)]
    assert results == ["250 taken"]
    assert len(inbox.arrived) == 1


@pytest.mark.parametrize("evil", ["x\r\nBcc: thief@example.org", "x\nBcc: t@example.org", "x\x0b\x85\u2028Bcc: t"])
def test_no_line_break_reaches_a_header(config: MailConfig, evil: str) -> None:
    mail = a_mail(config, subject=evil)
    assert mail["Bcc"] is None
    assert len(str(mail["Subject"]).splitlines()) == 1
    with pytest.raises(ConfigurationError, match="line break"):
        a_mail(config, to=f"desk@example.net {evil}")
