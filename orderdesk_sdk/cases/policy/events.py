"""Which kind of proof an answer is. Pure."""

from __future__ import annotations

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.evidence import Evidence, EvidenceKind
from orderdesk_sdk.plugin.answer import Answer

__all__ = ["evidence_from_poll", "evidence_from_response"]


def evidence_from_response(case: CancelCase, answer: Answer) -> Evidence:
    """What an answer to the request itself proves."""
    return Evidence(
        EvidenceKind.RESPONSE,
        attempt=case.attempt,
        exchange=answer.exchange,
        no_order_number_reason=answer.unidentified_reason,
    )


def evidence_from_poll(case: CancelCase, answer: Answer) -> Evidence:
    """What an answer that was read afterwards proves: by the service's word, or where it gave none, by its numbers."""
    counted = answer.status is None and bool(answer.lines)
    kind = EvidenceKind.LINE_QUANTITIES if counted else EvidenceKind.POLLED_STATUS
    return Evidence(
        kind, attempt=case.attempt, exchange=answer.exchange, no_order_number_reason=answer.unidentified_reason
    )
