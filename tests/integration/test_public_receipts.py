"""What a link to a receipt shows: what became of the order, and nothing that only staff may know."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from attrs import evolve

from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.cases.public_receipt import (
    _STATES,
    PublicOutcome,
    PublicReceipt,
    PublicState,
    PublicStep,
    public_receipt,
)
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.documents import public_receipt_document, receipt_document
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from tests.support.fake_services import (
    FakeCart,
    FakeDeskOpener,
    FakeFulfillmentService,
    FakeManualService,
    FakeServices,
    pass_minutes,
)

MAIL = b"""From: Canary Kim <canary-kim@warehouse.example>
To: canary-shop@lantern.example
Date: Mon, 05 Jan 2026 09:03:00 +0000
Subject: canary-subject order 1042
Message-ID: <canary-1@warehouse.example>

canary-mail-body: we canceled it.
"""


class Phone(FakeManualService):
    """A service whose name is nobody's business."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(super().orderdesk_integration(), title="Canary Warehouse")


@pytest.fixture
def desk(fake_services_desk: FakeDeskOpener) -> Iterator[Desk]:
    with fake_services_desk(FakeCart(), FakeFulfillmentService(), Phone(), at=["cart", "mill", "phone"]) as opened:
        yield opened


def public(desk: Desk) -> PublicReceipt:
    return public_receipt(desk.cancellations.receipt("1042"))


def document(desk: Desk) -> str:
    return json.dumps(public_receipt_document(public(desk)))


def cancel_everywhere(desk: Desk, clock: VirtualClock) -> None:
    cases = desk.cancel("1042", by="Canary Ann", reason="canary-reason").cases
    (phone,) = [case for case in cases if case.connection == "phone"]
    desk.cases.confirm(phone.id, by="Canary Ben", note="canary-note", email=MAIL)
    pass_minutes(desk, clock, 10)


def test_nothing_is_shown_that_only_staff_may_know(desk: Desk, clock: VirtualClock) -> None:
    cancel_everywhere(desk, clock)
    staff = json.dumps(receipt_document(desk.cancellations.receipt("1042")))
    secrets = ["Canary", "canary", "mill", "phone", "127.0.0.1", "http", "@", "id-1042", '"reason"', "hint"]
    assert [word for word in secrets if word not in staff] == [], "they are there to be left out"
    assert [word for word in secrets if word in document(desk)] == []


def test_every_word_is_one_of_ours(desk: Desk, clock: VirtualClock) -> None:
    """Whatever comes to a receipt, only members of closed lists, times, numbers and digests leave."""
    cancel_everywhere(desk, clock)
    ours = {
        *(one.value for kind in (PublicOutcome, PublicState, PublicStep) for one in kind),
        *(one.value for kind in (EvidenceKind, ConnectionRole) for one in kind),
        "1042",
    }

    def strange(value: object) -> list[str]:
        if isinstance(value, dict):
            return [word for key, one in value.items() if key not in ("at", "fingerprint") for word in strange(one)]
        if isinstance(value, list):
            return [word for one in value for word in strange(one)]
        return [value] if isinstance(value, str) and value not in ours else []

    assert strange(json.loads(document(desk))) == []


def test_it_tells_what_became_of_the_order_at_each_place(desk: Desk, clock: VirtualClock) -> None:
    assert (public(desk).outcome, public(desk).places) == (PublicOutcome.NOT_REQUESTED, ())
    began = clock.now()
    desk.cancel("1042", by="Ann")
    assert public(desk).outcome is PublicOutcome.IN_PROGRESS
    assert [place.state for place in public(desk).places] == [
        PublicState.ASKED,
        PublicState.WAITING,
        PublicState.WAITING,
    ]
    (phone,) = [case for case in desk.cases.list(order="1042") if case.connection == "phone"]
    desk.cases.confirm(phone.id, by="Ben", note="by phone")
    pass_minutes(desk, clock, 10)
    receipt = public(desk)
    assert (receipt.outcome, receipt.order_number) == (PublicOutcome.CANCELED, "1042")
    assert [(place.role, place.number) for place in receipt.places] == [
        (ConnectionRole.FULFILLMENT, 1),
        (ConnectionRole.FULFILLMENT, 2),
        (ConnectionRole.CART, 1),
    ]
    mill = receipt.places[0]
    assert (mill.state, mill.evidence) == (PublicState.CANCELED, EvidenceKind.POLLED_STATUS)
    steps = [event.step for event in mill.events]
    assert steps == [PublicStep.REQUESTED, PublicStep.ASKED, PublicStep.ACKNOWLEDGED, PublicStep.CANCELED]
    assert mill.events[0].at == began
    assert receipt.places[1].evidence is EvidenceKind.PERSON
    heads = {one.integrity.head for each in desk.cancellations.receipt("1042").cancellations for one in each.cases}
    assert {place.fingerprint for place in receipt.places} == heads


def test_what_was_not_canceled_is_not_called_so(desk: Desk, clock: VirtualClock, fake_services: FakeServices) -> None:
    fake_services.status["mill", "1042"] = "shipped"
    fake_services.cancel_outcomes["mill"] = "shipped"
    cancel_everywhere(desk, clock)
    receipt = public(desk)
    assert receipt.outcome is PublicOutcome.NOT_CANCELED
    assert receipt.places[0].state is PublicState.NOT_CANCELED
    assert receipt.places[0].events[-1].step is PublicStep.NOT_CANCELED


def test_a_record_that_was_changed_says_nothing_of_the_places(desk: Desk, clock: VirtualClock) -> None:
    cancel_everywhere(desk, clock)
    receipt = public_receipt(evolve(desk.cancellations.receipt("1042"), flaws=("case c1-1 at canary: changed",)))
    assert (receipt.outcome, receipt.places) == (PublicOutcome.NOT_PROVED, ())
    assert "canary" not in json.dumps(public_receipt_document(receipt))


def test_every_state_has_a_public_one() -> None:
    assert set(_STATES) == set(State)
    canceled = {state for state, shown in _STATES.items() if shown is PublicState.CANCELED}
    assert canceled == {State.CANCELED}, "nothing else is called canceled"
