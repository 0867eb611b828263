"""Mail over SMTP: composed without any way into its headers, sent once, and what a failure proves said in one table."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from orderdesk_sdk.addresses import address_of, read_address
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.exchange import Certainty, Failure
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.settings import parsed, secret, setting, settings
from orderdesk_sdk.templates import one_line, printable

__all__ = ["MailConfig", "Mailer", "compose", "message_id", "shown"]

SENDER = "[mail].sender"
SHOWN = ("From", "To", "X-Original-To", "Subject", "Message-ID")


@settings
class MailConfig:
    """The `[mail]` table. A draft is kept in the case's history for a person, or a host, that sends mail itself."""

    sender: str = parsed(read_address, help="who writes: Shop <orders@example.com>")
    host: str = setting(str, help="the SMTP server", default="localhost")
    port: int = setting(int, help="its port", default=25)
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
    timeout: int = setting(int, help="seconds for each step of the conversation", default=20)


def message_id(case_id: str, route: int, sender: str) -> str:
    """The Message-ID of a case's mail on one route: the same at every try, so that two copies can be told to be one."""
    return f"<{case_id}.{route}@{address_of(sender, SENDER).domain}>"


def compose(config: MailConfig, *, to: str, subject: str, body: str, identity: str, at: datetime) -> EmailMessage:
    """A plain-text mail of ASCII bytes. No line break reaches a header: texts become one line.

    Raises ConfigurationError where sender or recipient is not exactly one address.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = address_of(config.sender, SENDER)
    if config.mode == "redirect":
        message["To"] = address_of(config.redirect_to, "[mail].redirect_to")
        message["X-Original-To"] = address_of(to, "the recipient").addr_spec
    else:
        message["To"] = address_of(to, "the recipient")
    message["Subject"] = one_line(subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = identity
    message["Auto-Submitted"] = "auto-generated"
    # Quoted: a server need not take anything but ASCII, and what is quoted can still be read as it is.
    message.set_content("\n".join(map(printable, body.split("\n"))), cte="quoted-printable")
    return message


def shown(message: EmailMessage) -> str:
    """A mail as a person reads it: its headers and its text, nothing encoded."""
    headers = "".join(f"{name}: {value}\n" for name, value in message.items() if name in SHOWN)
    return f"{headers}\n{message.get_content()}".rstrip("\n")


class Mailer:
    """Sends one mail at a time over a connection of its own."""

    def __init__(self, config: MailConfig) -> None:
        self.config = config

    def send(self, message: EmailMessage, before_data: Callable[[], None]) -> str | Failure:
        """Send a mail; the server's words, or what the failure proves.

        `before_data` is called when the server has taken sender and recipient, before a byte of the mail leaves: what
        is lost before it was provably not sent. Raises ConfigurationError where the server is not to be trusted, or
        refuses the login, or offers no TLS or login: nothing was sent then.
        """
        leaving, taken = False, ""
        try:
            with smtplib.SMTP(self.config.host, self.config.port, timeout=self.config.timeout) as server:
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
        try:
            server.login(self.config.username, self.config.password.reveal())
        except smtplib.SMTPAuthenticationError as error:
            raise ConfigurationError(
                f"the mail server refuses the login ({error.smtp_code})",
                place="[mail]",
                remedy="check username and password",
            ) from None

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
