"""Mail at a real SMTP server: it arrives once, each failure says what it proves, and no text forges a part of it."""

from __future__ import annotations

import email
import re
import socket
import threading
import traceback
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING

import pytest
from aiosmtpd.smtp import AuthResult
from hypothesis import example, given
from hypothesis import strategies as st

from orderdesk_sdk.cases.exchange import Certainty, Failure
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.orders.order import Address, ConnectionRole, Order, OrderLine, RemoteOrder
from orderdesk_sdk.plugin.toolkit.email_addresses import read_address
from orderdesk_sdk.plugin.toolkit.templates import FIELDS, render, template_fields
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.email import smtp, smtp_session
from orderdesk_sdk.transport.email.config import EmailConfig
from orderdesk_sdk.transport.email.smtp import MAX_BODY_LENGTH, MAX_SUBJECT_LENGTH, SmtpTransport, compose, message_id

if TYPE_CHECKING:
    from tests.conftest import MailServer

AT = datetime(2026, 11, 22, 14, tzinfo=UTC)
SHOP = EmailConfig(sender="Shop <orders@example.com>")


def a_mail(config: EmailConfig, to: str = "desk@example.net", plugin: str = "Cancel 1042") -> EmailMessage:
    identity = message_id("c1-1", 0, config.sender)
    return compose(config, to=to, plugin=plugin, body="please cancel\n", identity=identity, at=AT)


def send(config: EmailConfig) -> tuple[str | Failure, list[str]]:
    before: list[str] = []
    return SmtpTransport(config).send(a_mail(config), lambda: before.append("intent")), before


def test_a_mail_arrives_once_with_its_deterministic_identity(mail_server: MailServer) -> None:
    result, before = send(mail_server.config())
    assert result == "250 taken"
    assert before == ["intent"]
    assert mail_server.recipients() == [["desk@example.net"]]
    assert "Message-ID: <c1-1.0@example.com>\r\n" in mail_server.texts()[0]


def test_a_redirected_mail_reaches_only_the_other_address(mail_server: MailServer) -> None:
    send(mail_server.config(mode="redirect", redirect_to="Me <me@example.org>"))
    assert mail_server.recipients() == [["me@example.org"]]
    assert "X-Original-To: desk@example.net\r\n" in mail_server.texts()[0]


def test_a_refused_connection_proves_that_nothing_was_sent() -> None:
    with socket.socket() as free:  # Bound and not listening: nobody else can take the port meanwhile.
        free.bind(("127.0.0.1", 0))
        result, before = send(EmailConfig(sender="a@example.com", host="127.0.0.1", port=free.getsockname()[1]))
    assert isinstance(result, Failure)
    assert (result.certainty, before) == (Certainty.NOT_SENT, [])


@pytest.mark.parametrize("response", ["450 greylisted", "550 unknown", "junk"])
def test_a_refused_recipient_proves_that_nothing_was_done(mail_server: MailServer, response: str) -> None:
    mail_server.responses["RCPT"] = [response]
    result, before = send(mail_server.config())
    assert isinstance(result, Failure)
    assert (result.certainty, before, mail_server.arrived) == (Certainty.NOT_PROCESSED, [], [])


@pytest.mark.parametrize(
    ("response", "proves"),
    [
        ("451 later", Certainty.NOT_PROCESSED),
        ("554 no", Certainty.NOT_PROCESSED),
        ("drop", Certainty.UNKNOWN),
        ("junk", Certainty.UNKNOWN),
        ("354 go on", Certainty.UNKNOWN),
        (f"250 {'x' * 9000}", Certainty.UNKNOWN),
    ],
    ids=lambda value: str(value)[:12],
)
def test_what_a_reply_to_the_mail_proves(mail_server: MailServer, response: str, proves: Certainty) -> None:
    mail_server.responses["DATA"] = [response]
    result, before = send(mail_server.config())
    assert isinstance(result, Failure)
    assert (result.certainty, before) == (proves, ["intent"])
    assert len(mail_server.arrived) == (proves is Certainty.UNKNOWN)


def test_a_refused_goodbye_does_not_unsend_a_mail(mail_server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async def handle_quit(*_: object) -> str:
        return "421 going down"

    mail_server.controller.handler.handle_QUIT = handle_quit
    assert send(mail_server.config())[0] == "250 taken"
    assert len(mail_server.arrived) == 1


def test_a_server_that_says_too_much_is_left_and_provably_got_nothing(mail_server: MailServer) -> None:
    mail_server.responses["RCPT"] = ["250-more\r\n" * 20_000 + "250 OK"]
    result, before = send(mail_server.config())
    assert isinstance(result, Failure)
    assert "too much" in result.message
    assert (result.certainty, before, mail_server.arrived) == (Certainty.NOT_SENT, [], [])


@pytest.mark.slow
def test_a_server_that_speaks_a_letter_at_a_time_is_left_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_session, "MAX_STEPS", 1)
    done = threading.Event()

    def dribble(listening: socket.socket) -> None:
        with listening.accept()[0] as there, suppress(OSError):
            while not done.wait(0.1):
                there.sendall(b"2")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=dribble, args=(listening,))
        thread.start()
        config = EmailConfig(sender="a@example.com", host="127.0.0.1", port=listening.getsockname()[1], timeout=1)
        result, before = send(config)
        done.set()
        thread.join()
    assert isinstance(result, Failure)
    assert (result.certainty, before) == (Certainty.NOT_SENT, [])


@pytest.mark.parametrize("cut", [b"250", b"250 ta", b"554 no", b"250-taken\r\n250 "])
def test_a_reply_that_was_cut_proves_nothing(cut: bytes) -> None:
    def serve(listening: socket.socket) -> None:
        with listening.accept()[0] as there, there.makefile("rb") as heard:
            there.sendall(b"220 hello\r\n")
            for command in iter(heard.readline, b""):
                there.sendall(b"354 go on\r\n" if command == b"data\r\n" else b"250 OK\r\n")
                if command == b"data\r\n":
                    while heard.readline() != b".\r\n":
                        continue
                    there.sendall(cut)
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        config = EmailConfig(sender="a@example.com", host="127.0.0.1", port=listening.getsockname()[1], timeout=5)
        result, before = send(config)
        thread.join()
    assert isinstance(result, Failure)
    assert (result.certainty, before) == (Certainty.UNKNOWN, ["intent"])


QUOTED = "a-password-nobody-sees"


@pytest.mark.parametrize(
    "form", [QUOTED, b64encode(QUOTED.encode()).decode(), b64encode(f"\0shop\0{QUOTED}".encode()).decode()]
)
@pytest.mark.parametrize(("command", "response"), [("RCPT", "550 "), ("DATA", "554 "), ("DATA", "250 ")])
def test_no_password_is_kept_of_what_a_server_quotes(
    mail_servers: Callable[..., MailServer], form: str, command: str, response: str
) -> None:
    taken = AuthResult(success=True)
    server = mail_servers(authenticator=lambda *_: taken, auth_require_tls=False)
    server.responses[command] = [f"{response}you said {form}"]
    result, _ = send(server.config(username="shop", password=Secret(QUOTED)))
    said = result.message if isinstance(result, Failure) else result
    assert "you said [hidden]" in said
    assert form not in said


def test_no_password_is_told_of_a_login_that_is_refused(mail_servers: Callable[..., MailServer]) -> None:
    no = AuthResult(success=False, handled=False, message=f"535 {QUOTED} is wrong")
    server = mail_servers(authenticator=lambda *_: no, auth_require_tls=False)
    with pytest.raises(ConfigurationError) as caught:
        send(server.config(username="shop", password=Secret(QUOTED)))
    frames = traceback.StackSummary.extract(traceback.walk_tb(caught.value.__traceback__), capture_locals=True)
    ours = [frame.locals for frame in frames if frame.filename == smtp.__file__]
    assert ours
    assert QUOTED not in f"{ours}{caught.value!r}{caught.value.__context__!r}{caught.value.__cause__!r}"


# What texts may do


@pytest.mark.parametrize("evil", ["x\r\nBcc: thief@example.org", "x\nBcc: t@example.org", "x\x0b\x85\u2028Bcc: t"])
def test_no_line_break_reaches_a_header(evil: str) -> None:
    mail = a_mail(SHOP, plugin=evil)
    assert mail["Bcc"] is None
    assert len(str(mail["Subject"]).splitlines()) == 1
    with pytest.raises(ConfigurationError, match="line break"):
        a_mail(SHOP, to=f"desk@example.net {evil}")


ENCODED = (
    "=?utf-8?q?1042=0D=0ABcc=3A_x=40y.example=0D=0A=0D=0AHello?=",
    "=?utf-8?b?MTA0Mg0KQmNjOiB4QHkuZXhhbXBsZQ0KDQpIZWxsbw==?=",
    "=?utf-8?q?a?= =?utf-8?q?=0ABcc=3A_b?=",
    "=?utf-8*en?q?=0D=0ABcc=3A_x?=",
    "==??utf-8?q?=0D=0AX=3A_y?=",
    "=\u200b?utf-8?q?=0D=0AX=3A_y?=",
)


@pytest.mark.parametrize("evil", ENCODED)
def test_no_encoded_word_survives_in_a_mail(evil: str) -> None:
    mail = a_mail(SHOP, plugin=f"Cancel {evil}")
    assert "=?" not in str(mail["Subject"])
    assert "=?" not in mail.as_string().replace("=?utf-8?b?", "").replace("=?utf-8?q?", "").replace("?= =?", "")
    assert mail["Bcc"] is None
    read = email.message_from_bytes(mail.as_bytes(), policy=SMTP)
    assert str(read["Subject"]) == str(mail["Subject"])


def test_a_template_cannot_put_an_encoded_word_together() -> None:
    subject = render("={order_number}", {"order_number": "?utf-8?q?=0D=0ABcc=3A_x?="})
    assert "=?" not in str(a_mail(SHOP, plugin=subject)["Subject"])


@pytest.mark.parametrize("evil", ENCODED)
@pytest.mark.parametrize(
    "form", ["{} <a@example.com>", '"{}" <a@example.com>', "a@example.com ({})", '"{}"@example.com']
)
def test_no_encoded_word_gets_into_an_address(evil: str, form: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_address(form.format(evil), "desk.toml: to")
    assert caught.value.hint


def test_a_subject_too_long_to_read_is_cut_and_a_body_too_long_is_not_sent() -> None:
    subject = str(a_mail(SHOP, plugin="1" * 5000)["Subject"])
    assert (len(subject), subject[-5:]) == (MAX_SUBJECT_LENGTH + 4, "1 ...")
    with pytest.raises(ConfigurationError, match="characters") as caught:
        compose(SHOP, to="a@example.net", plugin="x", body="x" * (MAX_BODY_LENGTH + 1), identity="<a.0@b.c>", at=AT)
    assert "by hand" in str(caught.value.hint)


def test_a_mail_that_would_be_read_as_another_does_not_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    written = EmailMessage.as_bytes
    for new in (b"\r\nBcc: x@y.example\r\n", b"\r\nContent-Type: text/html\r\n", b"\r\n\r\n", b", x@y.example\r\n"):
        with monkeypatch.context() as patched:
            patched.setattr(EmailMessage, "as_bytes", lambda mail, new=new: written(mail).replace(b"\r\n", new, 1))
            with pytest.raises(ConfigurationError, match="read as another"):
                a_mail(SHOP)


def test_a_mail_names_itself_in_the_thread_so_that_a_new_id_does_not_hide_its_answer() -> None:
    assert a_mail(SHOP)["References"] == a_mail(SHOP)["Message-ID"] == "<c1-1.0@example.com>"


NASTY = st.text(
    st.one_of(st.characters(), st.sampled_from("\r\n\0\x0b\x0c\x1c\x85\u2028\u2029\u202e\u200f\ud800:{}<>,;@=?.")),
    max_size=30,
)
SUBJECT = " ".join(f"{{{name}}}" for name in FIELDS if name != "lines")
BODY = "".join(f"{name}: {{{name}}}\n" for name in FIELDS)
HEADERS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "References",
    "Auto-Submitted",
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
}


@pytest.mark.slow
@given(st.lists(NASTY, min_size=9, max_size=9), st.lists(NASTY, min_size=1, max_size=3))
@example(["\r\nBcc: thief@example.org\r\n\r\nforged"] * 9, ["\n9 x GOLD"])
@example(["", "", "\u00a1", "000\u00a1\u00a1", "", "", "\x1f", "00", "000000\u00a1\u00a1 \u00a1 \u00a1"], [""])
@example(["=?utf-8?q?1=0D=0ABcc=3A_x=40y.example=0D=0A=0D=0AHello?="] * 9, ["=?utf-8?b?DQpCY2M6IHhAeQ==?="])
def test_no_text_of_an_order_reaches_a_header_or_forges_a_line(texts: list[str], codes: list[str]) -> None:
    number, source, remote, requested_by, reason, last, company, postal, city = texts
    to = Address(last_name=last, company=company, postal_code=postal, city=city)
    lines = tuple(OrderLine(2, code=code, name="n") for code in codes)
    order = Order("1", number, source_name=source, shipping=to, lines=lines)
    values = template_fields(
        order,
        RemoteOrder("depot", remote, AT, ConnectionRole.FULFILLMENT),
        requested_by=requested_by,
        reason=reason,
        lines={},
    )
    subject, body = render(SUBJECT, values), render(BODY, values)
    identity = message_id("c1-1", 0, SHOP.sender)
    made = compose(SHOP, to="desk@example.net", plugin=subject, body=body, identity=identity, at=AT)
    sent = made.as_bytes()
    assert sent.isascii()
    assert b"\0" not in sent
    assert re.fullmatch(rb"(?:[^\r\n]{0,998}\r\n)+", sent)
    read = email.message_from_bytes(sent, policy=SMTP)
    assert sorted(read.keys()) == sorted(HEADERS)
    assert read["Subject"] is not None
    assert "=?" not in str(read["Subject"])
    assert str(read["To"]) == "desk@example.net"
    content = read.get_payload(decode=True)
    assert isinstance(content, bytes)
    shown = content.decode("utf-8").splitlines()
    names = [name for name in FIELDS for _ in range(len(codes) if name == "lines" else 1)]
    assert len(shown) == len(names)
    starts = [f"{name}: " for name in names]
    at = names.index("lines")
    starts[at : at + len(codes)] = ["lines: 2 x ", *["2 x "] * (len(codes) - 1)]
    assert all(line.startswith(start.rstrip()) for line, start in zip(shown, starts, strict=True))


def test_letters_of_any_script_arrive_as_they_were_written(mail_server: MailServer) -> None:
    config = mail_server.config()
    body = "Größe: 大\n.\n  eingerückt und " + "ü" * 1200 + "\n"
    mail = compose(
        config, to="Bücher <desk@example.net>", plugin="Größe 大", body=body, identity="<a.0@example.com>", at=AT
    )
    assert SmtpTransport(config).send(mail, lambda: None) == "250 taken"
    read = email.message_from_string(mail_server.texts()[0], policy=SMTP)
    assert isinstance(read, EmailMessage)
    assert (str(read["Subject"]), str(read["To"])) == ("Größe 大", "Bücher <desk@example.net>")
    assert read.get_content().replace("\r\n", "\n") == body
    assert mail_server.recipients() == [["desk@example.net"]]


def test_two_lines_of_one_code_are_both_named() -> None:
    order = Order("1", "1042", lines=(OrderLine(2, code="MUG"), OrderLine(3, code="MUG")))
    remote_order = RemoteOrder("depot", "1042", AT, ConnectionRole.FULFILLMENT)
    assert template_fields(order, remote_order, requested_by="A", reason=None, lines={})["lines"] == "2 x MUG\n3 x MUG"
    assert template_fields(order, remote_order, requested_by="A", reason=None, lines={"MUG": 4})["lines"] == "4 x MUG"


# Addresses


@pytest.mark.parametrize(
    "value",
    [
        "a@example.com, b@example.com",
        "team: a@example.com;",
        "team: a@example.com, b@example.com;",
        "a@example.com b@example.com",
        "",
        "  ",
        "nobody",
        "@example.com",
        "a@",
        "a@b@example.com",
        "<>",
        "a@example.com\r\nBcc: t@example.org",
        "a@example.com\u202e",
        "a@example.com\0",
        "dësk@example.com",
        "desk@bücher.example",
        ["a@example.com"],
        None,
    ],
)
def test_what_is_not_exactly_one_address_is_refused_with_place_and_remedy(value: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_address(value, "desk.toml: to")
    assert caught.value.location == "desk.toml: to"
    assert caught.value.hint


@pytest.mark.parametrize(
    ("sender", "domain"),
    [
        ("orders@example.com", "example.com"),
        ("Shop <orders@example.com>", "example.com"),
        ("orders@example.com (the shop)", "example.com"),
        ('"a@b" <orders@example.com>', "example.com"),
        ('"odd>name"@example.com', "example.com"),
        ("orders@xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("orders@[127.0.0.1]", "[127.0.0.1]"),
    ],
)
def test_the_identity_of_a_mail_has_the_domain_of_its_sender(sender: str, domain: str) -> None:
    assert message_id("c1-1", 2, sender) == f"<c1-1.2@{domain}>"
    assert a_mail(EmailConfig(sender=sender))["Message-ID"] == f"<c1-1.0@{domain}>"
