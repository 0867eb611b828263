"""What services say of an order before they are asked to cancel it."""

from __future__ import annotations

from typing import Annotated, TypedDict

from orderdesk_sdk.web.api.replies.orders import SaidBeforeDocument
from orderdesk_sdk.web.api.replies.receipts import ExchangeDocument
from orderdesk_sdk.web.api.replies.values import ReasonCodeDocument

__all__ = ["EligibilityReply"]


class EligibilityReadingDocument(SaidBeforeDocument):
    """A reading with what was said."""

    remote_id: Annotated[str, "The order's number there."]
    reasons: Annotated[list[ReasonCodeDocument], "The codes that it accepts for this order; empty: it names none."]
    exchanges: list[ExchangeDocument]


class EligibilityResultDocument(TypedDict):
    """What came of asking one connection."""

    connection: str
    problem: Annotated[str | None, "Why it could not be read; null where it was."]
    reading: EligibilityReadingDocument | None


class EligibilityReply(TypedDict):
    """What came of asking, at each connection."""

    order_id: str
    order_number: str
    results: list[EligibilityResultDocument]
