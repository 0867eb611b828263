"""Which kind of proof an answer is. Pure."""

from __future__ import annotations

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.evidence import Proof, ProofKind
from orderdesk_sdk.plugin.answer import Answer

__all__ = ["proof_by_reading", "proof_by_reply"]


def proof_by_reply(case: Case, answer: Answer) -> Proof:
    """What an answer to the request itself proves."""
    return Proof(ProofKind.REPLY, attempt=case.attempt, exchange=answer.exchange, unidentified=answer.unidentified)


def proof_by_reading(case: Case, answer: Answer) -> Proof:
    """What an answer that was read afterwards proves: by the service's word, or where it gave none, by its numbers."""
    counted = answer.status is None and bool(answer.lines)
    kind = ProofKind.LINES if counted else ProofKind.READ_BACK
    return Proof(kind, attempt=case.attempt, exchange=answer.exchange, unidentified=answer.unidentified)
