"""Who is not let in at Amazon, or too often: nothing was done, and a person is told what to check."""

from __future__ import annotations

import pytest

from orderdesk_amazon_mcf.simulator import McfSimulator
from orderdesk_devkit.simulators.fault_injection import Fault
from orderdesk_devkit.testing.harness import LINES, SimulatedStage
from orderdesk_devkit.testing.pytest_plugin import StageOpener
from orderdesk_devkit.testing.request_recorder import SeenRequest
from orderdesk_sdk.cases.case import State

integration = "amazon-mcf"


def operations(stage: SimulatedStage) -> list[str]:
    """What reached Amazon: the method and the last part of the path."""
    return [f"{seen.method} {seen.path.rpartition('/')[2]}" for seen in stage.tap.requests]


def cancels(stage: SimulatedStage) -> list[SeenRequest]:
    return [seen for seen in stage.tap.requests if seen.method == "PUT"]


def test_denied_twice_means_one_refresh_nothing_done_and_a_remedy(
    simulator: McfSimulator, stage: SimulatedStage
) -> None:
    simulator.add_order("1042", lines=LINES)
    simulator.faults.add(Fault.EXPIRED_TOKEN, path="/cancel$", times=2)
    case = stage.cancel()
    assert (case.state, case.tries, case.proof) == (State.REQUESTED, 1, None)
    assert operations(stage) == ["POST token", "PUT cancel"] * 2
    for word in ("region", "role Amazon Fulfillment", "seller's authorization"):
        assert word in (case.remedy or "")
    assert stage.follow().state is State.CANCELED


@pytest.mark.parametrize("status", [401, 403])
def test_denied_for_good_is_never_sent_more_than_twice_per_try(
    simulator: McfSimulator, stage: SimulatedStage, status: int
) -> None:
    simulator.add_order("1042", lines=LINES)
    stage.tap.instead = lambda seen: (status, '{"errors": []}') if seen.path.endswith("/cancel") else None
    case = stage.cancel()
    assert (case.state, operations(stage)) == (State.REQUESTED, ["POST token", "PUT cancel"] * 2)
    assert f"({status})" in (case.text or "")
    assert case.give_up_at is not None
    stage.wait_for(case.give_up_at)
    case = stage.run_due()
    assert case.state is State.AWAITING_PERSON
    assert "role Amazon Fulfillment" in (case.remedy or "")
    assert simulator.truth("1042") != "Cancelled"


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"refresh_token": "Atzr|revoked"}, "invalid_grant"), ({"client_secret": "wrong-secret"}, "invalid_client")],
)
def test_credentials_that_amazon_refuses_are_named_with_the_code(
    open_stage: StageOpener, simulator: McfSimulator, changed: dict[str, str], code: str
) -> None:
    simulator.add_order("1042", lines=LINES)
    stage = open_stage(changed)
    case = stage.cancel()
    assert (case.state, operations(stage)) == (State.REQUESTED, ["POST token"])
    assert code in (case.text or "")
    assert "refresh_token, client_id, client_secret" in (case.remedy or "")


@pytest.mark.parametrize("code", ["server_error", "temporarily_unavailable"])
def test_a_login_that_is_down_says_nothing_of_the_credentials(
    simulator: McfSimulator, stage: SimulatedStage, code: str
) -> None:
    simulator.add_order("1042", lines=LINES)
    stage.tap.instead = lambda seen: (400, f'{{"error": "{code}"}}') if seen.path.endswith("/token") else None
    case = stage.cancel()
    assert (case.state, set(operations(stage))) == (State.REQUESTED, {"POST token"})
    assert "check refresh_token" not in (case.remedy or "")
    stage.tap.instead = None
    assert stage.follow().state is State.CANCELED


def test_a_429_without_retry_after_is_waited_out(simulator: McfSimulator, stage: SimulatedStage) -> None:
    simulator.add_order("1042", lines=LINES)
    left = [2]

    def throttled(seen: SeenRequest) -> tuple[int, str] | None:
        if not seen.path.endswith("/cancel") or not left[0]:
            return None
        left[0] -= 1
        return 429, '{"errors": [{"code": "QuotaExceeded", "message": "You exceeded your quota"}]}'

    stage.tap.instead = throttled
    before = stage.clock.now()
    assert stage.cancel().state is State.ASKED
    assert len(cancels(stage)) == 3
    assert stage.clock.now() > before


def test_a_429_that_does_not_end_is_not_done_and_tried_again_later(
    simulator: McfSimulator, stage: SimulatedStage
) -> None:
    simulator.add_order("1042", lines=LINES)
    stage.tap.instead = lambda seen: (429, "{}") if seen.path.endswith("/cancel") else None
    case = stage.cancel()
    assert (case.state, case.proof) == (State.REQUESTED, None)
    assert "too many calls" in (case.text or "")
    assert simulator.truth("1042") == "Received"
    stage.tap.instead = None
    assert stage.follow().state is State.CANCELED
