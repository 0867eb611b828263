"""Canceling an order at Shopify: the job only works, `cancelledAt` decides, and nothing costs without being said."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from orderdesk_devkit.testing.harness import SimulatedStage
from orderdesk_devkit.testing.pytest_plugin import StageOpener
from orderdesk_devkit.testing.request_recorder import SeenRequest
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.evidence import ProofKind
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.plugin.answer import Refusal
from orderdesk_shopify.simulator import ShopifySimulator

integration = "shopify"
WHY = "customer asked"
Asked = Callable[[SimulatedStage], list[str]]
Canceled = Callable[[SimulatedStage], Case]


def test_an_order_is_canceled_once_it_says_so_itself(
    simulator: ShopifySimulator, stage: SimulatedStage, asked: Asked
) -> None:
    assert stage.cancel(WHY).state is State.ASKED
    case = stage.follow()
    names = "gid://shopify/Job/1 gid://shopify/OrderCancelJobResult/1"
    assert (case.state, case.reference) == (State.CANCELED, names)
    proof = stage.receipt.proof
    assert proof is not None
    assert (proof.kind, simulator.truth("1042")) == (ProofKind.READ_BACK, "canceled")
    assert f'"cancelledAt":"{simulator.order("1042").canceled_at:%Y-%m-%dT%H:%M:%SZ}"' in str(proof.exchange)
    assert asked(stage) == ["Order", "Cancel", "Result", "Result"]


@pytest.mark.parametrize("version", ["2025-10", "2026-01", "2026-04", "2026-07"])
def test_a_job_that_is_done_is_no_cancellation(
    version: str, simulator: ShopifySimulator, open_stage: StageOpener, canceled: Canceled
) -> None:
    simulator.set_switch("obstacle", "an open return")
    stage = open_stage({"api_version": version})
    case = canceled(stage)
    assert (case.state, case.refusal, simulator.truth("1042")) == (State.REFUSED, Refusal.NOT_ALLOWED, "open")
    assert case.text == "Shopify's job is done and the order is not canceled"
    assert "returns" in str(case.remedy)
    assert not stage.desk.receipt("1042").is_canceled


@pytest.mark.parametrize(
    ("known", "text"),
    [
        ("resolved", "is not canceled: INVALID: SIM: an open return keeps the order from being canceled"),
        ("not resolved", "the order is not canceled"),
    ],
)
def test_from_2026_10_on_the_job_says_why_it_failed_where_it_can_be_asked(
    known: str, text: str, simulator: ShopifySimulator, open_stage: StageOpener, canceled: Canceled
) -> None:
    simulator.set_switch("obstacle", "an open return")
    simulator.set_switch("job_result", known)
    stage = open_stage({"api_version": "2026-10"})
    case = canceled(stage)
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert str(case.text).endswith(text)
    assert case.reference == "gid://shopify/Job/1 gid://shopify/OrderCancelJobResult/1"


def test_a_job_that_ends_between_two_fields_of_one_query_is_no_refusal(
    simulator: ShopifySimulator, stage: SimulatedStage, asked: Asked
) -> None:
    stage.cancel(WHY)

    def read_too_early(request: SeenRequest, body: bytes) -> bytes:
        if b"Result(" not in request.body:
            return body
        found = json.loads(body)
        found["data"]["order"]["cancelledAt"] = None
        return json.dumps(found).encode()

    stage.tap.edit = read_too_early
    assert stage.follow().state is State.CANCELED
    assert asked(stage) == ["Order", "Cancel", "Result", "Result", "Order"]


def test_an_open_return_that_is_told_at_once_is_refused_after_one_more_look(
    simulator: ShopifySimulator, stage: SimulatedStage, asked: Asked
) -> None:
    simulator.set_switch("obstacle", "an open return")
    simulator.set_switch("obstacle_shows", "at once")
    case = stage.cancel(WHY)
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert asked(stage) == ["Order", "Cancel", "Order"]


def test_an_error_without_a_code_of_its_own_is_canceled_where_somebody_else_was_faster(
    simulator: ShopifySimulator, stage: SimulatedStage, canceled: Canceled
) -> None:
    invalid = {"message": "words that nobody knows", "code": "INVALID", "field": None}

    def faster(request: object) -> tuple[int, str] | None:
        if b"orderCancel(" not in getattr(request, "body", b""):
            return None
        simulator.cancel_in_admin("1042")
        return 200, json.dumps({"data": {"done": {"job": None, "userErrors": [invalid]}}})

    stage.tap.instead = faster
    assert canceled(stage).state is State.CANCELED


def test_a_refund_without_permission_is_refused_and_leaves_the_order_alone(
    simulator: ShopifySimulator, open_stage: StageOpener, asked: Asked
) -> None:
    simulator.set_switch("refund", "denied")
    stage = open_stage({"refund": True})
    case = stage.cancel(WHY)
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert "refund = false" in str(case.remedy)
    assert asked(stage) == ["Order", "Cancel", "Order"]
    assert simulator.truth("1042") == "open"


@pytest.mark.slow
def test_an_internal_user_error_proves_nothing(
    simulator: ShopifySimulator, stage: SimulatedStage, asked: Asked
) -> None:
    simulator.set_switch("cancel_error", "internal")
    assert stage.cancel(WHY).state is State.UNCLEAR
    assert stage.follow().state is State.AWAITING_PERSON
    assert asked(stage).count("Cancel") == 1


def test_an_order_that_shopify_does_not_show_is_refused_with_the_grant_that_may_be_missing(
    open_stage: StageOpener,
) -> None:
    stage = open_stage(before=ShopifySimulator(VirtualClock()))
    case = stage.cancel(WHY)
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert "read_all_orders" in str(case.remedy)
