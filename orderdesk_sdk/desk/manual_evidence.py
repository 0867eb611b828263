"""Filing evidence: what a person's verdict rests on, their word alone or a mail that they have read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import evolve

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.evidence import MailIn, Proof, ProofKind
from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.clock import Clock, hours
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.errors import InputError, NotFoundError, OrderDeskError
from orderdesk_sdk.plugin.routes import Email
from orderdesk_sdk.plugin.toolkit.email_addresses import address_of
from orderdesk_sdk.runtime.connections import Connection, Connections
from orderdesk_sdk.transport.email.parsing import EXCERPT, WORD, Letter, read_mail
from orderdesk_sdk.transport.email.parts import unfit
from orderdesk_sdk.transport.email.smtp import message_id
from orderdesk_sdk.transport.redaction import Redactor

__all__ = ["Filing"]

ASTRAY = hours(24)
"""How far the clock of who wrote a mail may be out, its zone included."""

_OURS = re.compile(r"<([^@<>]+)\.([0-9]{1,3})@[^@<>]+>")
"""A Message-ID as `message_id` makes it: the case, the route."""


class Filing:
    """Makes the proof of a person's verdict."""

    def __init__(self, config: Config, ledger: Ledger, connections: Connections, clock: Clock) -> None:
        self._sender = config.mail.sender if config.mail is not None else None
        own = (config.mail.sender, config.mail.redirect_to) if config.mail is not None else ()
        self._own = frozenset(address_of(one, "[mail]").addr_spec.lower() for one in own if one)
        password = config.mail.password if config.mail is not None else None
        self._redactor = Redactor(secrets=[password] if password is not None else [])
        self._ledger = ledger
        self._connections = connections
        self._clock = clock

    def proof(self, case: Case, by: str, note: str | None, message: bytes | None) -> tuple[Proof, tuple[str, ...]]:
        """The proof, and what is to stand in the case's history beside it.

        message: the mail as it came (RFC 5322), None for the person's word alone. Raises InputError for a verdict
        without a name and for a mail that is no evidence: that cannot be read, that no person of the service wrote, or
        that is about something else. Raises what keeps the connection from being used: only it knows which secrets must
        not be kept.
        """
        if not by.strip():
            raise InputError(
                "somebody must stand for this", place="by", remedy="give the name of the person who read the answer"
            )
        if message is None:
            return Proof(ProofKind.PERSON, person=by.strip(), note=note), ()
        connection = self._connections.get(case.connection)
        letter = read_mail(message, lambda text: self._redactor.text(connection.client.redactor.text(text)))
        self._written_by_others(letter, connection)
        mail = self._about(case, letter, connection)
        said = f"a message in from {mail.sender}, {mail.subject!r}: {letter.text[:EXCERPT]}"
        return Proof(ProofKind.MESSAGE, person=by.strip(), note=note, message=mail), (said,)

    def _written_by_others(self, letter: Letter, connection: Connection) -> None:
        """Raises InputError for a mail that we wrote, or somebody of our house."""
        asked = _asked(connection)
        house = [own for own in map(_domain, self._own) if not any(_is_of(own, domain) for domain in asked)]
        written = [address.lower().rstrip(".") for address in letter.addresses]
        ours = any(
            address in self._own or any(_is_of(_domain(address), domain) for domain in house) for address in written
        )
        if ours or (letter.mail.identity is not None and self._case_of(letter.mail.identity) is not None):
            raise unfit("we wrote this mail ourselves, so it is no answer", f"file the service's own mail; or {WORD}")

    def _about(self, case: Case, letter: Letter, connection: Connection) -> MailIn:
        """The mail, with what ties it to the case. Raises InputError where it is about another, or about none."""
        mail = letter.mail
        for other in self._ledger.cases(order_id=case.order_id):
            used = other.proof.message if other.proof is not None else None
            if used is not None and used.digest == mail.digest and other.connection != case.connection:
                raise unfit(f"the mail is the proof of case {other.id} at {other.connection} already", WORD)
        kept = self._kept(case)
        for identity in letter.answered:
            about = case if identity in kept else self._case_of(identity)
            if about is not None and about.id == case.id:
                return evolve(mail, answers=identity, case=case.id)
            if about is not None:
                where = f"order {about.order_number} at {about.connection}"
                raise unfit(
                    f"the mail answers another case, {about.id}: {where}",
                    f"file it there if that is what it is about; {WORD}",
                )
        named = letter.names((case.remote_id, case.order_number))
        if named is None:
            numbers = " or ".join(dict.fromkeys((case.order_number, case.remote_id)))
            raise unfit(
                f"the mail answers none of ours and does not name {numbers}, so it may be about any order", WORD
            )
        elsewhere = self._asked_elsewhere(case, letter, _asked(connection))
        if elsewhere is not None:
            raise unfit(f"the mail comes from where {elsewhere} is asked, which has the order too", WORD)
        if mail.at > self._clock.now() + ASTRAY:
            raise unfit(f"the mail is dated {mail.at:%Y-%m-%d %H:%M} UTC, which is still to come", WORD)
        if mail.at < case.opened_at - ASTRAY:
            raise unfit(
                f"the mail is of {mail.at:%Y-%m-%d}, before anybody wished to cancel, and answers none of ours", WORD
            )
        return evolve(mail, names=named)

    def _asked_elsewhere(self, case: Case, letter: Letter, asked: Sequence[str]) -> str | None:
        """The other connection, asked for the same order, whose address the mail is from; None where there is none."""
        written = [_domain(address.lower()) for address in letter.addresses]
        if any(_is_of(one, domain) for one in written for domain in asked):
            return None
        for other in self._ledger.cases(order_id=case.order_id):
            try:
                domains = _asked(self._connections.get(other.connection))
            except OrderDeskError:  # It is no longer configured: nobody knows where it was asked.
                continue
            if any(_is_of(one, domain) for one in written for domain in domains):
                return other.connection
        return None

    def _case_of(self, identity: str) -> Case | None:
        """The case whose mail this is the Message-ID of; None where it is none of ours."""
        found = _OURS.fullmatch(identity)
        try:
            return self._ledger.case(found[1]) if found is not None else None
        except NotFoundError:
            return None

    def _kept(self, case: Case) -> set[str]:
        """The Message-IDs of the mails that this case has sent or drafted."""
        sent = {
            entry.content.headers["message-id"]
            for entry in self._ledger.history(case.id)
            if isinstance(entry.content, Exchange) and "message-id" in entry.content.headers
        }
        if self._sender is None:  # A draft without a sender has no Message-ID of ours.
            return sent
        return sent | {message_id(case.id, route, self._sender) for route in range(case.route + 1)}


def _asked(connection: Connection) -> list[str]:
    """The domains that a connection's mails go to."""
    routes = [route for route in connection.integration.cancel if isinstance(route, Email)]
    return [address_of(getattr(connection.settings, route.to), route.to).domain.lower() for route in routes]


def _is_of(one: str, other: str) -> bool:
    """Whether two domains are the same, or one lies below the other."""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
