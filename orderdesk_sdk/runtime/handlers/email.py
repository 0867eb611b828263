"""Posting the mail of an e-mail route: composed from templates, written down first, never sent twice unawares."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from email.message import EmailMessage
from urllib.parse import parse_qs, quote, urlsplit

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.exchange import Certainty, Exchange, Failure, Intent
from orderdesk_sdk.cases.policy.requesting import after_loss_of_mail, not_sent
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.orders.order import Order, Placement
from orderdesk_sdk.plugin.routes import Email
from orderdesk_sdk.plugin.toolkit.email_addresses import address_of
from orderdesk_sdk.plugin.toolkit.templates import fill, template_fields
from orderdesk_sdk.runtime.journal import WorkJournal
from orderdesk_sdk.transport.email.smtp import Mailer, compose, message_id, plain_body, plain_subject, shown
from orderdesk_sdk.transport.redaction import Redactor

__all__ = ["Post", "identity_of"]

EXCERPT = 8 * 1024
"""Characters of a mail that are kept as evidence."""


_IDENTITY = "message-id"


def identity_of(intent: Intent) -> str:
    """The Message-ID of the mail that an intent is about: as it was sent, whatever the configuration says now."""
    return f"<{parse_qs(urlsplit(intent.url).query)[_IDENTITY][0]}>"


def _sent(mail: EmailMessage) -> str:
    meant = mail["X-Original-To"]
    if meant is not None:
        return f"a mail went to {mail['To']} in place of {meant}: the service has heard nothing"
    return f"a mail went to {mail['To']}; sent is not canceled"


class Post:
    """Sends the mails of a desk; without a `[mail]` table every mail is a draft for a person."""

    def __init__(self, mailer: Mailer | None, clock: Clock) -> None:
        self._mailer = mailer
        self._clock = clock

    def write(
        self,
        case: Case,
        route: Email,
        texts: Mapping[str, str],
        wish: Cancellation,
        order: Order,
        placement: Placement,
    ) -> EmailMessage | str:
        """The mail of a case; as plain text where nobody is configured to send it. texts: by setting, as configured."""
        to = texts[route.to]
        values = template_fields(order, placement, asked_by=wish.asked_by, reason=wish.reason, lines=wish.lines)
        subject: str = fill(texts[route.subject], values)
        body: str = fill(texts[route.body], values)
        if self._mailer is None:
            return f"To: {address_of(to, route.to)}\nSubject: {plain_subject(subject)}\n\n{plain_body(body)}"
        config = self._mailer.config
        identity = message_id(case.id, case.route, config.sender)
        # The wish's time, not now: the same mail, to the byte, at every try.
        return compose(config, to=to, subject=subject, body=body, identity=identity, at=wish.asked_at)

    def send(
        self, sending: Case, route: Email, mail: EmailMessage | str, journal: WorkJournal, redactor: Redactor
    ) -> Event:
        """Send a mail, or hand over the draft; the event that it makes of a case that is sending."""
        now = self._clock.now()
        within = route.confirm.within
        plain = redactor.text(mail if isinstance(mail, str) else shown(mail))
        if self._mailer is None or isinstance(mail, str) or self._mailer.config.mode == "draft":
            journal.note(f"draft:\n{plain}")
            text = "a mail is to be sent; its draft is in the case's history"
            remedy = "send it, then confirm or refuse this case when the service has answered"
            return Event(EventKind.HAND_OVER, now, due_at=now + within, text=text, remedy=remedy)
        identity = str(mail["Message-ID"])
        url = f"mailto:{quote(str(mail['To']), safe='@')}?{_IDENTITY}={quote(identity.strip('<>'), safe='@')}"
        intent = Intent(1, "mail", "MAIL", url, hashlib.sha256(mail.as_bytes()).hexdigest(), False, now)
        result = self._mailer.send(mail, lambda: journal.intend(intent))
        now = self._clock.now()
        body = plain[:EXCERPT]
        if isinstance(result, Failure):
            failure = Failure(result.kind, result.certainty, redactor.text(result.text))
            journal.keep(Exchange(intent, now, body=body, failure=failure))
            if failure.certainty is Certainty.UNCLEAR:
                return after_loss_of_mail(sending, failure.text, identity, now)
            return not_sent(sending, failure.text, now)
        journal.keep(Exchange(intent, now, headers={"message-id": identity}, body=f"{result}\n\n{body}"))
        return Event(
            EventKind.HAND_OVER,
            now,
            due_at=now + within,
            text=_sent(mail),
            remedy="when the service has answered, confirm or refuse this case",
        )
