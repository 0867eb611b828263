"""What the conformance suite does not know: Lulu's words, and a job that is not canceled by a response of 200."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from orderdesk_devkit.testing.harness import ORDER, SimulatedHarness, open_simulated_harness
from orderdesk_lulu import orderdesk_poll
from orderdesk_lulu.settings import LuluSettings
from orderdesk_lulu.simulator import LuluSimulator
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.plugin.answer import Answer, Outcome, Rejection
from orderdesk_sdk.plugin.requests import PollRequest
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.secret import Secret

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)


@pytest.fixture
def lulu() -> LuluSimulator:
    return LuluSimulator(VirtualClock())


@pytest.fixture
def harness(lulu: LuluSimulator) -> Iterator[SimulatedHarness]:
    with open_simulated_harness("lulu", lulu) as made:
        yield made


def read(status: str) -> Answer:
    """What the check flow ends with where this is the job's status."""
    its = LuluSettings(client_id=Secret("a client"), client_secret=Secret("not a real secret"))
    service = Service("l", its, its.base_url, NOW, "a-test/1.0", ConnectionRole.FULFILLMENT)
    flow = orderdesk_poll(
        PollRequest(Order("1", "1042"), RemoteOrder("l", "7", NOW, ConnectionRole.FULFILLMENT)), service
    )
    next(flow)
    with pytest.raises(StopIteration) as ended:
        flow.send(httpx.Response(200, json={"id": 7, "status": {"name": status}}))
    answer = ended.value.value
    assert isinstance(answer, Answer)
    return answer


@pytest.mark.parametrize(
    ("status", "outcome", "rejection"),
    [
        ("CANCELED", Outcome.CANCELED, None),
        ("CREATED", Outcome.PENDING, None),
        ("UNPAID", Outcome.PENDING, None),
        ("PAYMENT_IN_PROGRESS", Outcome.PENDING, None),
        ("PRODUCTION_DELAYED", Outcome.PENDING, None),
        ("PRODUCTION_READY", Outcome.PENDING, None),
        ("IN_PRODUCTION", Outcome.REJECTED, Rejection.TOO_LATE),
        ("SHIPPED", Outcome.REJECTED, Rejection.SHIPPED),
        ("DELIVERED", Outcome.REJECTED, Rejection.SHIPPED),
        ("REJECTED", Outcome.REJECTED, Rejection.NOT_ALLOWED),
        ("ERROR", Outcome.UNKNOWN, None),
        ("CANCELATION_PENDING", Outcome.UNKNOWN, None),
    ],
)
def test_each_status_word_means_what_its_document_says(
    status: str, outcome: Outcome, rejection: Rejection | None
) -> None:
    answer = read(status)
    assert (answer.outcome, answer.rejection, answer.status) == (outcome, rejection, status)


@pytest.mark.parametrize("status", ["CREATED", "UNPAID", "PRODUCTION_DELAYED"])
def test_a_job_that_can_be_canceled_is_canceled_at_once(
    lulu: LuluSimulator, harness: SimulatedHarness, status: str
) -> None:
    lulu.add_order(ORDER, stage=status)
    assert (harness.cancel().state, lulu.actual_status(ORDER)) == (State.CANCELED, "CANCELED")


def test_a_job_that_was_canceled_before_is_canceled(lulu: LuluSimulator, harness: SimulatedHarness) -> None:
    lulu.add_order(ORDER, stage="CANCELED")
    assert (harness.cancel().state, harness.calls[-1]) == (State.CANCELED, f"GET /print-jobs/{ORDER}/ 200")


@pytest.mark.slow
def test_a_200_that_shows_another_status_is_not_canceled(lulu: LuluSimulator, harness: SimulatedHarness) -> None:
    lulu.add_order(ORDER)
    lulu.set_option("fate", "ships anyway")
    assert harness.cancel().state is State.UNKNOWN
    case = harness.follow_up()
    assert (case.state, case.rejection, lulu.actual_status(ORDER)) == (
        State.REJECTED,
        Rejection.TOO_LATE,
        "IN_PRODUCTION",
    )


def test_a_job_that_lulu_does_not_know_is_refused(harness: SimulatedHarness) -> None:
    case = harness.cancel()
    assert (case.state, case.rejection, case.message) == (
        State.REJECTED,
        Rejection.NOT_ALLOWED,
        f"the service does not know the order {ORDER}",
    )


@pytest.mark.slow
def test_a_job_of_another_id_cancels_nothing(lulu: LuluSimulator, harness: SimulatedHarness) -> None:
    lulu.add_order(ORDER)
    lulu.set_option("fate", "ships anyway")
    harness.recorder.edit_response = lambda seen, body: (
        body.replace(b'"id":1042', b'"id":9999').replace(b'"PRODUCTION_DELAYED"', b'"CANCELED"')
        if seen.method == "GET"
        else body
    )
    assert harness.cancel().state is State.UNKNOWN
    assert harness.follow_up().state is not State.CANCELED


@pytest.mark.parametrize("job", [{"status": {"name": "CANCELED"}}, {"name": "CANCELED"}, [{"id": 1042}]])
def test_what_is_no_job_cancels_nothing(lulu: LuluSimulator, harness: SimulatedHarness, job: object) -> None:
    lulu.add_order(ORDER)
    harness.recorder.override = lambda seen: (200, json.dumps(job)) if seen.method == "GET" else None
    assert harness.cancel().state is State.UNKNOWN


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_read_that_fails_after_a_cancel_was_taken_does_not_say_that_nothing_was_done(
    lulu: LuluSimulator, harness: SimulatedHarness, status: int
) -> None:
    lulu.add_order(ORDER)
    harness.recorder.override = lambda seen: (status, "{}") if seen.method == "GET" else None
    assert (harness.cancel().state, lulu.actual_status(ORDER)) == (State.UNKNOWN, "CANCELED")
    harness.recorder.override = None
    assert harness.follow_up().state is State.CANCELED


@pytest.mark.parametrize("body", ["<h1>Not Found</h1>", '{"message": "no Route matched"}', ""])
@pytest.mark.parametrize("status", [404, 405])
def test_a_404_of_a_path_refuses_nothing_and_names_the_base_url(
    harness: SimulatedHarness, status: int, body: str
) -> None:
    harness.recorder.override = lambda seen: (status, body) if "print-jobs" in seen.path else None
    case = harness.cancel()
    assert (case.state, case.rejection) == (State.PENDING, None)
    assert "base URL" in str(case.hint)


def test_a_404_on_the_cancel_alone_is_read_back_and_asked_again(lulu: LuluSimulator, harness: SimulatedHarness) -> None:
    lulu.add_order(ORDER)
    harness.recorder.override = lambda seen: (404, '{"detail": "Not found."}') if seen.method == "PUT" else None
    assert harness.cancel().state is State.PENDING
    harness.recorder.override = None
    assert harness.follow_up().state is State.CANCELED


def test_people_stay_out_of_the_evidence(lulu: LuluSimulator, harness: SimulatedHarness) -> None:
    lulu.add_order(ORDER)
    harness.cancel()
    kept = [step.exchange.body for step in harness.receipt.history if step.exchange is not None]
    assert "1042" in str(kept)
    assert "Understudy" not in str(kept)


def test_the_number_is_lulus_own(harness: SimulatedHarness) -> None:
    with pytest.raises(ValidationError, match="not your external_id"):
        harness.desk.orders.register("1042", connection="lulu", by="Ann", remote_id="#1042")


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
    lulu: LuluSimulator, harness: SimulatedHarness, method: str, path: str, status: int
) -> None:
    lulu.add_order(ORDER)
    harness.cancel()
    token = harness.recorder.requests[-1].headers["authorization"]
    base = harness.desk.connections.get("lulu").service(NOW).base_url
    response = httpx.request(method, base + path, headers={"authorization": token})
    assert response.status_code == status
    if path.rstrip("/") == "/print-jobs/1042" and status == 200:
        assert (response.json()["id"], response.json()["status"]["name"]) == (1042, "CANCELED")
