"""The JSON documents of orders, plans, cases and receipts, as `docs/reference/cli-json.md` describes them.

Keys are snake_case and always present; None is null; times are UTC with a Z; enums are their values.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.evidence import EmailEvidence
from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.cases.messages import InboundMessage
from orderdesk_sdk.cases.plan import Plan, PlanEntry, PlanStep
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.desk.capabilities import JsonObject, codes_document
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.orders.order import Order, RemoteOrder
from orderdesk_sdk.plugin.answer import LineAnswer

if TYPE_CHECKING:
    from orderdesk_sdk.cases.history_lines import HistoryLine
    from orderdesk_sdk.cases.receipt import CancellationReceipt, CaseReceipt, EvidenceReceipt, Receipt
    from orderdesk_sdk.desk.bulk.summary import BulkSummary
    from orderdesk_sdk.desk.cancellations import CancellationStatus

__all__ = [
    "iso_time",
    "JsonObject",
    "case_document",
    "error_document",
    "message_document",
    "order_document",
    "remote_order_document",
    "plan_document",
    "receipt_document",
    "cancellation_status_document",
    "bulk_summary_document",
]


def iso_time(moment: datetime | None) -> str | None:
    """The moment in UTC as `2026-11-22T13:03:10Z`, with microseconds where there are any; None stays None."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def error_document(error: OrderDeskError | None) -> JsonObject | None:
    """An error as part of a result."""
    return None if error is None else {"message": error.message, "location": error.location, "hint": error.hint}


def message_document(message: InboundMessage) -> JsonObject:
    """A message that came in, as it is kept."""
    return {
        "id": message.id,
        "source": str(message.source),
        "subject": message.subject,
        "order_id": message.order_id,
        "kind": message.kind.value if message.kind is not None else None,
        "event_id": message.event_id,
        "state": message.state.value,
        "received_at": iso_time(message.received_at),
        "tries": message.tries,
        "next_try_at": iso_time(message.next_try_at),
        "result": message.result,
        "digest": message.digest,
    }


def remote_order_document(remote_order: RemoteOrder) -> JsonObject:
    """Where an order was submitted."""
    return {
        "connection": remote_order.connection,
        "remote_id": remote_order.remote_id,
        "role": remote_order.role.value,
        "submitted_at": iso_time(remote_order.submitted_at),
        "status": remote_order.status,
        "status_at": iso_time(remote_order.status_at),
    }


def order_document(order: Order, folder: str | None, remote_orders: Sequence[RemoteOrder]) -> JsonObject:
    """An order in short. Money is text, as exact as it came."""
    return {
        "id": order.id,
        "number": order.number,
        "source_name": order.source_name,
        "folder": folder,
        "added_at": iso_time(order.added_at),
        "order_total": str(order.order_total),
        "lines": [{"id": line.id, "code": line.code, "quantity": line.quantity} for line in order.lines],
        "remote_orders": [remote_order_document(one) for one in remote_orders],
    }


def plan_document(plan: Plan) -> JsonObject:
    """A plan."""
    return {
        "order_id": plan.order_id,
        "order_number": plan.order_number,
        "at": iso_time(plan.at),
        "entries": [_plan_entry_document(entry) for entry in plan.entries],
    }


def _plan_entry_document(entry: PlanEntry) -> JsonObject:
    return {
        "connection": entry.connection,
        "integration": entry.integration,
        "title": entry.title,
        "role": entry.role.value,
        "remote_id": entry.remote_id,
        "chosen_step": entry.chosen_step,
        "problem": entry.problem,
        "existing_state": None if entry.existing_state is None else entry.existing_state.value,
        "steps": [_plan_step_document(step) for step in entry.steps],
    }


def _plan_step_document(step: PlanStep) -> JsonObject:
    return {
        "route": step.label,
        "is_open": step.window.is_open,
        "closes_at": iso_time(step.window.closes_at),
        "closes_on": step.window.closes_on,
        "closed_reason": step.window.closed_reason,
        "follow_up": step.follow_up,
        "decided_by": step.decided_by,
        "scope": step.scope.value,
        "needs": step.needs,
        "reasons": codes_document(step.reasons),
        "warning": step.warning,
    }


def case_document(case: Case) -> JsonObject:
    """A case as it stands, without its history; its key `kind` says which other keys it has."""
    match case:
        case CancelCase():
            return _cancel_document(case)
        case ResubmitCase():
            return _resubmission_document(case)
        case StatusCase():
            return _status_change_document(case)
        case ResponseCase():
            return _response_document(case)
        case _:
            raise ValueError(f"a case of the kind {case.kind!r} has no document")


def _cancel_document(case: CancelCase) -> JsonObject:
    return {
        "kind": case.kind,
        "id": case.id,
        "cancellation_id": case.cancellation_id,
        "order_id": case.order_id,
        "order_number": case.order_number,
        "connection": case.connection,
        "integration": case.integration,
        "remote_id": case.remote_id,
        "role": case.role.value,
        "state": case.state.value,
        "is_open": case.is_open,
        "rejection": None if case.rejection is None else case.rejection.value,
        "created_at": iso_time(case.created_at),
        "updated_at": iso_time(case.updated_at),
        "due_at": iso_time(case.due_at),
        "last_sent_at": iso_time(case.last_sent_at),
        "deadline": iso_time(case.deadline),
        "service_status": case.service_status,
        "message": case.message,
        "hint": case.hint,
        "plugin_error": case.plugin_error,
        "lines": _line_quantities(case.lines),
        "evidence": None if case.evidence is None else case.evidence.kind.value,
    }


def cancellation_status_document(status: CancellationStatus) -> JsonObject:
    """A cancellation and its cases."""
    return {
        "cancellation": _cancellation_document(status.cancellation),
        "is_settled": status.is_settled,
        "cases": [case_document(case) for case in status.cases],
    }


def _cancellation_document(cancellation: Cancellation) -> JsonObject:
    return {
        "id": cancellation.id,
        "idempotency_key": cancellation.idempotency_key,
        "order_id": cancellation.order_id,
        "order_number": cancellation.order_number,
        "requested_by": cancellation.requested_by,
        "reason": cancellation.reason,
        "requested_at": iso_time(cancellation.requested_at),
        "lines": [{"line": line, "quantity": quantity} for line, quantity in cancellation.lines_by_name.items()],
        "caused_by_rules": list(cancellation.caused_by_rules),
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
        "cancellation": _cancellation_document(receipt.cancellation),
        "cases": [_case_receipt_document(one) for one in receipt.cases],
    }


def _case_receipt_document(receipt: CaseReceipt) -> JsonObject:
    return case_document(receipt.case) | {
        "title": receipt.title,
        "route": receipt.route,
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
        "exchange": _exchange_document(evidence.exchange),
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
        "exchange": _exchange_document(line.exchange),
    }


def _exchange_document(exchange: Exchange | None) -> JsonObject | None:
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


def _line_quantities(lines: Sequence[LineAnswer]) -> list[JsonObject]:
    return [{"line": line.line, "ordered": line.ordered, "canceled": line.canceled} for line in lines]


def _resubmission_document(resubmission: ResubmitCase) -> JsonObject:
    return {
        **_other_case_fields(resubmission),
        "original_id": resubmission.order_id,
        "original_number": resubmission.original_number,
    }


def _status_change_document(change: StatusCase) -> JsonObject:
    return {
        **_other_case_fields(change),
        "order_id": change.order_id,
        "status": change.status,
        "caused_by_rules": list(change.caused_by_rules),
    }


def _response_document(case: ResponseCase) -> JsonObject:
    request, decision = case.request, case.decision
    return {
        **_other_case_fields(case),
        "order_id": case.order_id,
        "request_id": request.request_id,
        "requested_at": iso_time(request.requested_at),
        "reason": request.reason,
        "lines": [{"line": line, "quantity": quantity} for line, quantity in request.lines.items()],
        "answer_by": iso_time(case.answer_by),
        "escalate_at": iso_time(case.escalate_at),
        "silence": case.silence.value,
        "is_decided": decision is not None,
        "answer": None if case.answer is None else case.answer.value,
        "rejection": None if decision is None or decision.rejection is None else decision.rejection.value,
        "accepted_lines": []
        if decision is None
        else [{"line": line, "quantity": quantity} for line, quantity in decision.lines.items()],
        "decided_by": None if decision is None else decision.by,
        "caused_by_rules": list(case.caused_by_rules),
    }


def _other_case_fields(case: Case) -> JsonObject:
    return {
        "kind": case.kind,
        "id": case.id,
        "order_number": case.order_number,
        "connection": case.connection,
        "integration": case.integration,
        "remote_id": case.remote_id,
        "requested_by": case.requested_by,
        "state": case.state.value,
        "is_open": case.is_open,
        "created_at": iso_time(case.created_at),
        "updated_at": iso_time(case.updated_at),
        "due_at": iso_time(case.due_at),
        "message": case.message,
        "hint": case.hint,
        "plugin_error": case.plugin_error,
        "deadline": iso_time(case.deadline),
        "person": case.evidence.person if case.evidence is not None else None,
    }


def bulk_summary_document(summary: BulkSummary) -> JsonObject:
    """Where the orders of a bulk stand; the most frequent reason first."""
    return {
        "bulk": summary.bulk,
        "total": summary.total,
        "counts": {outcome.value.replace(" ", "_"): count for outcome, count in summary.counts.items()},
        "not_accepted": summary.not_accepted,
        "reasons": [
            {
                "outcome": reason.outcome.value,
                "connection": reason.connection,
                "reason": reason.reason,
                "count": reason.count,
                "examples": list(reason.examples),
            }
            for reason in summary.reasons
        ],
    }
