"""Receipts: what was asked, answered and decided, with the evidence."""

from __future__ import annotations

from typing import Annotated, TypedDict

from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.cases.exchange import Certainty
from orderdesk_sdk.plugin.integration import SideEffect
from orderdesk_sdk.web.api.replies.cases import (
    CancelCaseFields,
    CancellationDocument,
    ResponseCaseDocument,
    ResubmitCaseDocument,
    StatusCaseDocument,
)
from orderdesk_sdk.web.api.replies.values import Moment

__all__ = ["NewReceiptLinkReply", "ReceiptDocument", "ReceiptLinkListReply", "ReceiptLinkReply"]


class FailureDocument(TypedDict):
    """Why a call got no whole response."""

    kind: str
    certainty: Annotated[Certainty, "What it proves about the service."]
    message: str


class ExchangeDocument(TypedDict):
    """One call, redacted, and its response."""

    method: str
    url: str
    sent_at: Moment
    at: Annotated[Moment | None, "When it ended."]
    status: int | None
    headers: dict[str, str]
    body: str
    is_complete: bool
    attempts: int
    shared_at: Moment | None
    failure: FailureDocument | None


EmailDocument = TypedDict(
    "EmailDocument",
    {
        "from": str,
        "subject": str,
        "dated_at": Moment | None,
        "message_id": str | None,
        "in_reply_to": str | None,
        "in_reply_to_case": str | None,
        "mentioned_order_number": str | None,
        "digest": str,
    },
)
"""A mail that a person filed."""


class EvidenceDocument(TypedDict):
    """What a verdict rests on."""

    kind: EvidenceKind
    exchange: ExchangeDocument | None
    no_order_number_reason: str | None
    person: str | None
    note: str | None
    email: EmailDocument | None


class HistoryLineDocument(TypedDict):
    """One line of a case's history."""

    sequence: Annotated[int, "Its place in the ledger."]
    at: Moment
    summary: str
    message: str | None
    person: str | None
    exchange: ExchangeDocument | None


class ArchivedHistoryDocument(TypedDict):
    """A part of a history that lies in an archive."""

    archive: str
    archived_at: Moment
    first: int
    last: int
    entry_count: int


class IntegrityDocument(TypedDict):
    """Whether a history is as it was written."""

    is_intact: bool
    flaws: list[str]
    entry_count: int
    head: str
    texts_removed: bool


class CaseReceiptDocument(CancelCaseFields):
    """One case with its history."""

    title: str
    route: str
    unasked_effects: Annotated[
        list[SideEffect], "What a person wants besides, and the case does not ask for: the plan did not show it there."
    ]
    evidence: Annotated[EvidenceDocument | None, "What the state rests on."]
    history: list[HistoryLineDocument]
    archived: list[ArchivedHistoryDocument]
    integrity: IntegrityDocument


class CancellationReceiptDocument(TypedDict):
    """One cancellation with its cases."""

    cancellation: CancellationDocument
    cases: list[CaseReceiptDocument]


class ReceiptDocument(TypedDict):
    """All that was done to cancel an order."""

    order_id: str
    order_number: str
    at: Moment
    is_settled: bool
    is_canceled: Annotated[bool, "Whether the order is canceled everywhere, with evidence."]
    still_active: Annotated[list[str], "The connections where the order goes on."]
    flaws: Annotated[list[str], "What in the ledger is not as it was written; then nothing is proved."]
    cancellations: list[CancellationReceiptDocument]
    status_changes: list[StatusCaseDocument]
    resubmissions: list[ResubmitCaseDocument]
    responses: list[ResponseCaseDocument]
    next_after: Annotated[int | None, "Give it as `after` for the next lines of the histories."]


class ReceiptLinkDocument(TypedDict):
    """A link to a receipt."""

    id: str
    order_id: str
    created_by: str
    created_at: Moment
    expires_at: Moment
    revoked_by: str | None
    revoked_at: Moment | None


class ReceiptLinkListReply(TypedDict):
    """The links of an order, the newest first: those too that lead nowhere any more."""

    links: list[ReceiptLinkDocument]


class ReceiptLinkReply(TypedDict):
    """One link."""

    link: ReceiptLinkDocument


class NewReceiptLinkReply(ReceiptLinkReply):
    """A link that was just made."""

    path: Annotated[str, "What it leads to, below the address of the console. Told once: it is kept nowhere."]
