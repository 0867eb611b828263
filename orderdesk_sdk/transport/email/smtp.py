"""Mail over SMTP: composed without any way into its headers, sent once, and what a failure proves said in one table."""

from __future__ import annotations

import smtplib
import ssl
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from email import message_from_bytes
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from pathlib import Path

from orderdesk_sdk.cases.exchange import Certainty, Failure
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.connection_settings import check_number, parsed, secret, setting, settings, settings_fields
from orderdesk_sdk.plugin.toolkit.email_addresses import address_of, read_address
from orderdesk_sdk.plugin.toolkit.templates import one_line, printable
from orderdesk_sdk.plugin.urls import is_loopback, read_host
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.email import smtp_session
from orderdesk_sdk.transport.redaction import Redactor

__all__ = ["MailConfig", "Mailer", "check_mail", "compose", "message_id", "plain_body", "plain_subject", "shown"]

SENDER = "[mail].sender"
LONGEST_SUBJECT = 200
"""Characters; a line of a mail may have 998 (RFC 5322, 2.1.1)."""
LONGEST_BODY = 200_000
MIME = ("MIME-Version", "Content-Type", "Content-Transfer-Encoding")
"""The headers that `email` adds for the text."""
SHOWN = ("From", "To", "X-Original-To", "Subject", "Message-ID")


@settings
class MailConfig:
    """The `[mail]` table. A draft is kept in the case's history for a person, or a host, that sends mail itself."""

    sender: str = parsed(read_address, help="who writes: Shop <orders@example.com>")
    host: str = setting(str, help="the SMTP server", default="localhost")
    port: int = setting(int, help="its port", default=25, least=1, most=65535)
    starttls: bool = setting(bool, help="whether to turn to TLS", default=False)
    ca_file: str = setting(
        str, help="authorities whose certificates count, a PEM file; empty: the system's", default=""
    )
    username: str = setting(str, help="the login; empty for none", default="")
    password: Secret = secret(help="the login's password", default=Secret(""))
    mode: str = setting(
        str,
        help="send, redirect (for trying things out) or draft",
        default="send",
        choices=("send", "redirect", "draft"),
    )
    redirect_to: str = setting(str, help="who gets every mail in mode redirect", default="")
    timeout: int = setting(int, help="seconds for each step of the conversation", default=20, least=1, most=600)
    insecure: bool = setting(bool, help="whether a login may go to another machine in clear", default=False)


def check_mail(config: MailConfig, place: str) -> None:
    """Raises ConfigurationError, with place and remedy, for what no mail can be sent by, or not without harm."""
    read_address(config.sender, f"{place}.sender")
    if config.mode == "redirect":
        read_address(config.redirect_to, f"{place}.redirect_to")
    for declared in settings_fields(MailConfig):
        value = getattr(config, declared.name)
        if declared.type is int:
            check_number(declared, value, f"{place}.{declared.name}")
        if declared.choices and value not in declared.choices:
            allowed = ", ".join(map(repr, declared.choices))
            raise ConfigurationError(f"{value!r} is not allowed", place=f"{place}.{declared.name}", remedy=allowed)
    read_host(config.host, f"{place}.host")
    if config.ca_file and not _is_file(config.ca_file):
        raise ConfigurationError(
            f"there is no file {config.ca_file!r}", place=f"{place}.ca_file", remedy="give the whole path of a PEM file"
        )
    _check_login(config, place)


def _check_login(config: MailConfig, place: str) -> None:
    password = config.password.reveal()
    if config.username and not password:
        raise ConfigurationError("a login needs a password", place=f"{place}.password", remedy='add { env = "NAME" }')
    if password and not config.username:
        raise ConfigurationError("a password needs a login", place=f"{place}.username", remedy='add username = "..."')
    for name, text in (("username", config.username), ("password", password)):
        if not (text.isascii() and text.isprintable()):
            raise ConfigurationError(
                "a login by SMTP has ASCII letters, digits and signs only; others are read in many ways",
                place=f"{place}.{name}",
                remedy="choose another at the mail server; many make one for programs, an app password",
            )
    if config.username and not (config.starttls or config.insecure or is_loopback(config.host)):
        raise ConfigurationError(
            "the login would go to another machine in clear",
            place=f"{place}.starttls",
            remedy="set starttls = true, or, in a network that you trust, insecure = true",
        )


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):  # Such as a name that is too long, or has a null in it.
        return False


class _Writing(EmailPolicy):
    """Writes headers by `email.header`: how newer policies fold them, Python 3.11 loses blanks between letters of other
    scripts, and takes what looks like an encoded word for one.
    """

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {self._encoded(name, value)}{self.linesep}"

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii")

    def _encoded(self, name: str, value: str) -> str:
        addresses: tuple[Address, ...] = getattr(value, "addresses", ())
        if len(addresses) == 1 and not addresses[0].display_name.isascii():
            written = Header(addresses[0].display_name, "utf-8", header_name=name).encode(linesep=self.linesep)
            return f"{written}{self.linesep} <{addresses[0].addr_spec}>"
        header = Header(value, None if value.isascii() else "utf-8", header_name=name)
        return header.encode(splitchars=" \t", linesep=self.linesep)  # A break at a comma would add a blank.


WRITING = _Writing(linesep="\r\n")


def message_id(case_id: str, route: int, sender: str) -> str:
    """The Message-ID of a case's mail on one route: the same at every try, so that two copies can be told to be one."""
    return f"<{case_id}.{route}@{address_of(sender, SENDER).domain}>"


def plain_subject(text: str) -> str:
    """A subject as it may be sent: one line without an encoded word, cut where it is too long to be read."""
    line = one_line(text)
    return line if len(line) <= LONGEST_SUBJECT else f"{line[:LONGEST_SUBJECT]} ..."


def plain_body(text: str) -> str:
    """A body as it may be sent. Raises ConfigurationError for one that is too long to be read by anybody."""
    if len(text) > LONGEST_BODY:
        raise ConfigurationError(
            f"the mail would have {len(text)} characters; {LONGEST_BODY} are sent",
            place="the mail",
            remedy="write to the service by hand, then confirm or refuse this case",
        )
    return "\n".join(map(printable, text.split("\n")))


def compose(config: MailConfig, *, to: str, subject: str, body: str, identity: str, at: datetime) -> EmailMessage:
    """A plain-text mail of ASCII bytes. No text reaches a header other than as one line, which nobody decodes further.

    `References` holds its own id too: an answer names it there, although a provider may give the mail another
    Message-ID (RFC 5322, 3.6.4). Raises ConfigurationError where sender or recipient is not exactly one address, and
    where what a server would read is not what was to be written.
    """
    redirected = config.mode == "redirect"
    meant = address_of(to, "the recipient")
    wanted: dict[str, Address | str] = {
        "From": address_of(config.sender, SENDER),
        "To": address_of(config.redirect_to, "[mail].redirect_to") if redirected else meant,
        **({"X-Original-To": meant.addr_spec} if redirected else {}),
        "Subject": plain_subject(subject),
        "Date": format_datetime(at),
        "Message-ID": identity,
        "References": identity,
        "Auto-Submitted": "auto-generated",
    }
    text = plain_body(body)
    message = EmailMessage(policy=WRITING)
    for name, value in wanted.items():
        message[name] = value
    # Quoted: a server need not take anything but ASCII, and what is quoted can still be read as it is.
    message.set_content(text, cte="quoted-printable")
    _read_again(message.as_bytes(), {name: str(value) for name, value in wanted.items()}, text)
    return message


def _read_again(sent: bytes, wanted: Mapping[str, str], text: str) -> None:
    """Hold the bytes that would leave against what was to be written: `email` has let texts break out of headers."""
    read = message_from_bytes(sent, policy=SMTP)
    named = [(name, _bare(str(value))) for name, value in read.items() if name not in MIME]
    content = read.get_payload(decode=True)
    body = content.decode("utf-8", "replace").replace("\r\n", "\n") if isinstance(content, bytes) else ""
    same = named == [(name, _bare(value)) for name, value in wanted.items()] and len(read) == len(wanted) + len(MIME)
    if not same or body.rstrip("\n") != text.rstrip("\n"):
        raise ConfigurationError(
            "the mail would be read as another than it is written",
            place="the mail",
            remedy="write to the service by hand, then confirm or refuse this case",
        )


def _bare(text: str) -> str:
    """Without blanks: those between two encoded words of a name are no part of it, and not every reader knows."""
    return "".join(text.split())


def shown(message: EmailMessage) -> str:
    """A mail as a person reads it: its headers and its text, nothing encoded."""
    headers = "".join(f"{name}: {value}\n" for name, value in message.items() if name in SHOWN)
    return f"{headers}\n{message.get_content()}".rstrip("\n")


class Mailer:
    """Sends one mail at a time over a connection of its own."""

    def __init__(self, config: MailConfig) -> None:
        """Raises ConfigurationError as `check_mail`: a configuration may be made in code."""
        check_mail(config, "[mail]")
        self.config = config
        password = config.password.reveal()
        # As SMTP sends them (RFC 4616, and LOGIN): a server may quote what it was told.
        forms = (password, _base64(password), _base64(f"\0{config.username}\0{password}")) if password else ()
        self._redactor = Redactor(secrets=[Secret(form) for form in forms])

    def send(self, message: EmailMessage, before_data: Callable[[], None]) -> str | Failure:
        """Send a mail; the server's words, or what the failure proves.

        `before_data` is called when the server has taken sender and recipient, before a byte of the mail leaves: what
        is lost before it was provably not sent. Raises ConfigurationError where the server is not to be trusted, or
        refuses the login, or offers no TLS or login: nothing was sent then. No password is in the words, whatever the
        server says.
        """
        result = self._send(message, before_data)
        if isinstance(result, Failure):
            return Failure(result.kind, result.certainty, self._redactor.text(result.text))
        return self._redactor.text(result)

    def _send(self, message: EmailMessage, before_data: Callable[[], None]) -> str | Failure:
        leaving, taken = False, ""
        try:
            with smtp_session.Conversation(self.config.host, self.config.port, timeout=self.config.timeout) as server:
                self._greet(server)
                _accepted(server.mail(_address(message, "From")))
                _accepted(server.rcpt(_address(message, "To")))
                before_data()
                leaving = True
                code, answer = server.data(message.as_bytes())
                _accepted((code, answer))
                taken = f"{code} {answer.decode('ascii', 'replace')}"
        except smtplib.SMTPResponseException as error:
            if not taken:
                return _refused(error, leaving=leaving)
        except (OSError, smtplib.SMTPException) as error:
            if not taken:
                certainty = Certainty.UNCLEAR if leaving else Certainty.NOT_SENT
                words = "the mail may have gone out" if leaving else "the mail did not go out"
                return Failure(type(error).__name__, certainty, f"{words}: {error}")
        return taken  # However the goodbye went.

    def _greet(self, server: smtplib.SMTP) -> None:
        server.ehlo()
        if self.config.starttls:
            self._turn_to_tls(server)
            server.ehlo()
        if not self.config.username:
            return
        if not server.has_extn("auth"):
            raise ConfigurationError(
                "the mail server offers no login",
                place="[mail]",
                remedy="remove username and password, or set starttls = true: many servers offer it only then",
            )
        refused: int | None = None
        try:
            server.login(self.config.username, self.config.password.reveal())
        except smtplib.SMTPAuthenticationError as error:
            refused = error.smtp_code
        if refused is not None:
            # Not raised above: the error there has the server's words, which may quote the password.
            raise ConfigurationError(
                f"the mail server refuses the login ({refused})", place="[mail]", remedy="check username and password"
            )

    def _turn_to_tls(self, server: smtplib.SMTP) -> None:
        try:
            server.starttls(context=self._context())
        except smtplib.SMTPNotSupportedError:
            raise ConfigurationError(
                "the mail server offers no TLS",
                place="[mail].starttls",
                remedy="check host and port; set starttls = false only in a network that you trust",
            ) from None
        except ssl.SSLCertVerificationError as error:
            raise ConfigurationError(
                f"the mail server's certificate is not to be trusted: {error.verify_message}",
                place="[mail]",
                remedy=f"name the server as its certificate does, not {self.config.host!r}, or set ca_file to the PEM"
                " file of the authority that signed it",
            ) from None

    def _context(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self.config.ca_file or None)
        except OSError as error:  # ssl.SSLError is one.
            raise ConfigurationError(
                f"the authorities cannot be read: {error}", place="[mail].ca_file", remedy="give a PEM file"
            ) from None


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def _refused(error: smtplib.SMTPResponseException, *, leaving: bool) -> Failure:
    # Once the mail has left, only a reply that says no proves that it was not taken; junk proves nothing. Where smtplib
    # cannot read a reply (too long a line, say), it makes up a code and says so in a text; a server's words are bytes.
    said: object = error.smtp_error
    words = said.decode("ascii", "replace") if isinstance(said, bytes) else str(said)
    refused = not leaving or (isinstance(said, bytes) and 400 <= error.smtp_code < 600)
    text = f"the mail server {'refused it' if refused else 'gave no clear reply'}: {error.smtp_code} {words}"
    return Failure(type(error).__name__, Certainty.NOT_DONE if refused else Certainty.UNCLEAR, text)


def _address(message: EmailMessage, header: str) -> str:
    return address_of(str(message[header]), header).addr_spec


def _accepted(reply: tuple[int, bytes]) -> None:
    if not 200 <= reply[0] < 300:
        raise smtplib.SMTPResponseException(reply[0], reply[1])
