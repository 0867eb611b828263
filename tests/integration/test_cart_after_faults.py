"""Law 8 after a death and after a lost response: a cart is told no more once the order goes on somewhere."""

from __future__ import annotations

import pytest

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.service import Flow, Service
from tests.support.fake_services import (
    FakeCart,
    FakeDeskOpener,
    FakeFulfillmentService,
    FakeServices,
    FakeServiceSettings,
)

MAX_ROUNDS = 200
"""Rounds after which a case that nobody answers must be left to a person."""


class Careful(FakeCart):
    """Looks before it asks, and may ask twice."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[FakeServiceSettings]) -> Flow[Answer]:
        yield service.get("/cart", request.remote_id)
        response = yield service.post("/cart", request.remote_id, json={"do": "cancel"}, idempotent=True)
        return answer.acknowledged(response) if response.is_success else answer.unknown(response)


@pytest.fixture
def desk(fake_services_desk: FakeDeskOpener) -> Desk:
    """A desk that wants 1042 canceled at the mill, which does so, and then at the cart."""
    fake_services_desk(at=["cart", "mill"]).cancel("1042", by="Ann")
    return fake_services_desk(Careful(), FakeFulfillmentService())


def cart(desk: Desk) -> CancelCase:
    return next(case for case in desk.cases.list() if case.connection == "cart")


def work(desk: Desk, clock: VirtualClock, times: int) -> None:
    for _ in range(times):
        clock.advance(minutes(1))
        desk.run_due()


def kill_while_it_is_told(desk: Desk, patch: pytest.MonkeyPatch) -> None:
    """Nothing reaches the ledger any more once the cart's case is claimed: as if the process had died then."""
    write, append = desk.ledger.write, desk.ledger.append

    def alive() -> None:
        if cart(desk).state is State.SENDING:
            raise SystemExit("killed")

    def writing(*changes: CaseUpdate) -> None:
        alive()
        write(*changes)

    def appending(case: CancelCase, entries: list[str], **how: bool) -> None:
        alive()
        append(case, entries, **how)

    patch.setattr(desk.ledger, "write", writing)
    patch.setattr(desk.ledger, "append", appending)


def test_a_cart_that_a_dead_process_was_about_to_tell_is_not_told_once_the_order_ships(
    desk: Desk, fake_services: FakeServices, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        kill_while_it_is_told(desk, patch)
        work(desk, clock, 6)
    assert cart(desk).state is State.SENDING
    desk.notifications.report_shipped("1042", by="the carrier", connections=["mill"])
    work(desk, clock, 10)
    assert (fake_services.writes, cart(desk).state) == (["mill cancel 1042"], State.WITHDRAWN)


def test_a_cart_that_did_not_hear_is_not_told_again_once_the_order_ships(
    desk: Desk, fake_services: FakeServices, clock: VirtualClock
) -> None:
    fake_services.cancel_outcomes["cart"] = "open"
    fake_services.silent.add("cart")
    for _ in range(MAX_ROUNDS):
        work(desk, clock, 1)
        if cart(desk).retry_allowed:
            break
    assert cart(desk).retry_allowed, "a cart that never hears is left to a person"
    told = list(fake_services.writes)
    assert told == ["mill cancel 1042", "cart cancel 1042"]
    desk.notifications.report_shipped("1042", by="the carrier", connections=["mill"])
    work(desk, clock, 10)
    assert (fake_services.writes, cart(desk).state) == (told, State.ACTION_REQUIRED)
    assert "mill shipped the order anyway" in str(cart(desk).message)
