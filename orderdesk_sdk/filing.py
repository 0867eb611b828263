"""Filing evidence: what a person's verdict rests on, their word alone or a mail that they have read."""

from __future__ import annotations

from orderdesk_sdk.case import Case, Proof, ProofKind
from orderdesk_sdk.config import Config
from orderdesk_sdk.connections import Connections
from orderdesk_sdk.errors import InputError
from orderdesk_sdk.exchange import Exchange
from orderdesk_sdk.incoming_mail import read_mail
from orderdesk_sdk.ledger import Ledger
from orderdesk_sdk.mail import message_id

__all__ = ["Filing"]


class Filing:
    """Makes the proof of a person's verdict."""

    def __init__(self, config: Config, ledger: Ledger, connections: Connections) -> None:
        self._sender = config.mail.sender if config.mail is not None else None
        self._ledger = ledger
        self._connections = connections

    def proof(self, case: Case, by: str, note: str | None, message: bytes | None) -> tuple[Proof, tuple[str, ...]]:
        """The proof, and what is to stand in the case's history beside it.

        message: the mail as it came (RFC 5322), None for the person's word alone. Raises InputError for a verdict
        without a name and for a mail that cannot be read, and what keeps the connection from being used: only it
        knows which secrets must not be kept.
        """
        if not by.strip():
            raise InputError(
                "somebody must stand for this", place="by", remedy="give the name of the person who read the answer"
            )
        if message is None:
            return Proof(ProofKind.PERSON, person=by.strip(), note=note), ()
        clean = self._connections.get(case.connection).client.redactor.text
        mail, excerpt = read_mail(message, self._ours(case), clean)
        said = f"a message in from {mail.sender}, {mail.subject!r}: {excerpt}"
        return Proof(ProofKind.MESSAGE, person=by.strip(), note=note, message=mail), (said,)

    def _ours(self, case: Case) -> list[str]:
        """The Message-IDs of every mail that this case has sent or drafted, the latest way's first."""
        kept = [
            entry.content.headers["message-id"]
            for entry in self._ledger.history(case.id)
            if isinstance(entry.content, Exchange) and "message-id" in entry.content.headers
        ]
        if self._sender is None:  # A draft without a sender has no Message-ID of ours.
            return kept
        return [*(message_id(case.id, route, self._sender) for route in range(case.route, -1, -1)), *kept]
