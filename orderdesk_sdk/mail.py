"""Mail over SMTP: composed without any way into its headers, sent once, and what a failure proves said in one table."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.exchange import Certainty, Failure
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.settings import secret, setting, settings
from orderdesk_sdk.templates import one_line

__all__ = ["MailConfig", "Mailer", "compose", "message_id", "readable"]


@settings
class MailConfig:
    """The `[mail]` table. A draft is kept in the case's history for a person, or a host, that sends mail itself."""

    sender: str = setting(str, help="who writes: Shop <orders@example.com>")
    host: str = setting(str, help="the SMTP server", default="localhost")
    port: int = setting(int, help="its port", default=25)
    starttls: bool = setting(bool, help="whether to turn to TLS", default=False)
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
    return f"<{case_id}.{route}@{sender.rpartition('@')[2].strip('> ') or 'localhost'}>"


def compose(config: MailConfig, *, to: str, subject: str, body: str, identity: str, at: datetime) -> EmailMessage:
    """A plain-text mail. No line break reaches a header: texts become one line, EmailMessage refuses the rest."""
    message = EmailMessage()
    message["From"] = one_line(config.sender)
    message["To"] = one_line(to)
    message["Subject"] = one_line(subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = identity
    message["Auto-Submitted"] = "auto-generated"
    if config.mode == "redirect":
        del message["To"]
        message["To"] = one_line(config.redirect_to)
        message["X-Original-To"] = one_line(to)
    message.set_content(body)
    return message


def readable(message: EmailMessage) -> str:
    """A mail that was composed here as a person reads it, its text without transfer encoding."""
    heads = "".join(f"{name}: {message[name]}\n" for name in ("From", "To", "Subject", "Message-ID"))
    return f"{heads}\n{message.get_content().rstrip()}"


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
        leaving, taken = False, ""
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
                taken = f"{code} {answer.decode('ascii', 'replace')}"
        except smtplib.SMTPAuthenticationError as error:
            raise ConfigurationError(
                f"the mail server refuses the login ({error.smtp_code})",
                place="[mail]",
                remedy="check username and password",
            ) from None
        except smtplib.SMTPResponseException as error:
            said = error.smtp_error.decode("ascii", "replace") if isinstance(error.smtp_error, bytes) else ""
            if not taken:
                # Once the mail has left, only a reply that says no proves that it was not taken; junk proves nothing.
                refused = not leaving or 400 <= error.smtp_code < 600
                text = f"the mail server {'refused it' if refused else 'gave no clear reply'}: {error.smtp_code} {said}"
                return Failure(type(error).__name__, Certainty.NOT_DONE if refused else Certainty.UNCLEAR, text)
        except (OSError, smtplib.SMTPException) as error:
            if not taken:
                certainty = Certainty.UNCLEAR if leaving else Certainty.NOT_SENT
                words = "the mail may have gone out" if leaving else "the mail did not go out"
                return Failure(type(error).__name__, certainty, f"{words}: {error}")
        return taken  # However the goodbye went.

    def _greet(self, server: smtplib.SMTP) -> None:
        server.ehlo()
        if self.config.starttls:
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
        if self.config.username:
            server.login(self.config.username, self.config.password.reveal())


def _accepted(reply: tuple[int, bytes]) -> None:
    if not 200 <= reply[0] < 300:
        raise smtplib.SMTPResponseException(reply[0], reply[1])
