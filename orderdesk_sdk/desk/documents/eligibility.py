"""The JSON documents of what services say of an order before they are asked to cancel it."""

from __future__ import annotations

from orderdesk_sdk.cases.eligibility import EligibilityReading, EligibilityState
from orderdesk_sdk.desk.capabilities import codes_document
from orderdesk_sdk.desk.documents.receipts import exchange_document
from orderdesk_sdk.desk.documents.values import JsonObject, iso_time
from orderdesk_sdk.desk.eligibility import EligibilityResult

__all__ = ["eligibility_result_document", "eligibility_state_document"]


def eligibility_result_document(result: EligibilityResult) -> JsonObject:
    """What came of asking one connection."""
    reading = result.reading
    return {
        "connection": result.connection,
        "problem": result.problem,
        "reading": None
        if reading is None
        else _said_document(reading)
        | {
            "remote_id": reading.remote_id,
            "reasons": codes_document(reading.eligibility.reasons),
            "exchanges": [exchange_document(one) for one in reading.exchanges],
        },
    }


def eligibility_state_document(state: EligibilityState | None) -> JsonObject | None:
    """What a plan knows of it; None where the service says nothing beforehand."""
    if state is None:
        return None
    return {
        "reading": None if state.reading is None else _said_document(state.reading),
        "stale_at": iso_time(state.stale_at),
        "is_stale": state.is_stale,
    }


def _said_document(reading: EligibilityReading) -> JsonObject:
    said = reading.eligibility
    return {
        "read_at": iso_time(reading.read_at),
        "read_by": reading.read_by,
        "is_eligible": said.is_eligible,
        "rejection": None if said.rejection is None else said.rejection.value,
        "message": said.message,
        "until": iso_time(said.until),
    }
