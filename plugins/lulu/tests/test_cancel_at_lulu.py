"""What the conformance suite does not know: Lulu's words, and a job that is not canceled by a reply of 200."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from orderdesk_lulu import LuluSettings, orderdesk_check
from orderdesk_lulu.simulator import LuluSimulator
from orderdesk_sdk.answer import Answer, Outcome, Refusal
from orderdesk_sdk.case import State
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.http.service import Service
from orderdesk_sdk.order import Order, Placement, Role
from orderdesk_sdk.request import CheckRequest
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.testing.stage import ORDER, SimulatedStage, simulated

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


@pytest.fixture
def lulu() -> LuluSimulator:
    return LuluSimulator(VirtualClock())


@pytest.fixture
def stage(lulu: LuluSimulator) -> Iterator[SimulatedStage]:
    with simulated("lulu", lulu) as made:
        yield made


def read(status: str) -> Answer:
    """What the check flow ends with where this is the job's status."""
    its = LuluSettings(client_id=Secret("a client"), client_secret=Secret("not a real secret"))
    service = Service("l", its, its.base_url, NOW, "a-test/1.0", Role.FULFILLMENT)
    flow = orderdesk_check(CheckRequest(Order("1", "1042"), Placement("l", "7", NOW, Role.FULFILLMENT)), service)
    next(flow)
    with pytest.raises(StopIteration) as ended:
        flow.send(httpx.Response(200, json={"name": status}))
    answer = ended.value.value
    assert isinstance(answer, Answer)
    return answer


@pytest.mark.parametrize(
    ("status", "outcome", "refusal"),
    [
        ("CANCELED", Outcome.CANCELED, None),
        ("CREATED", Outcome.PENDING, None),
        ("UNPAID", Outcome.PENDING, None),
        ("PAYMENT_IN_PROGRESS", Outcome.PENDING, None),
        ("PRODUCTION_DELAYED", Outcome.PENDING, None),
        ("PRODUCTION_READY", Outcome.PENDING, None),
        ("IN_PRODUCTION", Outcome.REFUSED, Refusal.TOO_LATE),
        ("SHIPPED", Outcome.REFUSED, Refusal.SHIPPED),
        ("DELIVERED", Outcome.REFUSED, Refusal.SHIPPED),
        ("REJECTED", Outcome.REFUSED, Refusal.NOT_ALLOWED),
        ("ERROR", Outcome.UNCLEAR, None),
        ("CANCELATION_PENDING", Outcome.UNCLEAR, None),
    ],
)
def test_each_status_word_means_what_its_document_says(status: str, outcome: Outcome, refusal: Refusal | None) -> None:
    answer = read(status)
    assert (answer.outcome, answer.refusal, answer.status) == (outcome, refusal, status)


@pytest.mark.parametrize("status", ["CREATED", "UNPAID", "PRODUCTION_DELAYED"])
def test_a_job_that_can_be_canceled_is_canceled_at_once(
    lulu: LuluSimulator, stage: SimulatedStage, status: str
) -> None:
    lulu.add_order(ORDER, stage=status)
    assert (stage.cancel().state, lulu.truth(ORDER)) == (State.CANCELED, "CANCELED")


def test_a_job_that_was_canceled_before_is_canceled(lulu: LuluSimulator, stage: SimulatedStage) -> None:
    lulu.add_order(ORDER, stage="CANCELED")
    assert (stage.cancel().state, stage.calls[-1]) == (State.CANCELED, f"GET /print-jobs/{ORDER}/status/ 200")


def test_a_200_that_shows_another_status_is_not_canceled(lulu: LuluSimulator, stage: SimulatedStage) -> None:
    lulu.add_order(ORDER)
    lulu.set_switch("fate", "ships anyway")
    assert stage.cancel().state is State.UNCLEAR
    case = stage.follow()
    assert (case.state, case.refusal, lulu.truth(ORDER)) == (State.REFUSED, Refusal.TOO_LATE, "IN_PRODUCTION")


def test_a_job_that_lulu_does_not_know_is_refused(stage: SimulatedStage) -> None:
    case = stage.cancel()
    assert (case.state, case.refusal, case.text) == (
        State.REFUSED, Refusal.NOT_ALLOWED, "Lulu does not know this print job",
    )  # fmt: skip
