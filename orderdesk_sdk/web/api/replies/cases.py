"""Cases of every kind, and cancellations."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.cancel_requests import ResponseAnswer, SilenceMeans
from orderdesk_sdk.plugin.integration import SideEffect
from orderdesk_sdk.plugin.steps import StepOutcome
from orderdesk_sdk.web.api.replies.values import LineQuantityDocument, Moment

__all__ = [
    "AnyCaseDocument",
    "CancelCaseDocument",
    "CancelCaseFields",
    "CancellationDocument",
    "CancellationStatusDocument",
    "CaseListReply",
    "CaseReply",
    "OrderCasesReply",
    "ResponseCaseDocument",
    "ResubmitCaseDocument",
    "StatusCaseDocument",
    "StatusChangeReply",
]


class LineCoverageDocument(TypedDict):
    """How much of a line is canceled."""

    line: str
    ordered: int
    canceled: int


class CaseFields(TypedDict):
    """What every case has."""

    id: str
    order_number: str
    connection: str
    integration: str
    remote_id: Annotated[str, "The order's number at the service."]
    state: State
    is_open: Annotated[bool, "Whether something has still to happen."]
    created_at: Moment
    updated_at: Moment
    due_at: Annotated[Moment | None, "When the case is processed next; null once settled."]
    deadline: Annotated[Moment | None, "When the present route ends without a confirmation."]
    message: Annotated[str | None, "What happened."]
    hint: Annotated[str | None, "What a person can do."]
    plugin_error: str | None


class StepResultDocument(TypedDict):
    """What came of a step before a cancel."""

    name: str
    item: Annotated[str | None, "What it was done to; null where it is done once."]
    outcome: StepOutcome
    message: Annotated[str | None, "The service's words."]


class CancelCaseFields(CaseFields):
    """What the case of a cancellation has besides."""

    kind: Literal["cancel"]
    cancellation_id: str
    order_id: str
    role: ConnectionRole
    rejection: Rejection | None
    last_sent_at: Annotated[Moment | None, "The last time that a request may have been sent."]
    service_status: Annotated[str | None, "The last status that the service gave, as it spells it."]
    lines: list[LineCoverageDocument]
    prior_steps: Annotated[list[StepResultDocument], "What came of what is done before a cancel."]
    side_effects: Annotated[list[SideEffect], "What a person allowed there besides, by a plan that showed it there."]


class CancelCaseDocument(CancelCaseFields):
    """What is asked of one connection to cancel an order."""

    evidence: Annotated[EvidenceKind | None, "What the state rests on."]


class OtherCaseFields(CaseFields):
    """What the other kinds of cases have besides."""

    requested_by: str
    person: Annotated[str | None, "Whose word the state rests on."]


class ResubmitCaseDocument(OtherCaseFields):
    """A canceled order that is submitted again."""

    kind: Literal["resubmission"]
    original_id: str
    original_number: str


class StatusCaseDocument(OtherCaseFields):
    """A status that is set at a cart."""

    kind: Literal["status change"]
    order_id: str
    status: str
    caused_by_rules: list[str]


class ResponseCaseDocument(OtherCaseFields):
    """Somebody else's request to cancel, and our answer."""

    kind: Literal["response"]
    order_id: str
    request_id: str
    requested_at: Moment | None
    reason: str | None
    lines: list[LineQuantityDocument]
    answer_by: Moment | None
    escalate_at: Moment
    silence: Annotated[SilenceMeans, "What it means when nobody answers in time."]
    is_decided: bool
    answer: ResponseAnswer | None
    rejection: Rejection | None
    accepted_lines: list[LineQuantityDocument]
    decided_by: str | None
    caused_by_rules: list[str]


AnyCaseDocument = CancelCaseDocument | ResubmitCaseDocument | StatusCaseDocument | ResponseCaseDocument
"""A case of any kind; its key `kind` says of which."""


class CancellationDocument(TypedDict):
    """Somebody's request to cancel an order."""

    id: str
    idempotency_key: str
    order_id: str
    order_number: str
    requested_by: str
    reason: str | None
    requested_at: Moment
    lines: Annotated[list[LineQuantityDocument], "Empty: the whole order."]
    caused_by_rules: list[str]
    side_effects: Annotated[
        list[SideEffect],
        "What a person wants besides, for this cancellation alone; each case has what of it is allowed there.",
    ]


class CancellationStatusDocument(TypedDict):
    """A cancellation and its cases."""

    cancellation: CancellationDocument
    is_settled: bool
    cases: list[CancelCaseDocument]


class CaseReply(TypedDict):
    """One case."""

    case: AnyCaseDocument


class CaseListReply(TypedDict):
    """Cases, oldest first."""

    cases: list[AnyCaseDocument]
    next_after: Annotated[str | None, "Give it as `after` for the next page; null: this was the last."]


class OrderCasesReply(TypedDict):
    """What became of the open cases of an order."""

    order: Annotated[str, "The order's id."]
    cases: list[CancelCaseDocument]


class StatusChangeReply(TypedDict):
    """Where a status change stands."""

    status: str
    is_settled: bool
    cancellation: Annotated[CancellationStatusDocument | None, "Where the status is canceled."]
    changes: Annotated[list[StatusCaseDocument], "One for each cart, for any other status."]
