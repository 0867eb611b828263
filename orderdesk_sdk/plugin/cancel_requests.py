"""Cancellations that somebody else requests of us: what a plugin declares of them, and what one of them is. Pure.

A buyer at a marketplace, a retailer or a cart asks; whoever has the order answers, by a deadline. That is the other
direction of a `CancelRequest`, with which we ask a service.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from attrs import Factory, field, frozen
from attrs.validators import instance_of, optional

from orderdesk_sdk.clock import hours
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.argument_checks import require_instance, require_positive

__all__ = [
    "CancelRequestList",
    "CancelRequests",
    "RequestedCancellation",
    "ResponseAnswer",
    "SilenceMeans",
    "WhileInFolder",
]

MAX_LISTED = 1000
"""How many requests one list may hold."""


class SilenceMeans(enum.Enum):
    """What becomes of a request that nobody answers by its deadline."""

    ACCEPTED = "accepted"
    """It counts as accepted: the order is canceled there."""
    REJECTED = "rejected"
    """It counts as rejected: the order stands."""
    NOTHING = "nothing"
    """Nothing follows: the order stands as it is, and the asker may ask again."""


class ResponseAnswer(enum.Enum):
    """What we answer to a requested cancellation."""

    ACCEPT = "accept"
    REJECT = "reject"


@frozen
class WhileInFolder:
    """Requests are open while the order lies in a folder of the order store; moving it out closes them.

    Args:
        setting: the name of the setting that holds the folder's name.
    """

    setting: str


@frozen
class RequestedCancellation:
    """A cancellation that somebody else requests of us.

    Args:
        remote_id: the order's number at the service.
        request_id: the service's own name for the request, the same however often it is told; a service that gives none
            has the order's number.
        lines: what is to be canceled, by the ids or codes of the order's lines, with quantities; empty means all.
        reason: why, in the asker's words; None where none was given.
        requested_at: when it was made, aware; None: when we heard of it.
        answer_by: by when it must be answered, where the request says so; None: as declared.
    """

    remote_id: str = field(validator=instance_of(str))
    request_id: str = field(validator=instance_of(str))
    lines: Mapping[str, int] = field(factory=dict, hash=False)
    reason: str | None = field(default=None, validator=optional(instance_of(str)))
    requested_at: datetime | None = None
    answer_by: datetime | None = None

    def __attrs_post_init__(self) -> None:
        if not self.request_id or not self.remote_id:
            raise ValueError("a requested cancellation needs a remote_id and a request_id")
        if any(type(count) is not int or count < 1 for count in self.lines.values()):
            raise ValueError("the quantities of a requested cancellation are whole numbers of 1 or more")
        for moment in (self.requested_at, self.answer_by):
            if moment is not None and moment.tzinfo is None:
                raise ValueError("the times of a requested cancellation need a time zone")


@frozen
class CancelRequestList:
    """What `orderdesk_list_cancel_requests` ends with: every request that is open now.

    Args:
        requests: all of them. What was open before and is not among them was withdrawn, so a flow that cannot read the
            whole list ends with `answer.unknown` or `answer.not_processed` in its place.
    """

    requests: tuple[RequestedCancellation, ...] = ()

    def __attrs_post_init__(self) -> None:
        if len(self.requests) > MAX_LISTED:
            raise ValueError(f"a list holds at most {MAX_LISTED} requests, not {len(self.requests)}")
        for one in self.requests:
            require_instance("each request", one, RequestedCancellation)


@frozen(kw_only=True)
class CancelRequests:
    """How somebody else's requests to cancel come in at a service, and what is to be answered by when.

    Args:
        silence: what it means when nobody answers by the deadline.
        deadline: how long there is for an answer, from when the request was made; None: the request itself says so, or
            no deadline is known.
        escalate_before: how long before the deadline a person is told that there is no answer yet.
        every: how often the open requests are listed (`orderdesk_list_cancel_requests`); None: they come in by webhook
            alone.
        codes: the service's own code for each reason to reject; a reason that is not there is sent without a code.
        by_line: an answer may accept some of the lines, and reject the rest.
        accept_by_hand, reject_by_hand: what a person does where the service takes this answer by no call, as an order;
            None where `orderdesk_respond` gives it.
        window: what closes the requests of an order beside the clock; None: nothing.
        enabled: called with the settings, says whether a connection takes requests; None: every one does.
    """

    silence: SilenceMeans
    deadline: timedelta | None = None
    escalate_before: timedelta = Factory(lambda: hours(4))
    every: timedelta | None = None
    codes: Mapping[Rejection, str] = field(factory=dict, hash=False)
    by_line: bool = False
    accept_by_hand: str | None = None
    reject_by_hand: str | None = None
    window: WhileInFolder | None = None
    enabled: Callable[..., bool] | None = None

    def __attrs_post_init__(self) -> None:
        require_instance("CancelRequests.silence", self.silence, SilenceMeans)
        require_instance("CancelRequests.window", self.window, WhileInFolder, type(None))
        require_positive("CancelRequests.escalate_before", self.escalate_before)
        if self.deadline is not None:
            require_positive("CancelRequests.deadline", self.deadline)
            if self.escalate_before >= self.deadline:
                raise ValueError("CancelRequests.escalate_before must be shorter than CancelRequests.deadline")
        if self.every is not None:
            require_positive("CancelRequests.every", self.every)

    @property
    def needs_calls(self) -> bool:
        """Whether one of the answers is given by a call."""
        return self.accept_by_hand is None or self.reject_by_hand is None

    def by_hand(self, answer: ResponseAnswer) -> str | None:
        """What a person does to give an answer; None where a call gives it."""
        return self.accept_by_hand if answer is ResponseAnswer.ACCEPT else self.reject_by_hand
