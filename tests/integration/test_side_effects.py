"""What a person allows besides a cancel holds where the plan showed it, and is not dropped without a word (law 12)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from attrs import evolve

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock, hours, minutes
from orderdesk_sdk.desk.cancellations import CancellationStatus
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConflictError
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration, SideEffect, SideEffectSwitch
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.routes import Button, Portal, Route, WithinTime
from orderdesk_sdk.plugin.routes import ManualConfirmation as Confirmation
from orderdesk_sdk.plugin.service import Flow, Service
from tests.support.fake_services import (
    FakeDeskOpener,
    FakeFulfillmentService,
    FakeServices,
    FakeServiceSettings,
    case_at,
    pass_minutes,
)

FEE = SideEffect.FEE


class Charger(FakeFulfillmentService):
    """Offers to charge a fee, and remembers what each cancel asked for besides."""

    def __init__(self, slug: str = "mill", routes: tuple[Route, ...] | None = None, *, usable: bool = True) -> None:
        self.slug = slug
        self.asked: list[frozenset[SideEffect]] = []
        self._routes, self._usable = routes, usable

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        if not self._usable:
            raise ValueError("out of order")
        declared = super().orderdesk_integration()
        offered = {FEE: SideEffectSwitch(per_cancel=True, note="1 USD")}
        return evolve(declared, cancel=self._routes or declared.cancel, side_effects=offered)

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[FakeServiceSettings]) -> Flow[Answer]:
        self.asked.append(request.side_effects)
        return (yield from super().orderdesk_cancel(request, service))


@pytest.fixture
def mill() -> Charger:
    return Charger()


@pytest.fixture
def press() -> Charger:
    return Charger("press")


@pytest.fixture
def desk(fake_services_desk: FakeDeskOpener, mill: Charger, press: Charger) -> Iterator[Desk]:
    """A desk whose order 1042 is at the mill, and could be at the press."""
    with fake_services_desk(mill, press, at=["mill"]) as opened:
        yield opened


def cancel_with_fee(
    desk: Desk, *, by: str = "Ann", connections: Sequence[str] = (), key: str | None = None, send_now: bool = True
) -> CancellationStatus:
    """A cancel as a person makes it who has looked at the plan and wants the fee charged."""
    plan = desk.cancellations.plan("1042", side_effects=[FEE])
    return desk.cancel(
        "1042",
        by=by,
        plan_token=plan.token,
        side_effects=[FEE],
        connections=connections,
        idempotency_key=key,
        send_now=send_now,
    )


def receipt_case(desk: Desk, case: CancelCase) -> tuple[SideEffect, ...]:
    """What the receipt says is not asked for."""
    (found,) = (
        one
        for cancellation in desk.cancellations.receipt("1042").cancellations
        for one in cancellation.cases
        if one.case.id == case.id
    )
    return found.unasked_effects


def test_a_place_that_the_order_came_to_after_the_plan_is_not_charged_for(
    desk: Desk, clock: VirtualClock, mill: Charger, press: Charger
) -> None:
    cancel_with_fee(desk, send_now=False)
    desk.orders.register("1042", connection="press", by="an import")
    pass_minutes(desk, clock, 1)
    assert (mill.asked, press.asked) == ([frozenset({FEE})], [frozenset()])
    assert (case_at(desk, "mill").side_effects, case_at(desk, "press").side_effects) == ((FEE,), ())
    assert (receipt_case(desk, case_at(desk, "mill")), receipt_case(desk, case_at(desk, "press"))) == ((), (FEE,))


def test_a_connection_that_could_not_be_used_when_the_plan_was_made_is_not_charged_for(
    fake_services_desk: FakeDeskOpener, clock: VirtualClock, mill: Charger, press: Charger
) -> None:
    with fake_services_desk(mill, press, at=["mill", "press"]):
        pass
    with fake_services_desk(mill, Charger("press", usable=False)) as desk:
        status = cancel_with_fee(desk)
        assert [(case.connection, case.side_effects) for case in status.cases] == [("mill", (FEE,)), ("press", ())]
    with fake_services_desk(mill, press) as desk:
        desk.cases.retry(case_at(desk, "press").id, by="Ann")
        assert press.asked == [frozenset()]
        assert receipt_case(desk, case_at(desk, "press")) == (FEE,)


def test_a_button_that_follows_a_person_is_not_charged_for(
    fake_services_desk: FakeDeskOpener, clock: VirtualClock, press: Charger
) -> None:
    by_hand = Portal("Call them.", confirm=Confirmation(hours(1)))
    slow = Charger("mill", (by_hand, *Charger().orderdesk_integration().cancel))
    with fake_services_desk(slow, press, at=["mill", "press"]) as desk:
        cancel_with_fee(desk)
        assert case_at(desk, "mill").state is State.ACTION_REQUIRED
        pass_minutes(desk, clock, 61)
        assert (slow.asked, press.asked) == ([frozenset()], [frozenset({FEE})])


def test_a_button_that_closed_leaves_the_fee_with_the_next_one(
    fake_services_desk: FakeDeskOpener, clock: VirtualClock
) -> None:
    (button, *_) = Charger().orderdesk_integration().cancel
    assert isinstance(button, Button)
    mill = Charger("mill", (evolve(button, window=WithinTime(minutes(5))), button))
    with fake_services_desk(mill, at=["mill"]) as desk:
        cancel_with_fee(desk, send_now=False)
        clock.advance(minutes(6))
        desk.run_due()
        assert (case_at(desk, "mill").route, mill.asked) == (1, [frozenset({FEE})])


@pytest.mark.parametrize("key", [None, "form 7"])
def test_a_fee_is_refused_where_the_order_is_being_canceled_without(desk: Desk, key: str | None) -> None:
    (open_case,) = desk.cancel("1042", by="Bob").cases
    for _ in range(2):  # A key that was refused is none.
        with pytest.raises(ConflictError, match="without the side effect 'fee', as Bob asked") as found:
            cancel_with_fee(desk, key=key)
        assert open_case.cancellation_id in (found.value.location or "")
    assert desk.cases.list(order="1042") == (open_case,)


def test_a_fee_that_is_asked_for_already_is_joined(desk: Desk, mill: Charger) -> None:
    first = cancel_with_fee(desk, by="Bob")
    assert cancel_with_fee(desk, key="form 7").cancellation == first.cancellation
    assert mill.asked == [frozenset({FEE})]


def test_a_fee_for_one_more_place_is_asked_for_there_alone(desk: Desk, mill: Charger, press: Charger) -> None:
    desk.cancel("1042", by="Bob", connections=["mill"])
    desk.orders.register("1042", connection="press", by="an import")
    with pytest.raises(ConflictError, match="at mill without"):
        cancel_with_fee(desk)
    cancel_with_fee(desk, connections=["press"])
    assert (mill.asked, press.asked) == ([frozenset()], [frozenset({FEE})])


def test_a_fee_for_an_order_that_is_canceled_is_refused(desk: Desk, fake_services: FakeServices) -> None:
    (case,) = desk.cancel("1042", by="Bob").cases
    desk.cases.poll(case.id)
    assert case_at(desk, "mill").state is State.CANCELED
    with pytest.raises(ConflictError, match="was canceled at mill without"):
        cancel_with_fee(desk)
    desk.orders.register("1042", connection="press", by="an import")
    cancel_with_fee(desk)  # There it is still to be had.
    assert fake_services.writes == ["mill cancel 1042", "press cancel 1042"]


def test_a_call_that_was_slower_is_told_that_its_fee_is_not_asked_for(
    desk: Desk, fake_services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = desk.cancellations._connections.integration_slug_or_empty

    def meanwhile(name: str) -> str:
        monkeypatch.undo()
        desk.cancel("1042", by="Bob")
        return find(name)

    monkeypatch.setattr(desk.cancellations._connections, "integration_slug_or_empty", meanwhile)
    with pytest.raises(ConflictError, match="as Bob asked"):
        cancel_with_fee(desk)
    assert fake_services.writes == ["mill cancel 1042"]
    assert [case.side_effects for case in desk.cases.list(order="1042")] == [()]
