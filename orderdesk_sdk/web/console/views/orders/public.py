"""The public receipt in words: for a customer or a partner, who knows none of ours. Pure."""

from __future__ import annotations

from datetime import datetime

from attrs import frozen

from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.cases.public_receipt import PublicOutcome, PublicPlace, PublicReceipt, PublicState, PublicStep
from orderdesk_sdk.orders.order import ConnectionRole

__all__ = ["PublicPage", "PublicPlaceView", "make_public_page"]

_OUTCOMES = {
    PublicOutcome.NOT_REQUESTED: ("Nobody has asked to cancel this order.", "quiet"),
    PublicOutcome.IN_PROGRESS: ("This order is being canceled. Not every place has answered yet.", "info"),
    PublicOutcome.CANCELED: ("This order is canceled: every place that held it has said so.", "good"),
    PublicOutcome.NOT_CANCELED: ("This order could not be canceled everywhere: it goes on, or a part of it.", "warn"),
    PublicOutcome.NOT_PROVED: ("The record of this order is not as it was written, so it proves nothing.", "bad"),
}
_STATES = {
    PublicState.WAITING: ("waiting", "pending", "quiet"),
    PublicState.ASKED: ("asked, not decided yet", "acknowledged", "info"),
    PublicState.NOT_KNOWN: ("asked, outcome not known yet", "unknown", "ask"),
    PublicState.CANCELED: ("canceled", "check", "good"),
    PublicState.PARTIALLY_CANCELED: ("partially canceled", "partly", "warn"),
    PublicState.NOT_CANCELED: ("not canceled", "rejected", "bad"),
    PublicState.WITHDRAWN: ("withdrawn", "withdrawn", "quiet"),
    PublicState.SHIPPED: ("shipped", "alarm", "bad"),
}
_STEPS = {
    PublicStep.REQUESTED: "The cancellation was requested",
    PublicStep.ASKED: "The place was asked",
    PublicStep.ACKNOWLEDGED: "It acknowledged the request",
    PublicStep.ASKED_ANOTHER_WAY: "It was asked another way",
    PublicStep.CANCELED: "It was canceled",
    PublicStep.PARTIALLY_CANCELED: "A part of it was canceled",
    PublicStep.NOT_CANCELED: "It was not canceled",
    PublicStep.WITHDRAWN: "The request was withdrawn",
    PublicStep.SHIPPED: "It shipped",
}
_EVIDENCE = {
    EvidenceKind.RESPONSE: "its own answer to the request",
    EvidenceKind.POLLED_STATUS: "its own status, read afterwards",
    EvidenceKind.LINE_QUANTITIES: "its own quantities, read afterwards",
    EvidenceKind.EMAIL: "an e-mail of a person there",
    EvidenceKind.PERSON: "the word of a person of the shop",
}


@frozen
class PublicPlaceView:
    """One place that held the order.

    Args:
        steps: when, what, and the tone of its dot.
    """

    title: str
    word: str
    icon: str
    tone: str
    evidence: str | None
    units: str | None
    fingerprint: str | None
    steps: tuple[tuple[datetime, str, str], ...]


@frozen
class PublicPage:
    """The public receipt."""

    order_number: str
    at: datetime
    headline: str
    tone: str
    places: tuple[PublicPlaceView, ...]


def make_public_page(receipt: PublicReceipt) -> PublicPage:
    """The public receipt in words."""
    headline, tone = _OUTCOMES[receipt.outcome]
    makers = sum(place.role is not ConnectionRole.CART for place in receipt.places)
    return PublicPage(
        receipt.order_number, receipt.at, headline, tone, tuple(_place(place, makers) for place in receipt.places)
    )


def _place(place: PublicPlace, makers: int) -> PublicPlaceView:
    if place.role is ConnectionRole.CART:
        title = "The shop where it was ordered"
    else:
        title = f"Fulfillment service {place.number}" if makers > 1 else "The fulfillment service"
    units = None
    if place.canceled is not None and place.ordered is not None:
        units = f"{place.canceled} of {counted(place.ordered, 'piece')} canceled"
    evidence = _EVIDENCE[place.evidence] if place.evidence is not None else None
    steps = tuple((event.at, _STEPS[event.step], _step_tone(event.step)) for event in place.events)
    return PublicPlaceView(title, *_STATES[place.state], evidence, units, place.fingerprint, steps)


def _step_tone(step: PublicStep) -> str:
    if step is PublicStep.CANCELED:
        return "good"
    if step in (PublicStep.NOT_CANCELED, PublicStep.SHIPPED):
        return "bad"
    return "warn" if step is PublicStep.PARTIALLY_CANCELED else "quiet"
