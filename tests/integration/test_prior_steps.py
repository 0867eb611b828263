"""Steps before a cancel: each has an outcome of its own, which the case keeps, and what is done is not done again."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_sdk.plugin.integration import SideEffect
from tests.support.label_toy import LabelShop, VoidsLabels, labels_of

TESTED = PluginUnderTest(slug="toy", plugin=VoidsLabels(), simulator=LabelShop)
ALL_VOID = "void the labels: label L1 done, label L2 done, label L3 done"


def shop_of(harness: ConformanceHarness) -> LabelShop:
    return cast("LabelShop", harness.service)


def voids(harness: ConformanceHarness) -> list[str]:
    return labels_of(shop_of(harness).voids, harness.order)


def test_the_plan_says_what_is_done_first(tmp_path: Path) -> None:
    with TESTED.open_harness(tmp_path) as harness:
        (entry,) = harness.desk.cancellations.plan(harness.order).entries
        (step,) = entry.steps
        assert [(one.name, one.is_reversible) for one in step.prior] == [("void the labels", False)]
        assert SideEffect.SHIPPING_LABEL in entry.also_done


def test_every_step_is_done_and_told(tmp_path: Path) -> None:
    with TESTED.open_harness(tmp_path) as harness:
        assert harness.cancel().message == f"The service acknowledged the request; polling for its decision; {ALL_VOID}"
        case = harness.follow_up()
        assert (case.state, case.message) == (State.CANCELED, ALL_VOID)
        assert voids(harness) == ["L1 void", "L2 void", "L3 void"]


def test_a_refused_step_leaves_a_half_done_state_that_is_told(tmp_path: Path) -> None:
    with TESTED.open_harness(tmp_path) as harness:
        harness.service.set_option("labels", "one in transit")
        case = harness.cancel()
        assert (case.state, case.rejection) == (State.REJECTED, Rejection.SHIPPED)
        assert case.message == (
            "a label is in transit; void the labels: label L1 done, label L2 refused (in transit), label L3 done"
        )


def test_a_step_whose_response_is_lost_is_unknown_and_nothing_comes_after_it(tmp_path: Path) -> None:
    with TESTED.open_harness(tmp_path) as harness:
        harness.service.faults.add(Fault.LOST_RESPONSE, method="PUT", path="^/labels/1042/L2$")
        case = harness.cancel()
        assert case.state is State.UNKNOWN
        assert [(one.item, one.outcome.value) for one in case.steps] == [("label L1", "done"), ("label L2", "unknown")]
        harness.run_due()
        harness.wait_for(harness.case.due_at or harness.clock.now())
        assert harness.run_due().state is State.ACTION_REQUIRED
        harness.desk.cases.retry(case.id, by="Ann")
        assert harness.follow_up().state is State.CANCELED
        # A person sent the lost one again, and nothing that was done.
        assert voids(harness) == ["L1 void", "L2 void", "L2 void", "L3 void"]


@pytest.mark.parametrize("hides", [True, False])
def test_what_is_done_is_not_done_again_when_the_cancel_is_turned_away(tmp_path: Path, hides: bool) -> None:
    """Neither where the service still lists the labels: then the flow is given the response that was recorded."""
    with TESTED.open_harness(tmp_path) as harness:
        shop_of(harness).hides_void_labels = hides
        shop_of(harness).turns_away = 1
        case = harness.cancel()
        assert case.state is State.PENDING
        assert ALL_VOID in str(case.message)
        assert harness.follow_up().state is State.CANCELED
        assert voids(harness) == ["L1 void", "L2 void", "L3 void"]


def test_a_withdrawal_says_what_stands(tmp_path: Path) -> None:
    with TESTED.open_harness(tmp_path) as harness:
        shop_of(harness).turns_away = 1
        harness.cancel()
        (case,) = harness.desk.cancellations.withdraw(harness.order, by="Ann")
        assert (case.state, case.message) == (State.WITHDRAWN, f"Withdrawn by Ann; {ALL_VOID}")
