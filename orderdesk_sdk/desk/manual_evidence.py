"""Filing evidence: what a person's verdict rests on, their word alone or a mail that they have read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.evidence import EmailEvidence, Evidence, EvidenceKind
from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.clock import Clock, hours
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.errors import NotFoundError, OrderDeskError, ValidationError
from orderdesk_sdk.plugin.routes import Email
from orderdesk_sdk.plugin.toolkit.email_addresses import parse_address
from orderdesk_sdk.runtime.connections import Connection, Connections
from orderdesk_sdk.transport.email.extraction_process import extract_in_process
from orderdesk_sdk.transport.email.mime_parts import unusable_email_error
from orderdesk_sdk.transport.email.parsing import EXCERPT_LENGTH, MANUAL_HINT, ParsedEmail, parse_email
from orderdesk_sdk.transport.email.smtp import message_id
from orderdesk_sdk.transport.redaction import Redactor

__all__ = ["ManualEvidence"]

MAX_CLOCK_SKEW = hours(24)
"""How far the clock of who wrote a mail may be out, its zone included."""

_OWN_MESSAGE_ID = re.compile(r"<([^@<>]+)\.([0-9]{1,3})@[^@<>]+>")
"""A Message-ID as `message_id` makes it: the case, the route."""


class ManualEvidence:
    """Makes the proof of a person's verdict."""

    def __init__(self, config: Config, ledger: Ledger, connections: Connections, clock: Clock) -> None:
        self._sender = config.email.sender if config.email is not None else None
        own = (config.email.sender, config.email.redirect_to) if config.email is not None else ()
        self._own_addresses = frozenset(parse_address(one, "[email]").addr_spec.lower() for one in own if one)
        password = config.email.password if config.email is not None else None
        self._redactor = Redactor(secrets=[password] if password is not None else [])
        self._ledger = ledger
        self._connections = connections
        self._clock = clock

    def evidence(self, case: Case, by: str, note: str | None, email: bytes | None) -> tuple[Evidence, tuple[str, ...]]:
        """The proof, and what is to stand in the case's history beside it.

        Args:
            email: the mail as it came (RFC 5322), None for the person's word alone.

        Raises ValidationError for a verdict without a name and for a mail that is no evidence: that cannot be read,
        that no person of the service wrote, or that is about something else. Raises what keeps the connection from
        being used: only it knows which secrets must not be kept. The mail is read in a process of its own; raises what
        `extract_in_process` raises.
        """
        if not by.strip():
            raise ValidationError("`by` is required", hint="name the person who read the answer")
        if email is None:
            return Evidence(EvidenceKind.PERSON, person=by.strip(), note=note), ()
        if not isinstance(case, CancelCase):
            raise ValidationError(
                "an e-mail can be filed with a cancellation only", location=case.id, hint="quote the e-mail in a note"
            )
        connection = self._connections.get(case.connection)

        def redact(text: str) -> str:
            return self._redactor.redact_text(connection.redactor.redact_text(text))

        letter = parse_email(email, redact, extract_in_process)
        self._require_foreign_sender(letter, connection)
        mail = self._tied_to_case(case, letter, connection)
        note_text = f"an e-mail from {mail.sender}, {mail.subject!r}: {letter.text[:EXCERPT_LENGTH]}"
        return Evidence(EvidenceKind.EMAIL, person=by.strip(), note=note, email=mail), (note_text,)

    def _require_foreign_sender(self, letter: ParsedEmail, connection: Connection) -> None:
        """Raises ValidationError for a mail that we wrote, or a person of our own domain."""
        asked = _email_domains(connection)
        house = [
            own
            for own in map(_domain, self._own_addresses)
            if not any(_is_same_domain(own, domain) for domain in asked)
        ]
        written = [address.lower().rstrip(".") for address in letter.addresses]
        ours = any(
            address in self._own_addresses or any(_is_same_domain(_domain(address), domain) for domain in house)
            for address in written
        )
        if ours or (
            letter.evidence.message_id is not None and self._case_of_message(letter.evidence.message_id) is not None
        ):
            raise unusable_email_error(
                "this e-mail was sent by us; it is not an answer", f"file the service's own mail; or {MANUAL_HINT}"
            )

    def _tied_to_case(self, case: CancelCase, letter: ParsedEmail, connection: Connection) -> EmailEvidence:
        """The mail, with what ties it to the case. Raises ValidationError where it is about another, or about none."""
        mail = letter.evidence
        self._require_unused(case, mail)
        kept = self._own_message_ids(case)
        for identity in letter.in_reply_to:
            about = case if identity in kept else self._case_of_message(identity)
            if about is not None and about.id == case.id:
                return evolve(mail, in_reply_to=identity, in_reply_to_case=case.id)
            if about is not None:
                where = f"order {about.order_number} at {about.connection}"
                raise unusable_email_error(
                    f"the mail answers another case, {about.id}: {where}",
                    f"file the e-mail with that case if it is about that case; {MANUAL_HINT}",
                )
        named = letter.first_mentioned((case.remote_id, case.order_number))
        if named is None:
            numbers = " or ".join(dict.fromkeys((case.order_number, case.remote_id)))
            raise unusable_email_error(
                f"the mail answers none of ours and does not name {numbers}, so it may be about any order", MANUAL_HINT
            )
        elsewhere = self._connection_with_address(case, letter, _email_domains(connection))
        if elsewhere is not None:
            raise unusable_email_error(
                f"the e-mail comes from the address of {elsewhere}, which has the order too", MANUAL_HINT
            )
        if mail.dated_at > self._clock.now() + MAX_CLOCK_SKEW:
            raise unusable_email_error(
                f"the mail is dated {mail.dated_at:%Y-%m-%d %H:%M} UTC, which is still to come", MANUAL_HINT
            )
        if mail.dated_at < case.created_at - MAX_CLOCK_SKEW:
            raise unusable_email_error(
                f"the mail is of {mail.dated_at:%Y-%m-%d}, before the cancellation was requested,"
                " and answers none of our e-mails",
                MANUAL_HINT,
            )
        return evolve(mail, mentioned_order_number=named)

    def _require_unused(self, case: CancelCase, mail: EmailEvidence) -> None:
        """Raises ValidationError for a mail that settled the case of the same order at another connection."""
        for other in self._ledger.cases(CancelCase, order_id=case.order_id):
            used = other.evidence.email if other.evidence is not None else None
            if used is not None and used.digest == mail.digest and other.connection != case.connection:
                raise unusable_email_error(
                    f"the mail is the proof of case {other.id} at {other.connection} already", MANUAL_HINT
                )

    def _connection_with_address(
        self, case: CancelCase, letter: ParsedEmail, email_domains: Sequence[str]
    ) -> str | None:
        """The other connection, asked for the same order, whose address the mail is from; None where there is none."""
        written = [_domain(address.lower()) for address in letter.addresses]
        if any(_is_same_domain(one, domain) for one in written for domain in email_domains):
            return None
        for other in self._ledger.cases(CancelCase, order_id=case.order_id):
            try:
                domains = _email_domains(self._connections.get(other.connection))
            except OrderDeskError:  # It is no longer configured: its address is unknown.
                continue
            if any(_is_same_domain(one, domain) for one in written for domain in domains):
                return other.connection
        return None

    def _case_of_message(self, identity: str) -> CancelCase | None:
        """The case whose mail this is the Message-ID of; None where it is none of ours."""
        match = _OWN_MESSAGE_ID.fullmatch(identity)
        try:
            return self._ledger.case(match[1], CancelCase) if match is not None else None
        except NotFoundError:
            return None

    def _own_message_ids(self, case: CancelCase) -> set[str]:
        """The Message-IDs of the mails that this case has sent or drafted."""
        sent = {
            entry.content.headers["message-id"]
            for entry in self._ledger.history(case.id)
            if isinstance(entry.content, Exchange) and "message-id" in entry.content.headers
        }
        if self._sender is None:  # A draft without a sender has no Message-ID of ours.
            return sent
        return sent | {message_id(case.id, route, self._sender) for route in range(case.route + 1)}


def _email_domains(connection: Connection) -> list[str]:
    """The domains that a connection's mails go to."""
    routes = [route for route in connection.integration.cancel if isinstance(route, Email)]
    return [parse_address(getattr(connection.settings, route.to), route.to).domain.lower() for route in routes]


def _is_same_domain(one: str, other: str) -> bool:
    """Whether two domains are the same, or one lies below the other."""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
