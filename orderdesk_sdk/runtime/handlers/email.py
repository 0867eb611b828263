"""Posting the mail of an e-mail route: composed from templates, written down first, never sent twice unawares.

The libraries for mail are imported when there is one: no other case needs them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

from attrs import frozen

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.exchange import Certainty, Exchange, Failure, Intent
from orderdesk_sdk.cases.policy.failures import after_email_loss, retry_later
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.plugin.routes import Email
from orderdesk_sdk.plugin.toolkit.email_addresses import parse_address
from orderdesk_sdk.plugin.toolkit.templates import render, template_fields
from orderdesk_sdk.runtime.answer_links import AnswerLinks, EmailLinks
from orderdesk_sdk.runtime.journal import CaseJournal
from orderdesk_sdk.transport.redaction import Redactor

if TYPE_CHECKING:
    from email.message import EmailMessage

    from orderdesk_sdk.transport.email.smtp import SmtpTransport

__all__ = ["CancellationEmail", "CaseEmail", "message_id_of"]

MAX_EVIDENCE_CHARACTERS = 8 * 1024
"""Characters of a mail that are kept as evidence."""


_MESSAGE_ID = "message-id"


def message_id_of(intent: Intent) -> str:
    """The Message-ID of the mail that an intent is about: as it was sent, whatever the configuration says now."""
    return f"<{parse_qs(urlsplit(intent.url).query)[_MESSAGE_ID][0]}>"


def _record_of_sent(mail: EmailMessage) -> str:
    meant = mail["X-Original-To"]
    if meant is not None:
        return f"E-mail sent to {mail['To']} in place of {meant}; the service received nothing"
    return f"E-mail sent to {mail['To']}; awaiting the service's confirmation"


@frozen
class CaseEmail:
    """What a case sends.

    Args:
        message: as plain text where no e-mail is configured.
        links: that are in it; None where none are.
    """

    message: EmailMessage | str
    links: EmailLinks | None = None


class CancellationEmail:
    """Sends the mails of a desk; without a `[email]` table every mail is a draft for a person."""

    def __init__(self, mailer: SmtpTransport | None, links: AnswerLinks | None, clock: Clock) -> None:
        """links: None where no e-mail has any."""
        self._mailer = mailer
        self._links = links
        self._clock = clock

    def message_for(
        self,
        case: CancelCase,
        route: Email,
        template_values: Mapping[str, str],
        cancellation: Cancellation,
        order: Order,
        remote_order: RemoteOrder,
    ) -> CaseEmail:
        """The mail of a case. One that the service gets has one-time links, where these are configured."""
        from orderdesk_sdk.transport.email.smtp import compose, message_id, plain_body, plain_subject

        to = template_values[route.to]
        values = template_fields(
            order,
            remote_order,
            requested_by=cancellation.requested_by,
            reason=cancellation.reason,
            lines=cancellation.lines,
        )
        subject: str = render(template_values[route.subject], values)
        body: str = render(template_values[route.body], values)
        if self._mailer is None:
            head = f"To: {parse_address(to, route.to)}\nSubject: {plain_subject(subject)}"
            return CaseEmail(f"{head}\n\n{plain_body(body)}")
        config = self._mailer.config
        identity = message_id(case.id, case.route, config.sender)
        # A draft is kept as it is, and a redirected mail is read by somebody else: neither is to hold a live link.
        links = self._links.for_email(case) if self._links is not None and config.mode == "send" else None
        text = f"{body}\n\n{links.text}\n" if links is not None else body
        # The time of the cancellation, not now: the same mail, but for its links, at every try.
        mail = compose(config, to=to, plugin=subject, body=text, identity=identity, at=cancellation.requested_at)
        return CaseEmail(mail, links)

    def send(
        self,
        sending_case: CancelCase,
        route: Email,
        composed: CaseEmail,
        journal: CaseJournal,
        redactor: Redactor,
    ) -> Event:
        """Send a mail, or escalate the draft; the event that it makes of a case that is sending."""
        from orderdesk_sdk.transport.email.smtp import as_text

        now = self._clock.now()
        within = route.confirm.remind_after
        message = composed.message
        plain = message if isinstance(message, str) else as_text(message)
        plain = redactor.redact_text(composed.links.hide_in(plain) if composed.links is not None else plain)
        if self._mailer is None or isinstance(message, str) or self._mailer.config.mode == "draft":
            journal.add_note(f"draft:\n{plain}")
            text = "An e-mail must be sent; its draft is in the case's history"
            hint = "send the e-mail; confirm or reject this case when the service has answered"
            return Event(EventKind.ESCALATED, now, due_at=now + within, message=text, hint=hint)
        identity = str(message["Message-ID"])
        url = f"mailto:{quote(str(message['To']), safe='@')}?{_MESSAGE_ID}={quote(identity.strip('<>'), safe='@')}"
        intent = Intent(1, "mail", "MAIL", url, hashlib.sha256(message.as_bytes()).hexdigest(), False, now)
        result = self._mailer.send(message, lambda: journal.record_intent(intent))
        now = self._clock.now()
        body = plain[:MAX_EVIDENCE_CHARACTERS]
        if isinstance(result, Failure):
            failure = Failure(result.kind, result.certainty, redactor.redact_text(result.message))
            journal.record_exchange(Exchange(intent, now, body=body, failure=failure))
            if failure.certainty is Certainty.UNKNOWN:
                return after_email_loss(sending_case, failure.message, identity, now)
            return retry_later(sending_case, failure.message, now)
        journal.record_exchange(Exchange(intent, now, headers={"message-id": identity}, body=f"{result}\n\n{body}"))
        return Event(
            EventKind.ESCALATED,
            now,
            due_at=now + within,
            message=_record_of_sent(message),
            hint="confirm or reject this case when the service has answered",
        )
