"""Mail over SMTP: composed without any way into its headers, sent once, and what a failure proves said in one table."""

from __future__ import annotations

import enum
import hashlib
import smtplib
import ssl
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from attrs import frozen

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.exchange import Certainty, Failure
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.templates import one_line

__all__ = ["MailConfig", "MailMode", "Mailer", "compose", "message_id"]


class MailMode(enum.Enum):
    """What becomes of a mail."""

    SEND = "send"
    """It goes to its recipient."""
    REDIRECT = "redirect"
    """It goes to `MailConfig.redirect_to` instead, and says whom it was for: for trying things out."""
    DRAFT = "draft"
    """It is kept in the case's history for a person, or a host, that sends mail itself."""


@frozen
class MailConfig:
    """The `[mail]` table. timeout in seconds, for each step of the conversation."""

    sender: str
    host: str = "localhost"
    port: int = 25
    starttls: bool = False
    username: str = ""
    password: Secret | None = None
    mode: MailMode = MailMode.SEND
    redirect_to: str = ""
    timeout: float = 20.0


def message_id(case_id: str, route: int, sender: str) -> str:
    """The Message-ID of a case's mail on one route: the same at every try, so that two copies can be told to be one."""
    return f"<{case_id}.{route}@{sender.rpartition('@')[2].strip('> ') or 'localhost'}>"


def compose(config: MailConfig, *, to: str, subject: str, body: str, identity: str, at: datetime) -> EmailMessage:
    """A plain-text mail. Line breaks cannot reach a header: texts are folded to one line, and EmailMessage refuses the rest."""
    message = EmailMessage()
    message["From"] = one_line(config.sender)
    message["To"] = one_line(to)
    message["Subject"] = one_line(subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = identity
    message["Auto-Submitted"] = "auto-generated"
    if config.mode is MailMode.REDIRECT:
        del message["To"]
        message["To"] = one_line(config.redirect_to)
        message["X-Original-To"] = one_line(to)
    message.set_content(body)
    return message


def digest_of(message: EmailMessage) -> str:
    """What a mail is recognized by: SHA-256, in hexadecimal."""
    return hashlib.sha256(message.as_bytes()).hexdigest()


class Mailer:
    """Sends one mail at a time over a connection of its own."""

    def __init__(self, config: MailConfig) -> None:
        self.config = config

    def send(self, message: EmailMessage, before_data: Callable[[], None]) -> str | Failure:
        """Send a mail; the server's words, or what the failure proves.

        `before_data` is called when the server has taken sender and recipient, before a byte of the mail leaves: what
        is lost before it was provably not sent. Raises ConfigurationError where the server refuses the login.
        """
        leaving = False
        try:
            with smtplib.SMTP(self.config.host, self.config.port, timeout=self.config.timeout) as server:
                self._greet(server)
                sender, recipient = str(message["From"]), str(message["To"])
                _accepted(server.mail(sender))
                _accepted(server.rcpt(recipient))
                before_data()
                leaving = True
                code, answer = server.data(message.as_bytes())
                _accepted((code, answer))
                return f"{code} {answer.decode('ascii', 'replace')}"
        except smtplib.SMTPAuthenticationError as error:
            raise ConfigurationError(
                f"the mail server refuses the login ({error.smtp_code})",
                place="[mail]",
                remedy="check username and password",
            ) from None
        except smtplib.SMTPResponseException as error:
            said = error.smtp_error.decode("ascii", "replace") if isinstance(error.smtp_error, bytes) else ""
            text = f"the mail server refused it: {error.smtp_code} {said}"
            return Failure(type(error).__name__, Certainty.NOT_DONE, text)
        except (OSError, smtplib.SMTPException) as error:
            certainty = Certainty.UNCLEAR if leaving else Certainty.NOT_SENT
            words = "the mail may have gone out" if leaving else "the mail did not go out"
            return Failure(type(error).__name__, certainty, f"{words}: {error}")

    def _greet(self, server: smtplib.SMTP) -> None:
        server.ehlo()
        if self.config.starttls:
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        if self.config.password is not None:
            server.login(self.config.username, self.config.password.reveal())


def _accepted(reply: tuple[int, bytes]) -> None:
    if not 200 <= reply[0] < 300:
        raise smtplib.SMTPResponseException(reply[0], reply[1])
