"""An exchange: one request and its response, or the lack of one, redacted and bounded, as it is kept in the ledger.

Pure.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime, timedelta

from attrs import field, frozen

from orderdesk_sdk.plugin.steps import Step, StepReport

__all__ = ["CONDITION_FAILED", "NOT_TODAY", "Certainty", "Exchange", "Failure", "Intent", "TransportLoss"]

CONDITION_FAILED = "ConditionFailed"
"""The kind of failure of a conditional write whose order has been changed since it was read."""
NOT_TODAY = "NotToday"
"""The kind of failure of a call for which nothing is left of a daily quota."""


class Certainty(enum.Enum):
    """What a failed call proves about the service."""

    NOT_SENT = "not sent"
    """No byte of the request reached the service."""
    NOT_PROCESSED = "not processed"
    """The service answered that it did not act."""
    UNKNOWN = "unknown"
    """The request may have arrived and may have been acted on."""


@frozen
class Failure:
    """Why there is no response, and what that proves.

    Args:
        kind: the name of what went wrong, `ReadTimeout` for instance.
        retry_after: how long the service asks to be left alone, or its declared rate demands; None where neither does.
    """

    kind: str
    certainty: Certainty
    message: str
    retry_after: timedelta | None = None

    @property
    def may_go_again(self) -> bool:
        """Whether the same request may have another outcome: one on an old version is turned away for good."""
        return self.kind != CONDITION_FAILED


@frozen
class Intent:
    """A request that is about to leave.

    Args:
        number: the position in its flow, from 1.
        digest: SHA-256 of method, URL and body.
        declared_read_only: the plugin says that it changes nothing, where the method does not say it (`CallOptions`).
        body: the beginning of what it says, redacted; "" for what reads only and for what is private.
        declared_write: the plugin says that it changes something, although its method does not say it.
        step: the prior step that it is a call of; None: of none.
    """

    number: int
    operation: str
    method: str
    url: str
    digest: str
    idempotent: bool
    at: datetime
    declared_read_only: bool = False
    body: str = ""
    declared_write: bool = False
    step: Step | None = None

    @property
    def read_only(self) -> bool:
        """Whether the request cannot change anything at the service: by its method (RFC 9110, 9.2.1), or declared."""
        return not self.declared_write and (self.declared_read_only or self.method in ("GET", "HEAD", "OPTIONS"))


@frozen
class Exchange:
    """What became of an intent.

    Args:
        status: the HTTP status, None when there was no response.
        headers: the chosen ones.
        body: a redacted excerpt.
        is_complete: the excerpt is the complete body, unchanged, so that a flow can be replayed from it.
        failure: why the flow got no response; one that turned the call away has a status and a body all the same.
        attempts: how many times it was sent; each earlier one was proved not done, or reads only.
        shared_at: when the response came to another flow, whose read answered this one too; None: this flow's own.
        warning: what a person should know of the response although it is no failure; None where there is nothing.
        steps: what the flow read in the response of prior steps.
    """

    intent: Intent
    ended_at: datetime
    status: int | None = None
    headers: Mapping[str, str] = field(factory=dict)
    body: str = ""
    is_complete: bool = False
    failure: Failure | None = None
    attempts: int = 1
    shared_at: datetime | None = None
    warning: str | None = None
    steps: tuple[StepReport, ...] = ()


@frozen
class TransportLoss:
    """A flow that ended without an answer because a call was lost.

    Args:
        idempotent: the lost request was declared so.
        retry_after: how long the service asks to be left alone; None when it does not say.
        withheld: we held the request back ourselves, because what allowed it was no longer so.
        request_changed: a request was to be made again, and the flow would now make another one; nothing was sent.
        not_today: nothing is left of a daily quota; there is again after `retry_after`.
    """

    certainty: Certainty
    message: str
    idempotent: bool = False
    retry_after: timedelta | None = None
    withheld: bool = False
    request_changed: bool = False
    not_today: bool = False
