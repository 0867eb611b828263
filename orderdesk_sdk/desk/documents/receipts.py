"""The JSON documents of receipts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderdesk_sdk.cases.evidence import EmailEvidence
from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.desk.documents.cases import cancellation_document, case_document
from orderdesk_sdk.desk.documents.values import JsonObject, iso_time

if TYPE_CHECKING:
    from orderdesk_sdk.cases.history_lines import HistoryLine
    from orderdesk_sdk.cases.public_receipt import PublicReceipt  # A plan is shown without any receipt.
    from orderdesk_sdk.cases.receipt import CancellationReceipt, CaseReceipt, EvidenceReceipt, Receipt
    from orderdesk_sdk.cases.receipt_links import ReceiptLink

__all__ = ["exchange_document", "public_receipt_document", "receipt_document", "receipt_link_document"]


def receipt_link_document(link: ReceiptLink) -> JsonObject:
    """A link to a receipt, without its token."""
    return {
        "id": link.id,
        "order_id": link.order_id,
        "created_by": link.created_by,
        "created_at": iso_time(link.created_at),
        "expires_at": iso_time(link.expires_at),
        "revoked_by": link.revoked_by,
        "revoked_at": iso_time(link.revoked_at),
    }


def public_receipt_document(receipt: PublicReceipt) -> JsonObject:
    """What whoever has a link to a receipt may see of it."""
    return {
        "order_number": receipt.order_number,
        "at": iso_time(receipt.at),
        "outcome": receipt.outcome.value,
        "places": [
            {
                "role": place.role.value,
                "number": place.number,
                "state": place.state.value,
                "evidence": None if place.evidence is None else place.evidence.value,
                "ordered": place.ordered,
                "canceled": place.canceled,
                "fingerprint": place.fingerprint,
                "events": [{"at": iso_time(event.at), "step": event.step.value} for event in place.events],
            }
            for place in receipt.places
        ],
    }


def receipt_document(receipt: Receipt) -> JsonObject:
    """A complete receipt."""
    return {
        "order_id": receipt.order_id,
        "order_number": receipt.order_number,
        "at": iso_time(receipt.at),
        "is_settled": receipt.is_settled,
        "is_canceled": receipt.is_canceled,
        "still_active": list(receipt.still_active),
        "flaws": list(receipt.flaws),
        "cancellations": [_cancellation_receipt_document(one) for one in receipt.cancellations],
        "status_changes": [case_document(change) for change in receipt.status_changes],
        "resubmissions": [case_document(one) for one in receipt.resubmissions],
        "responses": [case_document(one) for one in receipt.responses],
        "next_after": receipt.next_after,
    }


def _cancellation_receipt_document(receipt: CancellationReceipt) -> JsonObject:
    return {
        "cancellation": cancellation_document(receipt.cancellation),
        "cases": [_case_receipt_document(one) for one in receipt.cases],
    }


def _case_receipt_document(receipt: CaseReceipt) -> JsonObject:
    return case_document(receipt.case) | {
        "title": receipt.title,
        "route": receipt.route,
        "unasked_effects": [effect.value for effect in receipt.unasked_effects],
        "evidence": None if receipt.evidence is None else _evidence_document(receipt.evidence),
        "history": [_history_line_document(line) for line in receipt.history],
        "archived": [
            {
                "archive": archived.archive,
                "archived_at": iso_time(archived.archived_at),
                "first": archived.first,
                "last": archived.last,
                "entry_count": archived.entry_count,
            }
            for archived in receipt.archived
        ],
        "integrity": {
            "is_intact": not receipt.integrity.flaws,
            "flaws": list(receipt.integrity.flaws),
            "entry_count": receipt.integrity.entry_count,
            "head": receipt.integrity.head,
            "texts_removed": receipt.integrity.texts_removed,
        },
    }


def _evidence_document(evidence: EvidenceReceipt) -> JsonObject:
    return {
        "kind": evidence.kind.value,
        "exchange": exchange_document(evidence.exchange),
        "no_order_number_reason": evidence.no_order_number_reason,
        "person": evidence.person,
        "note": evidence.note,
        "email": None if evidence.email is None else _email_document(evidence.email),
    }


def _email_document(email: EmailEvidence) -> JsonObject:
    return {
        "from": email.sender,
        "subject": email.subject,
        "dated_at": iso_time(email.dated_at),
        "message_id": email.message_id,
        "in_reply_to": email.in_reply_to,
        "in_reply_to_case": email.in_reply_to_case,
        "mentioned_order_number": email.mentioned_order_number,
        "digest": email.digest,
    }


def _history_line_document(line: HistoryLine) -> JsonObject:
    return {
        "sequence": line.sequence,
        "at": iso_time(line.at),
        "summary": line.summary,
        "message": line.message,
        "person": line.person,
        "exchange": exchange_document(line.exchange),
    }


def exchange_document(exchange: Exchange | None) -> JsonObject | None:
    """A call, redacted, and what came of it."""
    if exchange is None:
        return None
    failure = exchange.failure
    return {
        "method": exchange.intent.method,
        "url": exchange.intent.url,
        "sent_at": iso_time(exchange.intent.at),
        "at": iso_time(exchange.ended_at),
        "status": exchange.status,
        "headers": dict(exchange.headers),
        "body": exchange.body,
        "is_complete": exchange.is_complete,
        "attempts": exchange.attempts,
        "shared_at": iso_time(exchange.shared_at),
        "failure": None
        if failure is None
        else {"kind": failure.kind, "certainty": failure.certainty.value, "message": failure.message},
    }
