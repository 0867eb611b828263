"""What a service said, as its plugin reads it: a closed set of outcomes, the service's own words kept beside.

A plugin ends a flow with one of the functions below: `canceled(reply)`, `partly_canceled(reply, lines)`,
`asked(reply)`, `pending(reply)`, `refused(reply, Refusal.TOO_LATE)`, `not_done(reply)`, `unclear(reply)`, and a flow
that changes a status with `changed(reply)`. Each remembers which exchange it was read from, so that the receipt can
show the evidence.
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
    "Refusal",
    "Reply",
    "asked",
    "by_status",
    "canceled",
    "changed",
    "not_done",
    "number_taken",
    "partly_canceled",
    "pending",
    "refused",
    "unclear",
]

EXCHANGE_NUMBER = "orderdesk.exchange"
"""The key under which the core leaves an exchange's number in a response's `extensions`."""


class Outcome(enum.Enum):
    """What an answer amounts to. No member promises more than its text says."""

    CANCELED = "canceled"
    """The service says the order is canceled.

    From a cancel flow this counts only where the route declares `ByReply`.
    """
    PARTLY_CANCELED = "partly canceled"
    """The service says some of it is canceled and the rest is not, and that this is its last word."""
    ASKED = "asked"
    """The service took note of the request. Not canceled."""
    PENDING = "pending"
    """The order stands there, not canceled, and nothing is decided yet."""
    REFUSED = "refused"
    """The service will not cancel it; `Answer.refusal` says why."""
    NOT_DONE = "not done"
    """The service provably did nothing: throttled, not authorized, turned away. Sending again later is safe."""
    UNCLEAR = "unclear"
    """The reply does not tell. Whether the service acted is unknown."""
    CHANGED = "changed"
    """The order has the status that was wanted. Only from a flow that changes a status."""


class Refusal(enum.Enum):
    """Why a cancellation was refused."""

    TOO_LATE = "too late"
    """Work on the order has gone too far to stop."""
    SHIPPED = "shipped"
    """The order has left the building."""
    VETOED = "vetoed"
    """A listener on our own side forbade it; nothing was sent."""
    NOT_ALLOWED = "not allowed"
    """The service does not allow it for another reason: unknown order, wrong state, a rule of its own."""


class Reply(Protocol):
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

    line: what the service calls it, as people know it: an SKU. A service that cancels other parts than lines tells of
    those: "shipment 5001", 1 ordered, 1 canceled. An order is then canceled as a whole only (`Scope.ORDER`).
    id: which line of our order that is; "" if none. `plugin.lines.LineNames.told` fills it in. Where it is None,
    `line` is taken for the id or code of one line, if it is nothing else, and otherwise proves nothing.
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

    status: the service's own status word, as it spells it; None when it gave none.
    text: the service's or plugin's words for a person; None when there are none. Never used to decide anything.
    remedy: what a person could do about it; None when there is nothing to do.
    lines: per-line results where the service gives them, else empty.
    retry_after: how long the service asks to be left alone; None when it does not say. Only with NOT_DONE.
    reference: the service's own name for the request it took note of, for later checks; None when it gave none.
    unidentified: set by the core, where the response states no number of an order: what the declaration says of that.
    """

    outcome: Outcome = field(validator=instance_of(Outcome))
    refusal: Refusal | None = field(default=None, validator=optional(instance_of(Refusal)))
    status: str | None = field(default=None, validator=_TEXT)
    text: str | None = field(default=None, validator=_TEXT)
    remedy: str | None = field(default=None, validator=_TEXT)
    lines: tuple[LineAnswer, ...] = field(
        default=(), validator=deep_iterable(instance_of(LineAnswer), instance_of(tuple))
    )
    retry_after: timedelta | None = field(default=None, validator=optional(instance_of(timedelta)))
    exchange: int | None = field(default=None, validator=optional(instance_of(int)))
    reference: str | None = field(default=None, validator=_TEXT)
    unidentified: str | None = field(default=None, validator=_TEXT)

    def __attrs_post_init__(self) -> None:
        if (self.outcome is Outcome.REFUSED) != (self.refusal is not None):
            raise ValueError("an answer has a refusal exactly when its outcome is REFUSED")


@frozen
class Answers:
    """What a flow about several orders ends with: one answer for each, in the order of their requests."""

    answers: tuple[Answer, ...]


def _number(reply: Reply | None) -> int | None:
    number = reply.extensions.get(EXCHANGE_NUMBER) if reply is not None else None
    return number if isinstance(number, int) else None


def canceled(
    reply: Reply, *, status: str | None = None, text: str | None = None, lines: Iterable[LineAnswer] = ()
) -> Answer:
    """The service says: canceled. text: what a person should know all the same; None when nothing."""
    return Answer(Outcome.CANCELED, status=status, text=text, lines=tuple(lines), exchange=_number(reply))


def partly_canceled(
    reply: Reply, lines: Iterable[LineAnswer], *, status: str | None = None, text: str | None = None
) -> Answer:
    """The service says: this much is canceled, the rest is not and will not be. text: why, in the service's words."""
    return Answer(Outcome.PARTLY_CANCELED, status=status, text=text, lines=tuple(lines), exchange=_number(reply))


def asked(reply: Reply, *, status: str | None = None, text: str | None = None, reference: str | None = None) -> Answer:
    """The service took note; what becomes of it is open. reference: by which it can be asked what became of it."""
    return Answer(Outcome.ASKED, status=status, text=text, exchange=_number(reply), reference=reference)


def pending(
    reply: Reply, *, status: str | None = None, text: str | None = None, lines: Iterable[LineAnswer] = ()
) -> Answer:
    """The order stands there uncanceled and nothing is decided."""
    return Answer(Outcome.PENDING, status=status, text=text, lines=tuple(lines), exchange=_number(reply))


def changed(reply: Reply, *, status: str | None = None, text: str | None = None) -> Answer:
    """The order has the status that was to be set, by this call or already before it."""
    return Answer(Outcome.CHANGED, status=status, text=text, exchange=_number(reply))


def refused(
    reply: Reply | None,
    refusal: Refusal,
    *,
    status: str | None = None,
    text: str | None = None,
    remedy: str | None = None,
    lines: Iterable[LineAnswer] = (),
) -> Answer:
    """The service will not cancel it. `reply` is None when the plugin knows without asking."""
    return Answer(
        Outcome.REFUSED, refusal, status, text=text, remedy=remedy, lines=tuple(lines), exchange=_number(reply)
    )


def number_taken(reply: Reply, number: str) -> Answer:
    """A resubmission's end where another order has the new number: one that no create of ours made, or that is over."""
    text = f"the service has an order {number} already, and it is not this one on its way"
    return refused(reply, Refusal.NOT_ALLOWED, text=text, remedy="look at it, then give another number")


def not_done(
    reply: Reply | None, *, text: str | None = None, remedy: str | None = None, retry_after: timedelta | None = None
) -> Answer:
    """The service provably did nothing, and asking again later is safe.

    After a request that is not repeatable, the core wants to see it: a client error (but 408), or a success that this
    answer rests on because its body says so. After anything else the answer is a fault, and the case is unclear.

    It is asked again by itself, after `retry_after` or else a pause that grows. After a day of that the next route is
    taken, or a person gets it.
    """
    return Answer(Outcome.NOT_DONE, text=text, remedy=remedy, retry_after=retry_after, exchange=_number(reply))


def unclear(reply: Reply | None, *, status: str | None = None, text: str | None = None) -> Answer:
    """The reply does not tell what the service did. text: None takes the HTTP status."""
    said = text or (f"the service answered {reply.status_code}" if reply is not None else None)
    return Answer(Outcome.UNCLEAR, status=status, text=said, exchange=_number(reply))


def by_status(
    reply: Reply,
    status: str,
    *,
    canceled_in: Collection[str],
    shipped_in: Collection[str] = (),
    too_late_in: Collection[str] = (),
    open_in: Collection[str] = (),
    word: str | None = None,
    text: str | None = None,
    remedy: str | None = None,
    lines: Iterable[LineAnswer] = (),
) -> Answer:
    """What a status says of a cancel: canceled, refused as shipped or too late, pending, or unclear where it is none.

    word: the status as the lists spell it, where they do not spell it as the service does. text: what a person should
    know beside it. remedy: what they could do where it is refused.
    """
    found = status if word is None else word
    if found in canceled_in:
        return canceled(reply, status=status, text=text, lines=lines)
    if found in shipped_in:
        return refused(reply, Refusal.SHIPPED, status=status, text=text, remedy=remedy, lines=lines)
    if found in too_late_in:
        return refused(reply, Refusal.TOO_LATE, status=status, text=text, remedy=remedy, lines=lines)
    if found in open_in:
        return pending(reply, status=status, text=text, lines=lines)
    return unclear(reply, status=status, text=f"not a documented status: {status!r}")
