"""What Shopify hides, throttles or denies: polled, waited for, told."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import seconds
from orderdesk_shopify.simulator import ShopifySimulator

integration = "shopify"
WHY = "customer asked"
Asked = Callable[[SimulatedHarness], list[str]]
Canceled = Callable[[SimulatedHarness], CancelCase]


def test_what_an_internal_server_error_hides_is_read_back_and_not_sent_again(
    simulator: ShopifySimulator, harness: SimulatedHarness, asked: Asked
) -> None:
    simulator.set_option("mutation_reply", "lost")
    assert harness.cancel(WHY).state is State.UNKNOWN
    states = [case.state for case in harness.steps()]
    assert State.ACTION_REQUIRED in states, "only a person can decide while it still matters"
    assert states[-1] is State.CANCELED, "it is read on meanwhile"
    assert asked(harness).count("Cancel") == 1


def test_a_query_whose_reply_was_lost_is_asked_again(simulator: ShopifySimulator, harness: SimulatedHarness) -> None:
    simulator.faults.add(Fault.LOST_RESPONSE, method="POST")
    assert harness.cancel(WHY).state is State.ACKNOWLEDGED


@pytest.mark.parametrize("status", ["200", "429"])
def test_a_throttled_call_waits_until_its_cost_is_there(
    status: str, simulator: ShopifySimulator, harness: SimulatedHarness
) -> None:
    simulator.set_option("throttled_as", status)
    simulator.bucket.drain(left=3.0)  # The query takes one of them; orderCancel costs 10, and 100 come each second.
    began = simulator.clock.monotonic()
    assert harness.cancel(WHY).state is State.ACKNOWLEDGED
    assert simulator.clock.monotonic() - began == pytest.approx(0.08, abs=0.02)
    assert [record.effect for record in simulator.log if record.operation == "Cancel"] == ["throttled", "changed"]


def test_a_wait_that_is_too_long_for_a_call_is_the_cases(
    simulator: ShopifySimulator, harness: SimulatedHarness
) -> None:
    simulator.bucket.drain(left=-5000.0)
    case = harness.cancel(WHY)
    assert (case.state, case.due_at) == (State.PENDING, simulator.clock.now() + seconds(50.01))
    assert harness.follow_up().state is State.CANCELED


def test_a_missing_scope_did_nothing_and_is_told(simulator: ShopifySimulator, harness: SimulatedHarness) -> None:
    simulator.set_option("scopes", "missing")
    case = harness.cancel(WHY)
    assert (case.state, case.last_sent_at) == (State.PENDING, None)
    assert "scopes" in str(case.hint)
    simulator.set_option("scopes", "granted")
    assert harness.follow_up().state is State.CANCELED


def test_a_wrong_token_did_nothing_and_is_told(simulator: ShopifySimulator, open_harness: HarnessOpener) -> None:
    case = open_harness({"access_token": "another's"}).cancel(WHY)
    assert (case.state, case.last_sent_at) == (State.PENDING, None)
    assert "access token" in str(case.hint)


def test_the_version_that_was_asked_for_warns_of_nothing(
    simulator: ShopifySimulator, harness: SimulatedHarness, canceled: Canceled
) -> None:
    canceled(harness)
    assert [step.message for step in harness.receipt.history if "warning" in str(step.message)] == []
