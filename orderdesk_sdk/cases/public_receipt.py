"""What of a receipt may be shown to whoever has a link to it: a customer, a partner, whomever they send it to. Pure.

It says what became of the order at each place that held it, when, and on what kind of evidence. It does not say which
services a shop works with, who works there, why an order is canceled, or anything that a service, a mail or a person
wrote: every word of it is one of ours, from a closed list. What comes to a receipt is not shown until it is added here.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.cases.receipt import CaseReceipt, Receipt
from orderdesk_sdk.cases.state_machine import EventKind
from orderdesk_sdk.orders.order import ConnectionRole

__all__ = [
    "PublicEvent",
    "PublicOutcome",
    "PublicPlace",
    "PublicReceipt",
    "PublicState",
    "PublicStep",
    "public_receipt",
]


class PublicOutcome(enum.Enum):
    """What became of an order as a whole."""

    NOT_REQUESTED = "not requested"
    IN_PROGRESS = "in progress"
    CANCELED = "canceled"
    """Canceled at every place that held it, all of it, with evidence."""
    NOT_CANCELED = "not canceled"
    """Settled, and it goes on at some place, or a part of it does."""
    NOT_PROVED = "not proved"
    """The record is not as it was written: nothing is said of the places."""


class PublicState(enum.Enum):
    """Where one place stands."""

    WAITING = "waiting"
    """Nothing was asked there yet, or a person is finding out."""
    ASKED = "asked"
    """It was asked, and has not decided."""
    NOT_KNOWN = "not known"
    """It was asked, and whether that arrived is being found out."""
    CANCELED = "canceled"
    PARTIALLY_CANCELED = "partially canceled"
    NOT_CANCELED = "not canceled"
    WITHDRAWN = "withdrawn"
    SHIPPED = "shipped"


class PublicStep(enum.Enum):
    """What happened at a place."""

    REQUESTED = "requested"
    ASKED = "asked"
    ACKNOWLEDGED = "acknowledged"
    ASKED_ANOTHER_WAY = "asked another way"
    CANCELED = "canceled"
    PARTIALLY_CANCELED = "partially canceled"
    NOT_CANCELED = "not canceled"
    WITHDRAWN = "withdrawn"
    SHIPPED = "shipped"


@frozen
class PublicEvent:
    """One step, and when it was."""

    at: datetime
    step: PublicStep


@frozen
class PublicPlace:
    """One place that held the order.

    Args:
        number: counts the places of the same role, from 1.
        evidence: the kind of evidence that the state rests on; None while there is none.
        ordered, canceled: how many units, where the place said it by line; None where it did not.
        fingerprint: the digest that this place's history has, for the shop to compare; None where nothing is recorded.
    """

    role: ConnectionRole
    number: int
    state: PublicState
    evidence: EvidenceKind | None
    ordered: int | None
    canceled: int | None
    fingerprint: str | None
    events: tuple[PublicEvent, ...]


@frozen
class PublicReceipt:
    """What became of an order, as of `at`; `places` are those that made or ship it first, the shop itself last."""

    order_number: str
    at: datetime
    outcome: PublicOutcome
    places: tuple[PublicPlace, ...]


_STATES = {
    State.PENDING: PublicState.WAITING,
    State.ACTION_REQUIRED: PublicState.WAITING,
    State.REPORTED: PublicState.ASKED,
    State.SENDING: PublicState.ASKED,
    State.ACKNOWLEDGED: PublicState.ASKED,
    State.UNKNOWN: PublicState.NOT_KNOWN,
    State.CANCELED: PublicState.CANCELED,
    State.PARTIALLY_CANCELED: PublicState.PARTIALLY_CANCELED,
    State.REJECTED: PublicState.NOT_CANCELED,
    State.UNSUPPORTED: PublicState.NOT_CANCELED,
    State.WITHDRAWN: PublicState.WITHDRAWN,
    State.SHIPPED_ANYWAY: PublicState.SHIPPED,
    # No cancel ends in these two.
    State.DONE: PublicState.NOT_CANCELED,
    State.EXPIRED: PublicState.NOT_CANCELED,
}
_STEPS = {
    EventKind.SEND_STARTED.value: PublicStep.ASKED,
    EventKind.ACKNOWLEDGED.value: PublicStep.ACKNOWLEDGED,
    EventKind.FELL_BACK.value: PublicStep.ASKED_ANOTHER_WAY,
    EventKind.CANCELED.value: PublicStep.CANCELED,
    EventKind.PARTIALLY_CANCELED.value: PublicStep.PARTIALLY_CANCELED,
    EventKind.REJECTED.value: PublicStep.NOT_CANCELED,
    EventKind.UNSUPPORTED.value: PublicStep.NOT_CANCELED,
    EventKind.WITHDRAWN.value: PublicStep.WITHDRAWN,
    EventKind.SHIPPED.value: PublicStep.SHIPPED,
}
"""Of the kinds of events those that are shown. Every other line of a history is ours alone."""


def public_receipt(receipt: Receipt) -> PublicReceipt:
    """What of a receipt, all of whose lines are there, whoever has a link to it may see."""
    outcome = _outcome(receipt)
    places = () if outcome is PublicOutcome.NOT_PROVED else _places(receipt)
    return PublicReceipt(receipt.order_number, receipt.at, outcome, places)


def _outcome(receipt: Receipt) -> PublicOutcome:
    if receipt.flaws:
        return PublicOutcome.NOT_PROVED
    if not receipt.cancellations:
        return PublicOutcome.NOT_REQUESTED
    if not receipt.is_settled:
        return PublicOutcome.IN_PROGRESS
    return PublicOutcome.CANCELED if receipt.is_canceled else PublicOutcome.NOT_CANCELED


def _places(receipt: Receipt) -> tuple[PublicPlace, ...]:
    by_connection: dict[str, list[CaseReceipt]] = {}
    for cancellation in receipt.cancellations:
        for one in cancellation.cases:
            by_connection.setdefault(one.case.connection, []).append(one)
    groups = sorted(by_connection.values(), key=lambda cases: cases[-1].case.role is ConnectionRole.CART)
    counts: dict[ConnectionRole, int] = {}
    places = []
    for cases in groups:
        role = cases[-1].case.role
        counts[role] = counts.get(role, 0) + 1
        places.append(_place(cases, role, counts[role]))
    return tuple(places)


def _place(cases: Sequence[CaseReceipt], role: ConnectionRole, number: int) -> PublicPlace:
    """The newest case at a place counts; what happened there is of all of them."""
    newest = cases[-1]
    lines = newest.case.lines
    events = [event for one in cases for event in _events(one)]
    return PublicPlace(
        role,
        number,
        _STATES[newest.case.state],
        _evidence_kind(newest.case),
        sum(line.ordered for line in lines) if lines else None,
        sum(line.canceled for line in lines) if lines else None,
        newest.integrity.head or None,
        tuple(sorted(events, key=lambda event: event.at)),
    )


def _events(receipt: CaseReceipt) -> list[PublicEvent]:
    first = [] if receipt.case.is_reported else [PublicEvent(receipt.case.created_at, PublicStep.REQUESTED)]
    found = [
        PublicEvent(line.at, _STEPS[line.summary])
        for line in receipt.history
        if line.exchange is None and line.summary in _STEPS
    ]
    return first + found


def _evidence_kind(case: CancelCase) -> EvidenceKind | None:
    return case.evidence.kind if case.evidence is not None and not case.is_open else None
