"""Canceling an order at Shopify: the job only works, `cancelledAt` decides, and nothing costs without being said."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from orderdesk_devkit.testing.harness import SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_devkit.testing.request_recorder import RecordedRequest
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.plugin.answer import Rejection
from orderdesk_shopify.simulator import ShopifySimulator

integration = "shopify"
WHY = "customer asked"
Asked = Callable[[SimulatedHarness], list[str]]
Canceled = Callable[[SimulatedHarness], CancelCase]


def test_an_order_is_canceled_once_it_says_so_itself(
    simulator: ShopifySimulator, harness: SimulatedHarness, asked: Asked
) -> None:
    assert harness.cancel(WHY).state is State.ACKNOWLEDGED
    case = harness.follow_up()
    names = "gid://shopify/Job/1 gid://shopify/OrderCancelJobResult/1"
    assert (case.state, case.request_reference) == (State.CANCELED, names)
    proof = harness.receipt.evidence
    assert proof is not None
    assert (proof.kind, simulator.actual_status("1042")) == (EvidenceKind.POLLED_STATUS, "canceled")
    assert f'"cancelledAt":"{simulator.order("1042").canceled_at:%Y-%m-%dT%H:%M:%SZ}"' in str(proof.exchange)
    assert asked(harness) == ["Order", "Cancel", "Result", "Result"]


@pytest.mark.slow
@pytest.mark.parametrize("version", ["2025-10", "2026-01", "2026-04", "2026-07"])
def test_a_job_that_is_done_is_no_cancellation(
    version: str, simulator: ShopifySimulator, open_harness: HarnessOpener, canceled: Canceled
) -> None:
    simulator.set_option("obstacle", "an open return")
    stage = open_harness({"api_version": version})
    case = canceled(stage)
    assert (case.state, case.rejection, simulator.actual_status("1042")) == (
        State.REJECTED,
        Rejection.NOT_ALLOWED,
        "open",
    )
    assert case.message == "Shopify's job is done and the order is not canceled"
    assert "returns" in str(case.hint)
    assert not stage.desk.cancellations.receipt("1042").is_canceled


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ("resolved", "is not canceled: INVALID: SIM: an open return keeps the order from being canceled"),
        ("not resolved", "the order is not canceled"),
    ],
)
def test_from_2026_10_on_the_job_says_why_it_failed_where_it_can_be_asked(
    known: str, text: str, simulator: ShopifySimulator, open_harness: HarnessOpener, canceled: Canceled
) -> None:
    simulator.set_option("obstacle", "an open return")
    simulator.set_option("job_result", known)
    stage = open_harness({"api_version": "2026-10"})
    case = canceled(stage)
    assert (case.state, case.rejection) == (State.REJECTED, Rejection.NOT_ALLOWED)
    assert str(case.message).endswith(text)
    assert case.request_reference == "gid://shopify/Job/1 gid://shopify/OrderCancelJobResult/1"


def test_a_job_that_ends_between_two_fields_of_one_query_is_no_refusal(
    simulator: ShopifySimulator, harness: SimulatedHarness, asked: Asked
) -> None:
    harness.cancel(WHY)

    def read_too_early(request: RecordedRequest, body: bytes) -> bytes:
        if b"Result(" not in request.body:
            return body
        found = json.loads(body)
        found["data"]["order"]["cancelledAt"] = None
        return json.dumps(found).encode()

    harness.recorder.edit_response = read_too_early
    assert harness.follow_up().state is State.CANCELED
    assert asked(harness) == ["Order", "Cancel", "Result", "Result", "Order"]


def test_an_open_return_that_is_told_at_once_is_refused_after_one_more_look(
    simulator: ShopifySimulator, harness: SimulatedHarness, asked: Asked
) -> None:
    simulator.set_option("obstacle", "an open return")
    simulator.set_option("obstacle_shows", "at once")
    case = harness.cancel(WHY)
    assert (case.state, case.rejection) == (State.REJECTED, Rejection.NOT_ALLOWED)
    assert asked(harness) == ["Order", "Cancel", "Order"]


def test_an_error_without_a_code_of_its_own_is_canceled_where_somebody_else_was_faster(
    simulator: ShopifySimulator, harness: SimulatedHarness, canceled: Canceled
) -> None:
    invalid = {"message": "words that nobody knows", "code": "INVALID", "field": None}

    def faster(request: object) -> tuple[int, str] | None:
        if b"orderCancel(" not in getattr(request, "body", b""):
            return None
        simulator.cancel_in_admin("1042")
        return 200, json.dumps({"data": {"done": {"job": None, "userErrors": [invalid]}}})

    harness.recorder.override = faster
    assert canceled(harness).state is State.CANCELED


def test_a_refund_without_permission_is_refused_and_leaves_the_order_alone(
    simulator: ShopifySimulator, open_harness: HarnessOpener, asked: Asked
) -> None:
    simulator.set_option("refund", "denied")
    stage = open_harness({"refund": True})
    case = stage.cancel(WHY)
    assert (case.state, case.rejection) == (State.REJECTED, Rejection.NOT_ALLOWED)
    assert "refund = false" in str(case.hint)
    assert asked(stage) == ["Order", "Cancel", "Order"]
    assert simulator.actual_status("1042") == "open"


@pytest.mark.slow
def test_an_internal_user_error_proves_nothing(
    simulator: ShopifySimulator, harness: SimulatedHarness, asked: Asked
) -> None:
    simulator.set_option("cancel_error", "internal")
    assert harness.cancel(WHY).state is State.UNKNOWN
    assert harness.follow_up().state is State.ACTION_REQUIRED
    assert asked(harness).count("Cancel") == 1


def test_an_order_that_shopify_does_not_show_is_refused_with_the_grant_that_may_be_missing(
    open_harness: HarnessOpener,
) -> None:
    stage = open_harness(before=ShopifySimulator(VirtualClock()))
    case = stage.cancel(WHY)
    assert (case.state, case.rejection) == (State.REJECTED, Rejection.NOT_ALLOWED)
    assert "read_all_orders" in str(case.hint)
