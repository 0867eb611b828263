"""The JSON document of a bulk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderdesk_sdk.desk.documents.values import JsonObject

if TYPE_CHECKING:
    from orderdesk_sdk.desk.bulk.summary import BulkSummary


__all__ = ["bulk_summary_document"]


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
