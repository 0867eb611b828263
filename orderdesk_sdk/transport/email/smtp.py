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

from orderdesk_sdk.cases.exchange import Certainty, Failure
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.toolkit.email_addresses import parse_address
from orderdesk_sdk.plugin.toolkit.templates import one_line, printable
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.email import smtp_session
from orderdesk_sdk.transport.email.config import EmailConfig, validate_email_config
from orderdesk_sdk.transport.redaction import Redactor

__all__ = [
    "SmtpTransport",
    "compose",
    "message_id",
    "plain_body",
    "plain_subject",
    "as_text",
]

SENDER = "[email].sender"
MAX_SUBJECT_LENGTH = 200
"""Characters; a line of a mail may have 998 (RFC 5322, 2.1.1)."""
MAX_BODY_LENGTH = 200_000
MIME = ("MIME-Version", "Content-Type", "Content-Transfer-Encoding")
"""The headers that `email` adds for the text."""
SHOWN_HEADERS = ("From", "To", "X-Original-To", "Subject", "Message-ID")


class _HeaderPolicy(EmailPolicy):
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


HEADER_POLICY = _HeaderPolicy(linesep="\r\n")


def message_id(case_id: str, route: int, sender: str) -> str:
    """The Message-ID of a case's mail on one route: the same at every try, so that two copies can be told to be one."""
    return f"<{case_id}.{route}@{parse_address(sender, SENDER).domain}>"


def plain_subject(text: str) -> str:
    """A subject as it may be sent: one line without an encoded word, cut where it is too long to be read."""
    line = one_line(text)
    return line if len(line) <= MAX_SUBJECT_LENGTH else f"{line[:MAX_SUBJECT_LENGTH]} ..."


def plain_body(text: str) -> str:
    """A body as it may be sent. Raises ConfigurationError for one that is too long to be read by anybody."""
    if len(text) > MAX_BODY_LENGTH:
        raise ConfigurationError(
            f"the mail would have {len(text)} characters; {MAX_BODY_LENGTH} are sent",
            location="the mail",
            hint="write to the service by hand, then confirm or reject this case",
        )
    return "\n".join(map(printable, text.split("\n")))


def compose(config: EmailConfig, *, to: str, plugin: str, body: str, identity: str, at: datetime) -> EmailMessage:
    """A plain-text mail of ASCII bytes. No text reaches a header other than as one line, which nobody decodes further.

    `References` holds its own id too: an answer names it there, although a provider may give the mail another
    Message-ID (RFC 5322, 3.6.4). Raises ConfigurationError where sender or recipient is not exactly one address, and
    where what a server would read is not what was to be written.
    """
    redirected = config.mode == "redirect"
    meant = parse_address(to, "the recipient")
    wanted: dict[str, Address | str] = {
        "From": parse_address(config.sender, SENDER),
        "To": parse_address(config.redirect_to, "[email].redirect_to") if redirected else meant,
        **({"X-Original-To": meant.addr_spec} if redirected else {}),
        "Subject": plain_subject(plugin),
        "Date": format_datetime(at),
        "Message-ID": identity,
        "References": identity,
        "Auto-Submitted": "auto-generated",
    }
    text = plain_body(body)
    message = EmailMessage(policy=HEADER_POLICY)
    for name, value in wanted.items():
        message[name] = value
    # Quoted: a server need not take anything but ASCII, and what is quoted can still be read as it is.
    message.set_content(text, cte="quoted-printable")
    _verify_written(message.as_bytes(), {name: str(value) for name, value in wanted.items()}, text)
    return message


def _verify_written(sent: bytes, expected: Mapping[str, str], text: str) -> None:
    """Hold the bytes that would leave against what was to be written: `email` has let texts break out of headers."""
    read = message_from_bytes(sent, policy=SMTP)
    named = [(name, _collapse_spaces(str(value))) for name, value in read.items() if name not in MIME]
    content = read.get_payload(decode=True)
    body = content.decode("utf-8", "replace").replace("\r\n", "\n") if isinstance(content, bytes) else ""
    same = named == [(name, _collapse_spaces(value)) for name, value in expected.items()] and len(read) == len(
        expected
    ) + len(MIME)
    if not same or body.rstrip("\n") != text.rstrip("\n"):
        raise ConfigurationError(
            "the mail would be read as another than it is written",
            location="the mail",
            hint="write to the service by hand, then confirm or reject this case",
        )


def _collapse_spaces(text: str) -> str:
    """Without blanks: those between two encoded words of a name are no part of it, and not every reader knows."""
    return "".join(text.split())


def as_text(message: EmailMessage) -> str:
    """A mail as a person reads it: its headers and its text, nothing encoded."""
    headers = "".join(f"{name}: {value}\n" for name, value in message.items() if name in SHOWN_HEADERS)
    return f"{headers}\n{message.get_content()}".rstrip("\n")


class SmtpTransport:
    """Sends one mail at a time over a connection of its own."""

    def __init__(self, config: EmailConfig) -> None:
        """Raises ConfigurationError as `validate_email_config`: a configuration may be made in code."""
        validate_email_config(config, "[email]")
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
            return Failure(result.kind, result.certainty, self._redactor.redact_text(result.message))
        return self._redactor.redact_text(result)

    def _send(self, message: EmailMessage, before_data: Callable[[], None]) -> str | Failure:
        leaving, taken = False, ""
        try:
            with smtp_session.SmtpSession(self.config.host, self.config.port, timeout=self.config.timeout) as server:
                self._greet(server)
                _require_all_accepted(server.mail(_address(message, "From")))
                _require_all_accepted(server.rcpt(_address(message, "To")))
                before_data()
                leaving = True
                code, answer = server.data(message.as_bytes())
                _require_all_accepted((code, answer))
                taken = f"{code} {answer.decode('ascii', 'replace')}"
        except smtplib.SMTPResponseException as error:
            if not taken:
                return _rejection_failure(error, leaving=leaving)
        except (OSError, smtplib.SMTPException) as error:
            if not taken:
                certainty = Certainty.UNKNOWN if leaving else Certainty.NOT_SENT
                words = "the mail may have gone out" if leaving else "the mail did not go out"
                return Failure(type(error).__name__, certainty, f"{words}: {error}")
        return taken  # However the goodbye went.

    def _greet(self, server: smtplib.SMTP) -> None:
        server.ehlo()
        if self.config.starttls:
            self._start_tls(server)
            server.ehlo()
        if not self.config.username:
            return
        if not server.has_extn("auth"):
            raise ConfigurationError(
                "the mail server offers no login",
                location="[email]",
                hint="remove username and password, or set starttls = true: many servers offer it only then",
            )
        refused: int | None = None
        try:
            server.login(self.config.username, self.config.password.reveal())
        except smtplib.SMTPAuthenticationError as error:
            refused = error.smtp_code
        if refused is not None:
            # Not raised above: the error there has the server's words, which may quote the password.
            raise ConfigurationError(
                f"the mail server refuses the login ({refused})", location="[email]", hint="check username and password"
            )

    def _start_tls(self, server: smtplib.SMTP) -> None:
        try:
            server.starttls(context=self._context())
        except smtplib.SMTPNotSupportedError:
            raise ConfigurationError(
                "the mail server offers no TLS",
                location="[email].starttls",
                hint="check host and port; set starttls = false only in a network that you trust",
            ) from None
        except ssl.SSLCertVerificationError as error:
            raise ConfigurationError(
                f"the mail server's certificate is not to be trusted: {error.verify_message}",
                location="[email]",
                hint=f"name the server as its certificate does, not {self.config.host!r}, or set ca_file to the PEM"
                " file of the authority that signed it",
            ) from None

    def _context(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self.config.ca_file or None)
        except OSError as error:  # ssl.SSLError is one.
            raise ConfigurationError(
                f"the authorities cannot be read: {error}", location="[email].ca_file", hint="give a PEM file"
            ) from None


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def _rejection_failure(error: smtplib.SMTPResponseException, *, leaving: bool) -> Failure:
    # Once the mail has left, only a reply that says no proves that it was not taken; junk proves nothing. Where smtplib
    # cannot read a reply (too long a line, say), it makes up a code and says so in a text; a server's words are bytes.
    said: object = error.smtp_error
    words = said.decode("ascii", "replace") if isinstance(said, bytes) else str(said)
    refused = not leaving or (isinstance(said, bytes) and 400 <= error.smtp_code < 600)
    text = f"the mail server {'refused it' if refused else 'gave no clear reply'}: {error.smtp_code} {words}"
    return Failure(type(error).__name__, Certainty.NOT_PROCESSED if refused else Certainty.UNKNOWN, text)


def _address(message: EmailMessage, header: str) -> str:
    return parse_address(str(message[header]), header).addr_spec


def _require_all_accepted(response: tuple[int, bytes]) -> None:
    if not 200 <= response[0] < 300:
        raise smtplib.SMTPResponseException(response[0], response[1])
