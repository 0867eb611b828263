"""Where the orders of a bulk stand."""

from __future__ import annotations

from typing import Annotated, TypedDict

from orderdesk_sdk.desk.bulk.result import BulkOutcome

__all__ = ["BulkReply"]


class BulkReasonDocument(TypedDict):
    """Orders that are not canceled for one and the same reason."""

    outcome: BulkOutcome
    connection: Annotated[str | None, "Null where the request was not accepted."]
    reason: str
    count: int
    examples: list[str]


class BulkCountsDocument(TypedDict):
    """Orders by outcome."""

    canceled: int
    waiting: int
    action_required: int
    refused: int


class BulkReply(TypedDict):
    """A bulk, as far as it has come."""

    bulk: Annotated[str, "Names it: GET /api/v1/bulk/{bulk} tells how it goes on."]
    total: int
    counts: BulkCountsDocument
    not_accepted: Annotated[int, "Requests of which nothing was recorded; they count as refused."]
    reasons: list[BulkReasonDocument]
