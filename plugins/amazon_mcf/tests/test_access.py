"""Who is not let in at Amazon, or too often: nothing was done, and a person is told what to check."""

from __future__ import annotations

import pytest

from orderdesk_amazon_mcf.simulator import McfSimulator
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import LINES, SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_devkit.testing.request_recorder import RecordedRequest
from orderdesk_sdk.cases.case import State

integration = "amazon-mcf"


def operations(harness: SimulatedHarness) -> list[str]:
    """What reached Amazon: the method and the last part of the path."""
    return [f"{seen.method} {seen.path.rpartition('/')[2]}" for seen in harness.recorder.requests]


def cancels(harness: SimulatedHarness) -> list[RecordedRequest]:
    return [seen for seen in harness.recorder.requests if seen.method == "PUT"]


def test_denied_twice_means_one_refresh_nothing_done_and_a_remedy(
    simulator: McfSimulator, harness: SimulatedHarness
) -> None:
    simulator.add_order("1042", lines=LINES)
    simulator.faults.add(Fault.EXPIRED_TOKEN, path="/cancel$", times=2)
    case = harness.cancel()
    assert (case.state, case.consecutive_failures, case.evidence) == (State.PENDING, 1, None)
    assert operations(harness) == ["POST token", "PUT cancel"] * 2
    for word in ("region", "role Amazon Fulfillment", "seller's authorization"):
        assert word in (case.hint or "")
    assert harness.follow_up().state is State.CANCELED


@pytest.mark.parametrize("status", [401, 403])
def test_denied_for_good_is_never_sent_more_than_twice_per_try(
    simulator: McfSimulator, harness: SimulatedHarness, status: int
) -> None:
    simulator.add_order("1042", lines=LINES)
    harness.recorder.override = lambda seen: (status, '{"errors": []}') if seen.path.endswith("/cancel") else None
    case = harness.cancel()
    assert (case.state, operations(harness)) == (State.PENDING, ["POST token", "PUT cancel"] * 2)
    assert f"answered {status}" in (case.message or "")
    assert case.deadline is not None
    harness.wait_for(case.deadline)
    case = harness.run_due()
    assert case.state is State.ACTION_REQUIRED
    assert "role Amazon Fulfillment" in (case.hint or "")
    assert simulator.actual_status("1042") != "Cancelled"


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"refresh_token": "Atzr|revoked"}, "invalid_grant"), ({"client_secret": "wrong-secret"}, "invalid_client")],
)
def test_credentials_that_amazon_refuses_are_named_with_the_code(
    open_harness: HarnessOpener, simulator: McfSimulator, changed: dict[str, str], code: str
) -> None:
    simulator.add_order("1042", lines=LINES)
    stage = open_harness(changed)
    case = stage.cancel()
    assert (case.state, operations(stage)) == (State.PENDING, ["POST token"])
    assert code in (case.message or "")
    assert "refresh_token, client_id, client_secret" in (case.hint or "")


@pytest.mark.parametrize("code", ["server_error", "temporarily_unavailable"])
def test_a_login_that_is_down_says_nothing_of_the_credentials(
    simulator: McfSimulator, harness: SimulatedHarness, code: str
) -> None:
    simulator.add_order("1042", lines=LINES)
    harness.recorder.override = lambda seen: (400, f'{{"error": "{code}"}}') if seen.path.endswith("/token") else None
    case = harness.cancel()
    assert (case.state, set(operations(harness))) == (State.PENDING, {"POST token"})
    assert "check refresh_token" not in (case.hint or "")
    harness.recorder.override = None
    assert harness.follow_up().state is State.CANCELED


def test_a_429_without_retry_after_is_waited_out(simulator: McfSimulator, harness: SimulatedHarness) -> None:
    simulator.add_order("1042", lines=LINES)
    left = [2]

    def throttled(seen: RecordedRequest) -> tuple[int, str] | None:
        if not seen.path.endswith("/cancel") or not left[0]:
            return None
        left[0] -= 1
        return 429, '{"errors": [{"code": "QuotaExceeded", "message": "You exceeded your quota"}]}'

    harness.recorder.override = throttled
    before = harness.clock.now()
    assert harness.cancel().state is State.ACKNOWLEDGED
    assert len(cancels(harness)) == 3
    assert harness.clock.now() > before


def test_a_429_that_does_not_end_is_not_done_and_tried_again_later(
    simulator: McfSimulator, harness: SimulatedHarness
) -> None:
    simulator.add_order("1042", lines=LINES)
    harness.recorder.override = lambda seen: (429, "{}") if seen.path.endswith("/cancel") else None
    case = harness.cancel()
    assert (case.state, case.evidence) == (State.PENDING, None)
    assert "Rate limited" in (case.message or "")
    assert simulator.actual_status("1042") == "Received"
    harness.recorder.override = None
    assert harness.follow_up().state is State.CANCELED
