"""The JSON shapes of orders, plans, cases and receipts; `docs/reference/cli-json.md` documents them for good.

Keys are snake_case and always there; None is null; times are UTC with a Z; enums are their values.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from orderdesk_sdk.cases.cancellation import Cancellation
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.errand import Errand
from orderdesk_sdk.cases.evidence import MailIn
from orderdesk_sdk.cases.exchange import Exchange
from orderdesk_sdk.cases.plan import Plan, PlanEntry, PlanStep
from orderdesk_sdk.cases.receipt import CaseReceipt, ProofReceipt, Receipt, Step, WishReceipt
from orderdesk_sdk.cases.resubmission import Resubmission
from orderdesk_sdk.cases.status_change import StatusChange
from orderdesk_sdk.desk.cancellations import Standing
from orderdesk_sdk.desk.capabilities import Shape, codes_shape
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.orders.order import Order, Placement
from orderdesk_sdk.plugin.answer import LineAnswer

__all__ = [
    "errand_shape",
    "iso",
    "resubmission_shape",
    "status_change_shape",
    "Shape",
    "case_shape",
    "error_shape",
    "order_shape",
    "placement_shape",
    "plan_shape",
    "receipt_shape",
    "standing_shape",
]


def iso(moment: datetime | None) -> str | None:
    """The moment in UTC as `2026-11-22T13:03:10Z`, with microseconds where there are any; None stays None."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def error_shape(error: OrderDeskError | None) -> Shape | None:
    """An error as part of a result."""
    return None if error is None else {"text": error.text, "place": error.place, "remedy": error.remedy}


def placement_shape(placement: Placement) -> Shape:
    """Where an order was submitted."""
    return {
        "connection": placement.connection,
        "remote_id": placement.remote_id,
        "role": placement.role.value,
        "submitted_at": iso(placement.submitted_at),
        "status": placement.status,
        "status_at": iso(placement.status_at),
    }


def order_shape(order: Order, folder: str | None, placements: Sequence[Placement]) -> Shape:
    """An order in short. Money is text, as exact as it came."""
    return {
        "id": order.id,
        "number": order.number,
        "source_name": order.source_name,
        "folder": folder,
        "added_at": iso(order.added_at),
        "order_total": str(order.order_total),
        "lines": [{"id": line.id, "code": line.code, "quantity": line.quantity} for line in order.lines],
        "placements": [placement_shape(placement) for placement in placements],
    }


def plan_shape(plan: Plan) -> Shape:
    """A plan."""
    return {
        "order_id": plan.order_id,
        "order_number": plan.order_number,
        "at": iso(plan.at),
        "entries": [_entry(entry) for entry in plan.entries],
    }


def _entry(entry: PlanEntry) -> Shape:
    return {
        "connection": entry.connection,
        "integration": entry.integration,
        "title": entry.title,
        "role": entry.role.value,
        "remote_id": entry.remote_id,
        "chosen": entry.chosen,
        "problem": entry.problem,
        "standing": None if entry.standing is None else entry.standing.value,
        "steps": [_plan_step(step) for step in entry.steps],
    }


def _plan_step(step: PlanStep) -> Shape:
    return {
        "route": step.label,
        "open": step.opening.open,
        "until": iso(step.opening.until),
        "closes_on": step.opening.closes_on,
        "why_closed": step.opening.why_closed,
        "then": step.then,
        "turn": step.turn,
        "scope": step.scope.value,
        "needs": step.needs,
        "reasons": codes_shape(step.reasons),
        "note": step.note,
    }


def case_shape(case: Case) -> Shape:
    """A case as it stands, without its story."""
    return {
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
        "refusal": None if case.refusal is None else case.refusal.value,
        "opened_at": iso(case.opened_at),
        "updated_at": iso(case.updated_at),
        "due_at": iso(case.due_at),
        "asked_at": iso(case.asked_at),
        "give_up_at": iso(case.give_up_at),
        "status": case.status,
        "text": case.text,
        "remedy": case.remedy,
        "fault": case.fault,
        "lines": _lines(case.lines),
        "proof": None if case.proof is None else case.proof.kind.value,
    }


def standing_shape(standing: Standing) -> Shape:
    """A wish and its cases."""
    return {
        "cancellation": _cancellation(standing.cancellation),
        "is_settled": standing.is_settled,
        "cases": [case_shape(case) for case in standing.cases],
    }


def _cancellation(wish: Cancellation) -> Shape:
    return {
        "id": wish.id,
        "key": wish.key,
        "order_id": wish.order_id,
        "order_number": wish.order_number,
        "asked_by": wish.asked_by,
        "reason": wish.reason,
        "asked_at": iso(wish.asked_at),
        "lines": [{"line": line, "quantity": quantity} for line, quantity in wish.part.items()],
        "chain": list(wish.chain),
    }


def receipt_shape(receipt: Receipt) -> Shape:
    """A receipt, whole."""
    return {
        "order_id": receipt.order_id,
        "order_number": receipt.order_number,
        "at": iso(receipt.at),
        "is_settled": receipt.is_settled,
        "is_canceled": receipt.is_canceled,
        "still_active": list(receipt.still_active),
        "flaws": list(receipt.flaws),
        "wishes": [_wish(wish) for wish in receipt.wishes],
        "status_changes": [status_change_shape(found) for found in receipt.status_changes],
        "resubmissions": [resubmission_shape(found) for found in receipt.resubmissions],
    }


def _wish(wish: WishReceipt) -> Shape:
    return {
        "cancellation": _cancellation(wish.cancellation),
        "cases": [_case_receipt(found) for found in wish.cases],
    }


def _case_receipt(found: CaseReceipt) -> Shape:
    return case_shape(found.case) | {
        "title": found.title,
        "route": found.route,
        "proof": None if found.proof is None else _proof(found.proof),
        "steps": [_step(step) for step in found.steps],
        "record": {
            "is_intact": not found.record.flaws,
            "flaws": list(found.record.flaws),
            "lines": found.record.lines,
            "head": found.record.head,
            "texts_removed": found.record.is_removed,
        },
    }


def _proof(proof: ProofReceipt) -> Shape:
    return {
        "kind": proof.kind.value,
        "exchange": _exchange(proof.exchange),
        "unidentified": proof.unidentified,
        "person": proof.person,
        "note": proof.note,
        "message": None if proof.message is None else _message(proof.message),
    }


def _message(mail: MailIn) -> Shape:
    return {
        "from": mail.sender,
        "subject": mail.subject,
        "at": iso(mail.at),
        "message_id": mail.identity,
        "answers": mail.answers,
        "answers_case": mail.case,
        "names": mail.names,
        "digest": mail.digest,
    }


def _step(step: Step) -> Shape:
    return {
        "at": iso(step.at),
        "what": step.what,
        "text": step.text,
        "person": step.person,
        "exchange": _exchange(step.exchange),
    }


def _exchange(exchange: Exchange | None) -> Shape | None:
    if exchange is None:
        return None
    failure = exchange.failure
    return {
        "method": exchange.intent.method,
        "url": exchange.intent.url,
        "sent_at": iso(exchange.intent.at),
        "at": iso(exchange.ended_at),
        "status": exchange.status,
        "headers": dict(exchange.headers),
        "body": exchange.body,
        "whole": exchange.whole,
        "tries": exchange.tries,
        "shared_at": iso(exchange.shared_at),
        "failure": None
        if failure is None
        else {"kind": failure.kind, "certainty": failure.certainty.value, "text": failure.text},
    }


def _lines(lines: Sequence[LineAnswer]) -> list[Shape]:
    return [{"line": line.line, "ordered": line.ordered, "canceled": line.canceled} for line in lines]


def errand_shape(found: Resubmission | StatusChange) -> Shape:
    """An errand as the result of a command."""
    match found:
        case Resubmission():
            return {"resubmission": resubmission_shape(found)}
        case StatusChange():
            return {"status_change": status_change_shape(found)}


def resubmission_shape(found: Resubmission) -> Shape:
    """A resubmission as it stands."""
    return {**_errand(found), "original_id": found.original_id, "original_number": found.original_number}


def status_change_shape(found: StatusChange) -> Shape:
    """A status change as it stands."""
    return {**_errand(found), "order_id": found.order_id, "status": found.status, "chain": list(found.chain)}


def _errand(found: Errand) -> Shape:
    return {
        "id": found.id,
        "order_number": found.order_number,
        "connection": found.connection,
        "integration": found.integration,
        "remote_id": found.remote_id,
        "asked_by": found.asked_by,
        "state": found.state.value,
        "is_open": found.is_open,
        "opened_at": iso(found.opened_at),
        "updated_at": iso(found.updated_at),
        "due_at": iso(found.due_at),
        "text": found.text,
        "remedy": found.remedy,
        "fault": found.fault,
        "give_up_at": iso(found.give_up_at),
        "person": found.person,
    }
