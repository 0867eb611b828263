"""A hold before the cancel: released where the cancellation is withdrawn, and told where it cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.status_change import StatusCase
from orderdesk_sdk.cases.wording import describe_prior_steps
from orderdesk_sdk.plugin.integration import SideEffect
from tests.support.hold_toy import (
    CallsAHoldCanceled,
    HoldsFirst,
    HoldsForAFee,
    HoldsForAFeeUnasked,
    HoldsForGood,
    HoldShop,
)

RELEASING = PluginUnderTest(slug="toy", plugin=HoldsFirst(), simulator=HoldShop)
FOR_GOOD = PluginUnderTest(slug="toy", plugin=HoldsForGood(), simulator=HoldShop)


def shop_of(harness: ConformanceHarness) -> HoldShop:
    return cast("HoldShop", harness.service)


def releases(harness: ConformanceHarness) -> list[StatusCase]:
    return list(harness.desk.ledger.cases(StatusCase, order_id=harness.case.order_id))


def test_an_order_is_held_and_then_canceled(tmp_path: Path) -> None:
    with RELEASING.open_harness(tmp_path) as harness:
        (entry,) = harness.desk.cancellations.plan(harness.order).entries
        assert describe_prior_steps(entry.steps[0].prior) == "hold the order (undone if withdrawn)"
        harness.cancel()
        case = harness.follow_up()
        assert (case.state, case.message) == (State.CANCELED, "hold the order: done")
        assert releases(harness) == []


def test_a_withdrawal_releases_what_was_held(tmp_path: Path) -> None:
    with RELEASING.open_harness(tmp_path) as harness:
        shop_of(harness).turns_away = 1
        assert harness.cancel().state is State.PENDING
        (case,) = harness.desk.cancellations.withdraw(harness.order, by="Ann")
        assert (case.state, case.withdrawn_by, case.hint) == (State.WITHDRAWN, "Ann", None)
        assert case.message == "Withdrawn by Ann; being set, which undoes it: released; hold the order: done"
        harness.desk.run_due()
        (release,) = releases(harness)
        assert (release.state, release.status, release.requested_by) == (State.DONE, "released", "Ann")
        assert shop_of(harness).calls == ["hold 1042", "release 1042"]
        assert harness.desk.cancellations.receipt(harness.order).status_changes == (release,)


def test_a_release_whose_response_is_lost_is_read_back(tmp_path: Path) -> None:
    with RELEASING.open_harness(tmp_path) as harness:
        shop_of(harness).turns_away = 1
        harness.cancel()
        harness.service.faults.add(Fault.LOST_RESPONSE, method="PUT", path="^/orders/1042/release$")
        harness.desk.cancellations.withdraw(harness.order, by="Ann")
        for _ in range(5):
            harness.desk.run_due()
            harness.wait_for(harness.desk.ledger.next_due() or harness.clock.now())
        assert [one.state for one in releases(harness)] == [State.DONE]
        assert shop_of(harness).calls == ["hold 1042", "release 1042"]


def test_a_withdrawal_before_the_hold_undoes_nothing(tmp_path: Path) -> None:
    with RELEASING.open_harness(tmp_path) as harness:
        order, cancellations = harness.desk.order_store.get_order(harness.order), harness.desk.cancellations
        cancellations.open(order, cancellations.draft(order, by="Ann"), send_now=False)
        (case,) = harness.desk.cancellations.withdraw(harness.order, by="Ann")
        assert (case.state, case.message) == (State.WITHDRAWN, "Withdrawn by Ann")
        assert (releases(harness), shop_of(harness).calls) == ([], [])


def test_a_hold_for_good_is_told_before_and_after(tmp_path: Path) -> None:
    """Nothing but the hold was sent, so the cancellation can be withdrawn while a person has it."""
    with FOR_GOOD.open_harness(tmp_path) as harness:
        (entry,) = harness.desk.cancellations.plan(harness.order).entries
        assert describe_prior_steps(entry.steps[0].prior) == "hold the order (cannot be undone)"
        case = harness.cancel()
        assert (case.state, case.last_sent_at) == (State.ACTION_REQUIRED, None)
        (case,) = harness.desk.cancellations.withdraw(harness.order, by="Ann")
        assert (case.state, case.message) == (State.WITHDRAWN, "Withdrawn by Ann; hold the order: done")
        assert case.hint == ("this cannot be undone from here, so look after it at the service: hold the order: done")
        assert releases(harness) == []


def test_an_order_is_not_canceled_because_it_is_held(tmp_path: Path) -> None:
    with PluginUnderTest(slug="toy", plugin=CallsAHoldCanceled(), simulator=HoldShop).open_harness(tmp_path) as harness:
        case = harness.cancel()
        assert (case.state, harness.is_canceled) == (State.ACTION_REQUIRED, False)
        assert "by the response to its step 'hold the order'" in (case.plugin_error or "")


@pytest.mark.parametrize(("wanted", "calls"), [((), []), ((SideEffect.FEE,), ["hold 1042"])])
def test_a_step_with_a_fee_is_done_only_where_somebody_said_so(
    tmp_path: Path, wanted: tuple[SideEffect, ...], calls: list[str]
) -> None:
    with PluginUnderTest(slug="toy", plugin=HoldsForAFee(), simulator=HoldShop).open_harness(tmp_path) as harness:
        plan = harness.desk.cancellations.plan(harness.order, side_effects=wanted)
        (entry,) = plan.entries
        assert [step.name for step in entry.steps[0].prior] == ["hold the order"] * len(wanted)
        assert (entry.also_done, entry.offered) == (wanted, () if wanted else (SideEffect.FEE,))
        harness.desk.cancel(harness.order, by="Ann", plan_token=plan.token, side_effects=wanted)
        assert harness.follow_up().state is State.CANCELED
        assert shop_of(harness).calls == calls


def test_a_plugin_that_takes_a_fee_unasked_is_stopped_before_its_call(tmp_path: Path) -> None:
    unasked = PluginUnderTest(slug="toy", plugin=HoldsForAFeeUnasked(), simulator=HoldShop)
    with unasked.open_harness(tmp_path) as harness:
        case = harness.cancel()
        assert case.plugin_error == "the flow would 'hold the order', and nobody asked for that side effect"
        assert shop_of(harness).calls == []
