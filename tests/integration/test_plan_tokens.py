"""A cancel with the token of a plan does what the plan says, or nothing, and then gives the new plan."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.bulk.request import BulkRequest
from orderdesk_sdk.desk.bulk.result import BulkOutcome
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConflictError, PlanChangedError, ValidationError
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration, SideEffect
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.routes import Button, Polling, WithinTime
from tests.support.fake_services import (
    PORTAL,
    FakeDeskOpener,
    FakeFulfillmentService,
    FakeManualService,
    FakeServices,
    FakeServiceSettings,
)


class Mill(FakeFulfillmentService):
    """Its button is open for five minutes; then a person is asked."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return Integration(
            slug="mill",
            title="Mill",
            settings=FakeServiceSettings,
            base_url="endpoint",
            cancel=(Button(Polling(minutes(2), minutes(60)), WithinTime(minutes(5))), *PORTAL),
        )


@pytest.fixture
def desk(fake_services_desk: FakeDeskOpener) -> Iterator[Desk]:
    """A desk whose order 1042 is at the mill, and could be at the phone."""
    with fake_services_desk(Mill(), FakeManualService(), at=["mill"]) as opened:
        yield opened


def cases(desk: Desk) -> tuple[CancelCase, ...]:
    return desk.cases.list(order="1042")


def test_a_plan_that_is_still_the_plan_is_carried_out(desk: Desk, fake_services: FakeServices) -> None:
    token = desk.cancellations.plan("1042").token
    status = desk.cancel("1042", by="Ann", plan_token=token)
    assert [case.state for case in status.cases] == [State.ACKNOWLEDGED]
    assert fake_services.writes == ["mill cancel 1042"]


def test_a_window_that_closed_meanwhile_records_nothing_and_gives_the_new_plan(
    desk: Desk, clock: VirtualClock, fake_services: FakeServices
) -> None:
    token = desk.cancellations.plan("1042").token
    clock.advance(minutes(5))
    with pytest.raises(PlanChangedError) as found:
        desk.cancel("1042", by="Ann", plan_token=token)
    (entry,) = found.value.plan.entries
    assert entry.steps[entry.chosen_step or 0].label == "a person"
    assert (cases(desk), fake_services.writes) == ((), [])
    assert isinstance(found.value, ConflictError)
    assert desk.cancel("1042", by="Ann", plan_token=found.value.plan.token).cases[0].state is State.ACTION_REQUIRED


def test_one_more_place_is_a_change(desk: Desk) -> None:
    token = desk.cancellations.plan("1042").token
    desk.orders.register("1042", connection="phone", by="import")
    with pytest.raises(PlanChangedError) as found:
        desk.cancel("1042", by="Ann", plan_token=token, connections=["mill"])
    assert [entry.connection for entry in found.value.plan.entries] == ["mill", "phone"]
    assert cases(desk) == ()


def test_an_old_plan_is_refused_though_nothing_has_changed(desk: Desk, clock: VirtualClock) -> None:
    clock.advance(minutes(6))
    token = desk.cancellations.plan("1042").token
    clock.advance(minutes(15))
    with pytest.raises(PlanChangedError, match="15 min ago"):
        desk.cancel("1042", by="Ann", plan_token=token)
    assert cases(desk) == ()


def test_a_repeat_gives_the_first_result_though_its_plan_has_changed_since(
    desk: Desk, clock: VirtualClock, fake_services: FakeServices
) -> None:
    token = desk.cancellations.plan("1042").token
    first = desk.cancel("1042", by="Ann", idempotency_key="form 7", plan_token=token)
    clock.advance(minutes(60))
    again = desk.cancel("1042", by="Ann", idempotency_key="form 7", plan_token=token)
    assert again.cancellation == first.cancellation
    assert fake_services.writes == ["mill cancel 1042"]
    with pytest.raises(ConflictError, match="key"):
        desk.cancel("1042", by="Ann", reason="other", idempotency_key="form 7", plan_token=token)
    with pytest.raises(PlanChangedError):
        desk.cancel("1042", by="Ann", idempotency_key="form 8", plan_token=token)
    assert len(cases(desk)) == 1


def test_a_text_that_is_no_token_is_no_permission(desk: Desk) -> None:
    for text in ("", "yes", "a" * 40):
        with pytest.raises((ValidationError, PlanChangedError)):
            desk.cancel("1042", by="Ann", plan_token=text)
    assert cases(desk) == ()


def test_in_a_bulk_only_the_order_whose_plan_has_changed_is_refused(desk: Desk, clock: VirtualClock) -> None:
    token = desk.cancellations.plan("1042").token
    clock.advance(minutes(5))
    run = desk.cancel_many([BulkRequest("1042", plan_token=token)], by="Ann", idempotency_key="b")
    (result,) = run
    assert result.outcome is BulkOutcome.REFUSED
    assert isinstance(result.error, PlanChangedError)
    assert cases(desk) == ()
    again = desk.cancel_many(
        [BulkRequest("1042", plan_token=result.error.plan.token)], by="Ann", idempotency_key="b", send=False
    )
    assert [one.outcome for one in again] == [BulkOutcome.WAITING]


def test_a_setting_that_does_more_must_be_one() -> None:
    class Generous(Mill):
        slug = "generous"

        @hookimpl
        def orderdesk_integration(self) -> Integration:
            return Integration(
                slug="generous",
                title="Generous",
                settings=FakeServiceSettings,
                base_url="endpoint",
                cancel=PORTAL,
                side_effects={SideEffect.REFUND: "endpoint"},
            )

    registry = PluginRegistry()
    registry.register(Generous(), "generous")
    assert "side_effects names 'endpoint', which is not a bool" in str(registry.describe("generous"))
