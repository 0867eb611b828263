"""What version 0.1 called the fields and values of a stored record: renamed when the record is read.

The history is hash-chained and never rewritten, so the old names stay in it for good. New rows are written with the
present names. No old name has another meaning today in the same class, so that a record of any age reads the same way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import field, frozen

from orderdesk_sdk.cases.cancellation import CancelCase, Cancellation
from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.events import OrderEvent, RuleExecution
from orderdesk_sdk.cases.exchange import Exchange, Intent
from orderdesk_sdk.cases.registration import Registration
from orderdesk_sdk.cases.resubmission import ResubmitCase
from orderdesk_sdk.cases.state_machine import Event
from orderdesk_sdk.cases.status_change import StatusCase

__all__ = ["STATES", "rename_record", "rename_texts"]


@frozen
class _Names:
    """The old names of one class.

    Args:
        values: old values of an enum, under the present name of the field.
        nested: of a record in a field, under the present name of that field.
    """

    fields: Mapping[str, str] = field(factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(factory=dict)
    nested: Mapping[str, _Names] = field(factory=dict)


STATES: Mapping[str, str] = {
    "requested": "pending",
    "heard": "reported",
    "asked": "acknowledged",
    "awaiting person": "action required",
    "unclear": "unknown",
    "partly canceled": "partially canceled",
    "refused": "rejected",
    "impossible": "unsupported",
}
"""The states of a case by their old names. Those that are not here are called as they were."""

_EVENTS = {
    "send": "send started",
    "check": "poll started",
    "resume": "resumed",
    "took note": "acknowledged",
    "not done": "not processed",
    "lost": "outcome unknown",
    "seen": "found canceled",
    "check failed": "poll failed",
    "partly canceled": "partially canceled",
    "refused": "rejected",
    "climb": "fell back",
    "hand over": "escalated",
    "remind": "reminded",
    "wait": "deferred",
    "gather": "batched",
    "no route": "unsupported",
    "withdraw": "withdrawn",
}
_EMAIL = _Names(
    {
        "at": "dated_at",
        "identity": "message_id",
        "answers": "in_reply_to",
        "case": "in_reply_to_case",
        "names": "mentioned_order_number",
    }
)
_EVIDENCE = _Names(
    {"message": "email", "unidentified": "no_order_number_reason"},
    {"kind": {"reply": "response", "read-back": "polled status", "message": "email"}},
    {"email": _EMAIL},
)
_FAILURE = _Names({"text": "message"}, {"certainty": {"not done": "not processed", "unclear": "unknown"}})
_INTENT = _Names({"repeatable": "idempotent", "declared_read": "declared_read_only"})
_MESSAGE = {"text": "message", "remedy": "hint", "fault": "plugin_error"}
_CASE = {
    **_MESSAGE,
    "asked_by": "requested_by",
    "chain": "caused_by_rules",
    "give_up_at": "deadline",
    "opened_at": "created_at",
    "proof": "evidence",
    "tries": "consecutive_failures",
    "waits_since": "action_required_since",
}
_REQUEST = {
    "reference": "request_reference",
    "refusal": "rejection",
    "repeatable": "idempotent",
    "resend": "retry_allowed",
    "status": "service_status",
}
_CANCEL_CASE = {
    **_CASE,
    **_REQUEST,
    "asked_at": "last_sent_at",
    "asked_before": "previously_sent_at",
    "gathered": "is_batched",
    "heard": "is_reported",
    "resends": "retries",
}
_NAMES: Mapping[type, _Names] = {
    Cancellation: _Names(
        {
            "asked_at": "requested_at",
            "asked_by": "requested_by",
            "at": "connections",
            "chain": "caused_by_rules",
            "heard_from": "reported_by",
            "key": "idempotency_key",
        }
    ),
    CancelCase: _Names(_CANCEL_CASE, {"state": STATES}, {"evidence": _EVIDENCE}),
    Event: _Names(
        {**_MESSAGE, **_REQUEST, "give_up_at": "deadline", "proof": "evidence"},
        {"kind": _EVENTS},
        {"evidence": _EVIDENCE},
    ),
    Exchange: _Names({"tries": "attempts", "whole": "is_complete"}, nested={"failure": _FAILURE, "intent": _INTENT}),
    Intent: _INTENT,
    OrderEvent: _Names(
        {"chain": "caused_by_rules", "facts": "field_values"},
        {"kind": {"canceled elsewhere": "canceled externally", "action refused": "action failed"}},
        {"field_values": _Names({"refusal": "rejection"}, {"state": STATES})},
    ),
    Registration: _Names(
        {"began_at": "started_at", "was_there": "already_registered", "wishes": "settled_cancellations"}
    ),
    ResubmitCase: _Names(_CASE, {"state": STATES}),
    RuleExecution: _Names({"refused": "error", "text": "message"}),
    StatusCase: _Names(_CASE, {"state": STATES}),
}
_COUNTED_REMINDERS = re.compile(r" \(reminder ([0-9]{1,6}): [^()]*\)\Z")
"""Where version 0.1 counted the reminders of a case: in its text."""
_TEXTS: Mapping[str, str] = {
    **_MESSAGE,
    "asked_by": "requested_by",
    "failure.text": "failure.message",
    "proof.person": "evidence.person",
    "proof.note": "evidence.note",
    "proof.message.sender": "evidence.email.sender",
    "proof.message.subject": "evidence.email.subject",
    "proof.message.identity": "evidence.email.message_id",
    "proof.message.answers": "evidence.email.in_reply_to",
}


def rename_record(record: dict[str, object], kind: type) -> dict[str, object]:
    """An unstructured record of any age with the present names; it is as it was where it has them."""
    renamed = _rename(record, _NAMES[kind]) if kind in _NAMES else record
    if issubclass(kind, Case) and "reminders" not in renamed:
        counted = _COUNTED_REMINDERS.search(str(renamed.get("message") or ""))
        if counted is not None:
            return {**renamed, "reminders": int(counted[1])}
    return renamed


def rename_texts(texts: Mapping[str, str]) -> dict[str, str]:
    """The personal texts of a record of any age under the present names of the fields that they are of."""
    return {_TEXTS.get(name, name): text for name, text in texts.items()}


def _rename(record: dict[str, object], names: _Names) -> dict[str, object]:
    renamed = {names.fields.get(name, name): value for name, value in record.items()}
    for name, values in names.values.items():
        value = renamed.get(name)
        if isinstance(value, str):
            renamed[name] = values.get(value, value)
    for name, inner in names.nested.items():
        value = renamed.get(name)
        if isinstance(value, dict):
            renamed[name] = _rename(value, inner)
    return renamed
