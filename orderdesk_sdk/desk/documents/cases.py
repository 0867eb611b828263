"""The JSON documents of cases and cancellations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.desk.documents.values import JsonObject, iso_time
from orderdesk_sdk.plugin.answer import LineAnswer

if TYPE_CHECKING:
    from orderdesk_sdk.desk.cancellations import CancellationStatus


__all__ = ["cancellation_document", "cancellation_status_document", "case_document"]


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
        "prior_steps": [
            {"name": one.name, "item": one.item, "outcome": one.outcome.value, "message": one.message}
            for one in case.steps
        ],
        "side_effects": [effect.value for effect in case.side_effects],
        "evidence": None if case.evidence is None else case.evidence.kind.value,
    }


def cancellation_status_document(status: CancellationStatus) -> JsonObject:
    """A cancellation and its cases."""
    return {
        "cancellation": cancellation_document(status.cancellation),
        "is_settled": status.is_settled,
        "cases": [case_document(case) for case in status.cases],
    }


def cancellation_document(cancellation: Cancellation) -> JsonObject:
    """A cancellation without its cases."""
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
        "side_effects": [effect.value for effect in cancellation.side_effects],
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
