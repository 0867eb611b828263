"""What Shopify hides, throttles or denies: read back, waited for, told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import SimulatedStage
from orderdesk_devkit.testing.pytest_plugin import StageOpener
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.clock import seconds
from orderdesk_shopify.simulator import ShopifySimulator

integration = "shopify"
WHY = "customer asked"
Asked = Callable[[SimulatedStage], list[str]]
Canceled = Callable[[SimulatedStage], Case]


def test_what_an_internal_server_error_hides_is_read_back_and_not_sent_again(
    simulator: ShopifySimulator, stage: SimulatedStage, asked: Asked
) -> None:
    simulator.set_switch("mutation_reply", "lost")
    assert stage.cancel(WHY).state is State.UNCLEAR
    states = [case.state for case in stage.looks()]
    assert State.AWAITING_PERSON in states, "only a person can decide while it still matters"
    assert states[-1] is State.CANCELED, "it is read on meanwhile"
    assert asked(stage).count("Cancel") == 1


def test_a_query_whose_reply_was_lost_is_asked_again(simulator: ShopifySimulator, stage: SimulatedStage) -> None:
    simulator.faults.add(Fault.LOST_REPLY, method="POST")
    assert stage.cancel(WHY).state is State.ASKED


@pytest.mark.parametrize("status", ["200", "429"])
def test_a_throttled_call_waits_until_its_cost_is_there(
    status: str, simulator: ShopifySimulator, stage: SimulatedStage
) -> None:
    simulator.set_switch("throttled_as", status)
    simulator.bucket.drain(left=3.0)  # The query takes one of them; orderCancel costs 10, and 100 come each second.
    began = simulator.clock.monotonic()
    assert stage.cancel(WHY).state is State.ASKED
    assert simulator.clock.monotonic() - began == pytest.approx(0.08, abs=0.02)
    assert [record.effect for record in simulator.log if record.operation == "Cancel"] == ["throttled", "changed"]


def test_a_wait_that_is_too_long_for_a_call_is_the_cases(simulator: ShopifySimulator, stage: SimulatedStage) -> None:
    simulator.bucket.drain(left=-5000.0)
    case = stage.cancel(WHY)
    assert (case.state, case.due_at) == (State.REQUESTED, simulator.clock.now() + seconds(50.01))
    assert stage.follow().state is State.CANCELED


def test_a_missing_scope_did_nothing_and_is_told(simulator: ShopifySimulator, stage: SimulatedStage) -> None:
    simulator.set_switch("scopes", "missing")
    case = stage.cancel(WHY)
    assert (case.state, case.asked_at) == (State.REQUESTED, None)
    assert "scopes" in str(case.remedy)
    simulator.set_switch("scopes", "granted")
    assert stage.follow().state is State.CANCELED


def test_a_wrong_token_did_nothing_and_is_told(simulator: ShopifySimulator, open_stage: StageOpener) -> None:
    case = open_stage({"access_token": "another's"}).cancel(WHY)
    assert (case.state, case.asked_at) == (State.REQUESTED, None)
    assert "access token" in str(case.remedy)


def test_the_version_that_was_asked_for_warns_of_nothing(
    simulator: ShopifySimulator, stage: SimulatedStage, canceled: Canceled
) -> None:
    canceled(stage)
    assert [step.text for step in stage.receipt.steps if "warning" in str(step.text)] == []
