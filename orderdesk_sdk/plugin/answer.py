"""What a service said, as its plugin reads it: a closed set of outcomes, the service's own words kept beside.

A plugin ends a flow with one of the functions below: `canceled(response)`, `partially_canceled(response, lines)`,
`acknowledged(response)`, `pending(response)`, `rejected(response, Rejection.TOO_LATE)`, `not_processed(response)`,
`unknown(response)`, and a flow that changes a status with `changed(response)`. Each remembers which exchange it was
read from, so that the receipt can show the evidence.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Protocol

from attrs import field, frozen
from attrs.validators import deep_iterable, instance_of, optional

__all__ = [
    "EXCHANGE_NUMBER",
    "Answer",
    "Answers",
    "LineAnswer",
    "Outcome",
    "Rejection",
    "ResponseLike",
    "acknowledged",
    "from_status",
    "canceled",
    "changed",
    "not_processed",
    "number_taken",
    "partially_canceled",
    "pending",
    "rejected",
    "unknown",
]

EXCHANGE_NUMBER = "orderdesk.exchange"
"""The key under which the core leaves an exchange's number in a response's `extensions`."""


class Outcome(enum.Enum):
    """What an answer amounts to. No member promises more than its text says."""

    CANCELED = "canceled"
    """The service says the order is canceled.

    From a cancel flow this counts only where the route declares `FinalResponse`.
    """
    PARTIALLY_CANCELED = "partially canceled"
    """The service says some of it is canceled and the rest is not, and that this is its last word."""
    ACKNOWLEDGED = "acknowledged"
    """The service acknowledged the request. Not canceled."""
    PENDING = "pending"
    """The order stands there, not canceled, and nothing is decided yet."""
    REJECTED = "rejected"
    """The service will not cancel it; `Answer.rejection` says why."""
    NOT_PROCESSED = "not processed"
    """The service provably did nothing: throttled, not authorized, turned away. Sending again later is safe."""
    UNKNOWN = "unknown"
    """The response does not tell. Whether the service acted is unknown."""
    CHANGED = "changed"
    """The order has the status that was wanted. Only from a flow that changes a status."""


class Rejection(enum.Enum):
    """Why a cancellation was rejected."""

    TOO_LATE = "too late"
    """Work on the order has gone too far to stop."""
    SHIPPED = "shipped"
    """The order has left the building."""
    VETOED = "vetoed"
    """A listener on our own side forbade it; nothing was sent."""
    NOT_ALLOWED = "not allowed"
    """The service does not allow it for another reason: unknown order, wrong state, a rule of its own."""


class ResponseLike(Protocol):
    """The part of a response that an answer reads; `httpx.Response` is one."""

    @property
    def status_code(self) -> int:
        """The HTTP status."""

    @property
    def extensions(self) -> Mapping[str, object]:
        """Where the core leaves the exchange's number."""


@frozen
class LineAnswer:
    """One line of an order: how many were ordered there and how many of these are canceled.

    Args:
        line: what the service calls it, as people know it: an SKU. A service that cancels other parts than lines names
            these, as in "shipment 5001", 1 ordered, 1 canceled. An order is then canceled as a whole only
            (`Scope.ORDER`).
        id: which line of the order that is; "" if none. `plugin.line_names.LineNames.to_line_ids` fills it in. Where
            it is None, `line` is taken for the id or code of one line, if it is nothing else, and otherwise proves
            nothing.
    """

    line: str = field(validator=instance_of(str))
    ordered: int = field(validator=instance_of(int))
    canceled: int = field(validator=instance_of(int))
    # Not compared: two that were said in the same words are the same, whichever line of ours was found by them.
    id: str | None = field(default=None, validator=optional(instance_of(str)), kw_only=True, eq=False)


# Plugins are often written without a type checker: what is wrong is said at the plugin's own line, not in the ledger.
_TEXT = optional(instance_of(str))


@frozen
class Answer:
    """One reading of a service. `exchange` is the number of the exchange it was read from, None when from none.

    Args:
        status: the service's own status word, as it spells it; None when it gave none.
        message: the service's or plugin's words for a person; None when there are none. Never used to decide anything.
        hint: what a person could do about it; None when there is nothing to do.
        lines: per-line results where the service gives them, else empty.
        retry_after: how long the service asks to be left alone; None when it does not say. Only with NOT_PROCESSED.
        request_reference: the service's own name for the request that it acknowledged, for later polls; None when it
            gave none.
        unidentified_reason: set by the core, where the response states no number of an order: what the declaration says
            of that.
    """

    outcome: Outcome = field(validator=instance_of(Outcome))
    rejection: Rejection | None = field(default=None, validator=optional(instance_of(Rejection)))
    status: str | None = field(default=None, validator=_TEXT)
    message: str | None = field(default=None, validator=_TEXT)
    hint: str | None = field(default=None, validator=_TEXT)
    lines: tuple[LineAnswer, ...] = field(
        default=(), validator=deep_iterable(instance_of(LineAnswer), instance_of(tuple))
    )
    retry_after: timedelta | None = field(default=None, validator=optional(instance_of(timedelta)))
    exchange: int | None = field(default=None, validator=optional(instance_of(int)))
    request_reference: str | None = field(default=None, validator=_TEXT)
    unidentified_reason: str | None = field(default=None, validator=_TEXT)

    def __attrs_post_init__(self) -> None:
        if (self.outcome is Outcome.REJECTED) != (self.rejection is not None):
            raise ValueError("an answer has a rejection exactly when its outcome is REJECTED")


@frozen
class Answers:
    """What a flow about several orders ends with: one answer for each, in the order of their requests."""

    answers: tuple[Answer, ...]


def _exchange_number(response: ResponseLike | None) -> int | None:
    number = response.extensions.get(EXCHANGE_NUMBER) if response is not None else None
    return number if isinstance(number, int) else None


def canceled(
    response: ResponseLike, *, status: str | None = None, message: str | None = None, lines: Iterable[LineAnswer] = ()
) -> Answer:
    """The service says that the order is canceled.

    Args:
        message: what a person should know beside it; None: nothing.
    """
    return Answer(
        Outcome.CANCELED, status=status, message=message, lines=tuple(lines), exchange=_exchange_number(response)
    )


def partially_canceled(
    response: ResponseLike, lines: Iterable[LineAnswer], *, status: str | None = None, message: str | None = None
) -> Answer:
    """The service says that some lines are canceled, and that the others will not be.

    Args:
        message: why, in the service's words.
    """
    return Answer(
        Outcome.PARTIALLY_CANCELED,
        status=status,
        message=message,
        lines=tuple(lines),
        exchange=_exchange_number(response),
    )


def acknowledged(
    response: ResponseLike,
    *,
    status: str | None = None,
    message: str | None = None,
    request_reference: str | None = None,
) -> Answer:
    """The service acknowledged the request and has not decided yet.

    Args:
        request_reference: the service's own name for the request. A later poll receives it.
    """
    return Answer(
        Outcome.ACKNOWLEDGED,
        status=status,
        message=message,
        exchange=_exchange_number(response),
        request_reference=request_reference,
    )


def pending(
    response: ResponseLike, *, status: str | None = None, message: str | None = None, lines: Iterable[LineAnswer] = ()
) -> Answer:
    """The order is not canceled, and the service has not decided yet."""
    return Answer(
        Outcome.PENDING, status=status, message=message, lines=tuple(lines), exchange=_exchange_number(response)
    )


def changed(response: ResponseLike, *, status: str | None = None, message: str | None = None) -> Answer:
    """The order has the wanted status. It may have had it before this call."""
    return Answer(Outcome.CHANGED, status=status, message=message, exchange=_exchange_number(response))


def rejected(
    response: ResponseLike | None,
    rejection: Rejection,
    *,
    status: str | None = None,
    message: str | None = None,
    hint: str | None = None,
    lines: Iterable[LineAnswer] = (),
) -> Answer:
    """The service will not cancel it. `response` is None when the plugin knows without asking."""
    return Answer(
        Outcome.REJECTED,
        rejection,
        status,
        message=message,
        hint=hint,
        lines=tuple(lines),
        exchange=_exchange_number(response),
    )


def number_taken(response: ResponseLike, number: str) -> Answer:
    """The end of a resubmission where the new number belongs to another order, or to one that is over."""
    text = f"the service has an order {number} already, and it is not this one on its way"
    return rejected(response, Rejection.NOT_ALLOWED, message=text, hint="look at it, then give another number")


def not_processed(
    response: ResponseLike | None,
    *,
    message: str | None = None,
    hint: str | None = None,
    retry_after: timedelta | None = None,
) -> Answer:
    """The service provably did nothing, and asking again later is safe.

    After a request that is not idempotent, the response must prove it: a client error other than 408, or a success
    whose body says so. After any other response this answer is an error of the plugin, and the outcome is unknown.

    The core asks again, after `retry_after` or a growing pause. After a day it takes the next route, or a person is
    asked.
    """
    return Answer(
        Outcome.NOT_PROCESSED, message=message, hint=hint, retry_after=retry_after, exchange=_exchange_number(response)
    )


def unknown(response: ResponseLike | None, *, status: str | None = None, message: str | None = None) -> Answer:
    """The response does not tell what the service did.

    Args:
        message: None takes the HTTP status.
    """
    said = message or (f"the service answered {response.status_code}" if response is not None else None)
    return Answer(Outcome.UNKNOWN, status=status, message=said, exchange=_exchange_number(response))


# Many parameters: four lists of statuses and what a person is told, by keyword.
def from_status(
    response: ResponseLike,
    status: str,
    *,
    canceled_statuses: Collection[str],
    shipped_statuses: Collection[str] = (),
    too_late_statuses: Collection[str] = (),
    open_statuses: Collection[str] = (),
    normalized_status: str | None = None,
    message: str | None = None,
    hint: str | None = None,
    lines: Iterable[LineAnswer] = (),
) -> Answer:
    """What a status says of a cancel: canceled, rejected as shipped or too late, pending, or unknown where it is none.

    Args:
        normalized_status: the status as the lists spell it, where they do not spell it as the service does.
        message: what a person should know beside it.
        hint: what a person could do where it is rejected.
    """
    found = status if normalized_status is None else normalized_status
    if found in canceled_statuses:
        return canceled(response, status=status, message=message, lines=lines)
    if found in shipped_statuses:
        return rejected(response, Rejection.SHIPPED, status=status, message=message, hint=hint, lines=lines)
    if found in too_late_statuses:
        return rejected(response, Rejection.TOO_LATE, status=status, message=message, hint=hint, lines=lines)
    if found in open_statuses:
        return pending(response, status=status, message=message, lines=lines)
    return unknown(response, status=status, message=f"not a documented status: {status!r}")
