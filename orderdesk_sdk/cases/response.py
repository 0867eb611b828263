"""A response: the answer that we owe to somebody else who asks us to cancel an order. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from attrs import field, frozen

from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.cancel_requests import RequestedCancellation, ResponseAnswer, SilenceMeans

__all__ = ["ResponseCase", "ResponseDecision", "cancellation_key", "response_key"]


@frozen
class ResponseDecision:
    """What is to be answered.

    Args:
        answer: None: the fulfillment services are asked to cancel, and what they say decides.
        by: the person who decided so; None where what the services said has.
        rejection: why it is rejected; None for an acceptance.
        text: the same in words, for the asker; None where there is nothing to say.
        lines: what of the request is accepted, by line id, with quantities; empty means all of it.
    """

    answer: ResponseAnswer | None = None
    by: str | None = None
    rejection: Rejection | None = None
    text: str | None = None
    lines: Mapping[str, int] = field(factory=dict, hash=False)


@frozen(kw_only=True)
class ResponseCase(Case):
    """One request to cancel an order, made by the service of `connection`, and what we answer.

    Args:
        request: as it came, but that its lines are named by the ids of the order's lines.
        silence: what it means there when nobody answers.
        answer_by: by when it must be answered; None where no deadline is known.
        escalate_at: when a person is told that there is no answer yet.
        decision: None while nobody has decided what becomes of it.
    """

    request: RequestedCancellation
    silence: SilenceMeans
    answer_by: datetime | None = None
    escalate_at: datetime
    decision: ResponseDecision | None = None

    kind: ClassVar[str] = "response"
    done_state: ClassVar[State] = State.DONE
    flow_reads_first: ClassVar[bool] = True

    @property
    def lines(self) -> Mapping[str, int]:
        """What is to be canceled, by line id, with quantities; empty means the whole order."""
        return self.request.lines

    @property
    def answer(self) -> ResponseAnswer | None:
        """What is, or was, answered; None while that is not known."""
        return self.decision.answer if self.decision is not None else None

    def is_overdue(self, now: datetime) -> bool:
        """Whether the deadline has passed without an answer."""
        return self.is_open and self.answer_by is not None and now >= self.answer_by


def response_key(connection: str, request_id: str) -> str:
    """What names the case of a request: the same request, however often it is told, has one case."""
    return f"{connection} {request_id}"


def cancellation_key(case_id: str) -> str:
    """How the keys of all cancellations begin that a case has opened."""
    return f"response {case_id} "
