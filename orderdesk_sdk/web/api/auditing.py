"""What the audit log keeps of calls: who did or saw what of which order, and from where."""

from __future__ import annotations

from orderdesk_sdk.cases.audit import AuditAction, order_subject
from orderdesk_sdk.desk.documents import JsonObject
from orderdesk_sdk.web.api.operation import ApiCall
from orderdesk_sdk.web.api.scope import subject_order

__all__ = ["record_call"]


def record_call(action: AuditAction, call: ApiCall, reply: JsonObject) -> None:
    """Write a call down. A bulk is one record, which names it: its cancellations tell of each order."""
    order_id = subject_order(call)
    if order_id is not None:
        subject, detail = order_subject(order_id), f"case {call.path['case']}" if "case" in call.path else ""
    else:
        subject, detail = f"bulk {reply.get('bulk', '')}", f"{reply.get('total', 0)} orders"
    call.desk.audit.record(call.caller.name, action, subject, f"API: {detail}" if detail else "API", call.address)
