"""What the conformance suite does not know: Lulu's words, and a job that is not canceled by a reply of 200."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from orderdesk_devkit.testing.harness import ORDER, SimulatedStage, simulated
from orderdesk_lulu import orderdesk_check
from orderdesk_lulu.settings import LuluSettings
from orderdesk_lulu.simulator import LuluSimulator
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import InputError
from orderdesk_sdk.orders.order import Order, Placement, Role
from orderdesk_sdk.plugin.answer import Answer, Outcome, Refusal
from orderdesk_sdk.plugin.requests import CheckRequest
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.secret import Secret

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
        flow.send(httpx.Response(200, json={"id": 7, "status": {"name": status}}))
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
    assert (stage.cancel().state, stage.calls[-1]) == (State.CANCELED, f"GET /print-jobs/{ORDER}/ 200")


def test_a_200_that_shows_another_status_is_not_canceled(lulu: LuluSimulator, stage: SimulatedStage) -> None:
    lulu.add_order(ORDER)
    lulu.set_switch("fate", "ships anyway")
    assert stage.cancel().state is State.UNCLEAR
    case = stage.follow()
    assert (case.state, case.refusal, lulu.truth(ORDER)) == (State.REFUSED, Refusal.TOO_LATE, "IN_PRODUCTION")


def test_a_job_that_lulu_does_not_know_is_refused(stage: SimulatedStage) -> None:
    case = stage.cancel()
    assert (case.state, case.refusal, case.text) == (
        State.REFUSED,
        Refusal.NOT_ALLOWED,
        f"the service does not know the order {ORDER}",
    )


@pytest.mark.slow
def test_a_job_of_another_id_cancels_nothing(lulu: LuluSimulator, stage: SimulatedStage) -> None:
    lulu.add_order(ORDER)
    lulu.set_switch("fate", "ships anyway")
    stage.tap.edit = lambda seen, body: (
        body.replace(b'"id":1042', b'"id":9999').replace(b'"PRODUCTION_DELAYED"', b'"CANCELED"')
        if seen.method == "GET"
        else body
    )
    assert stage.cancel().state is State.UNCLEAR
    assert stage.follow().state is not State.CANCELED


@pytest.mark.parametrize("job", [{"status": {"name": "CANCELED"}}, {"name": "CANCELED"}, [{"id": 1042}]])
def test_what_is_no_job_cancels_nothing(lulu: LuluSimulator, stage: SimulatedStage, job: object) -> None:
    lulu.add_order(ORDER)
    stage.tap.instead = lambda seen: (200, json.dumps(job)) if seen.method == "GET" else None
    assert stage.cancel().state is State.UNCLEAR


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_read_that_fails_after_a_cancel_was_taken_does_not_say_that_nothing_was_done(
    lulu: LuluSimulator, stage: SimulatedStage, status: int
) -> None:
    lulu.add_order(ORDER)
    stage.tap.instead = lambda seen: (status, "{}") if seen.method == "GET" else None
    assert (stage.cancel().state, lulu.truth(ORDER)) == (State.UNCLEAR, "CANCELED")
    stage.tap.instead = None
    assert stage.follow().state is State.CANCELED


@pytest.mark.parametrize("body", ["<h1>Not Found</h1>", '{"message": "no Route matched"}', ""])
@pytest.mark.parametrize("status", [404, 405])
def test_a_404_of_a_path_refuses_nothing_and_names_the_base_url(stage: SimulatedStage, status: int, body: str) -> None:
    stage.tap.instead = lambda seen: (status, body) if "print-jobs" in seen.path else None
    case = stage.cancel()
    assert (case.state, case.refusal) == (State.REQUESTED, None)
    assert "base URL" in str(case.remedy)


def test_a_404_on_the_cancel_alone_is_read_back_and_asked_again(lulu: LuluSimulator, stage: SimulatedStage) -> None:
    lulu.add_order(ORDER)
    stage.tap.instead = lambda seen: (404, '{"detail": "Not found."}') if seen.method == "PUT" else None
    assert stage.cancel().state is State.REQUESTED
    stage.tap.instead = None
    assert stage.follow().state is State.CANCELED


def test_people_stay_out_of_the_evidence(lulu: LuluSimulator, stage: SimulatedStage) -> None:
    lulu.add_order(ORDER)
    stage.cancel()
    kept = [step.exchange.body for step in stage.receipt.steps if step.exchange is not None]
    assert "1042" in str(kept)
    assert "Understudy" not in str(kept)


def test_the_number_is_lulus_own(stage: SimulatedStage) -> None:
    with pytest.raises(InputError, match="not your external_id"):
        stage.desk.place("1042", at="lulu", by="Ann", remote_id="#1042")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/print-jobs/1042/cancel", 404),
        ("POST", "/print-jobs/1042/cancel/", 404),
        ("GET", "/print-jobs/1042/", 200),
        ("GET", "/print-jobs/1042", 200),
        ("GET", "/print-jobs/1042/status/", 200),
        ("GET", "/print-jobs/1043/", 404),
    ],
)
def test_the_simulator_has_the_calls_of_lulus_document_and_no_others(
    lulu: LuluSimulator, stage: SimulatedStage, method: str, path: str, status: int
) -> None:
    lulu.add_order(ORDER)
    stage.cancel()
    token = stage.tap.requests[-1].headers["authorization"]
    base = stage.desk.connections.get("lulu").service(NOW).base_url
    reply = httpx.request(method, base + path, headers={"authorization": token})
    assert reply.status_code == status
    if path.rstrip("/") == "/print-jobs/1042" and status == 200:
        assert (reply.json()["id"], reply.json()["status"]["name"]) == (1042, "CANCELED")
