"""Fulfillment orders: withdrawn before the service accepts, asked back after; the service's word is the answer."""

from __future__ import annotations

import json

import httpx
import pytest

from orderdesk_devkit.testing.harness import SimulatedStage
from orderdesk_devkit.testing.pytest_plugin import StageOpener
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import ProofKind
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.orders.order import Role
from orderdesk_sdk.plugin.answer import Outcome, Refusal
from orderdesk_sdk.plugin.routes import Portal
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.plugin.webhooks import HintKind
from orderdesk_sdk.secret import Secret
from orderdesk_shopify.api import answer_from_fulfillment_order
from orderdesk_shopify.fulfillment import orderdesk_integration, orderdesk_receive
from orderdesk_shopify.settings import ShopSettings
from orderdesk_shopify.simulator import FulfillmentSimulator
from orderdesk_shopify.simulator.webhooks import CLIENT_SECRET

integration = "shopify-fulfillment"


def asked(stage: SimulatedStage) -> list[str]:
    """The names of the documents that changed something, in order."""
    documents = [request.document for request in stage.tap.requests]
    texts = [str(one["query"]).strip() for one in documents if isinstance(one, dict)]
    return [text.split("(")[0].split()[1] for text in texts if text.startswith("mutation")]


def accepted(simulator: FulfillmentSimulator) -> None:
    """Let the service accept the work."""
    assert isinstance(simulator.clock, VirtualClock)
    simulator.clock.advance(minutes(10))


def test_before_acceptance_the_work_is_withdrawn_at_once(
    simulator: FulfillmentSimulator, stage: SimulatedStage
) -> None:
    assert stage.cancel().state is State.ASKED
    case = stage.follow()
    assert (case.state, case.status, simulator.truth("1042")) == (
        State.CANCELED,
        "CLOSED UNSUBMITTED",
        "CLOSED UNSUBMITTED",
    )
    assert stage.receipt.proof is not None
    assert stage.receipt.proof.kind is ProofKind.READ_BACK
    assert asked(stage) == ["Withdraw"]


def test_after_acceptance_the_service_is_asked_and_its_yes_is_read_back(
    simulator: FulfillmentSimulator, stage: SimulatedStage
) -> None:
    accepted(simulator)
    stage.cancel("the customer moved")
    assert (stage.case.state, simulator.fulfillment_order("1042").request) == (State.ASKED, "the customer moved")
    stage.run_due()
    assert stage.follow().state is State.CANCELED
    assert (stage.case.status, asked(stage)) == ("CANCELLED CANCELLATION_ACCEPTED", ["AskBack"])


def test_the_services_no_is_a_refusal_in_its_own_words(simulator: FulfillmentSimulator, stage: SimulatedStage) -> None:
    simulator.set_switch("service", "rejects")
    accepted(simulator)
    stage.cancel()
    case = stage.follow()
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert case.text == "the service refuses: SIM: it is packed already"
    assert not stage.desk.receipt("1042").is_canceled


@pytest.mark.slow
def test_a_service_that_does_not_answer_is_a_persons_task_and_nothing_is_forced(
    simulator: FulfillmentSimulator, stage: SimulatedStage
) -> None:
    simulator.set_switch("service", "silent")
    accepted(simulator)
    stage.cancel()
    case = stage.follow()
    assert (case.state, case.route) == (State.AWAITING_PERSON, 1)
    assert "may still ship" in str(case.text)
    assert (asked(stage), simulator.truth("1042")) == (["AskBack"], "IN_PROGRESS CANCELLATION_REQUESTED")


def test_what_was_asked_for_already_is_not_asked_for_again(
    simulator: FulfillmentSimulator, stage: SimulatedStage
) -> None:
    accepted(simulator)
    order = simulator.fulfillment_order("1042")
    order.asked, order.requested_at = "CANCELLATION_REQUESTED", simulator.clock.now()
    assert stage.cancel().state is State.ASKED
    assert stage.follow().state is State.CANCELED
    assert asked(stage) == []


def test_what_has_shipped_is_refused(simulator: FulfillmentSimulator, stage: SimulatedStage) -> None:
    order = simulator.fulfillment_order("1042")
    order.status, order.asked, order.parcel = "CLOSED", "ACCEPTED", True
    assert (stage.cancel().state, stage.case.refusal) == (State.REFUSED, Refusal.SHIPPED)
    assert asked(stage) == []


def test_where_shopify_offers_no_cancellation_none_is_tried(
    simulator: FulfillmentSimulator, stage: SimulatedStage
) -> None:
    accepted(simulator)
    edit = b'{"action":"REQUEST_CANCELLATION"}'
    stage.tap.edit = lambda _, body: body.replace(b"," + edit, b"")
    assert (stage.cancel().state, stage.case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)
    assert asked(stage) == []


def test_a_service_that_accepts_while_the_work_is_being_withdrawn_is_asked_next_time_and_refused_now(
    simulator: FulfillmentSimulator, stage: SimulatedStage
) -> None:

    def accepting(request: object) -> tuple[int, str] | None:
        if b"fulfillmentOrderCancel(" in getattr(request, "body", b""):
            accepted(simulator)
        return None

    stage.tap.instead = accepting
    case = stage.cancel()
    assert (case.state, case.refusal, case.status) == (State.REFUSED, Refusal.NOT_ALLOWED, "IN_PROGRESS ACCEPTED")


@pytest.mark.slow
def test_a_lost_withdrawal_is_looked_into_and_not_taken_for_one(
    simulator: FulfillmentSimulator, stage: SimulatedStage
) -> None:
    simulator.set_switch("mutation_reply", "lost")
    assert stage.cancel().state is State.UNCLEAR
    assert stage.follow().state is State.AWAITING_PERSON, "closed without a parcel: who closed it, it does not say"


def test_a_lost_request_to_cancel_is_read_back(simulator: FulfillmentSimulator, stage: SimulatedStage) -> None:
    simulator.set_switch("mutation_reply", "lost")
    accepted(simulator)
    assert stage.cancel().state is State.UNCLEAR
    assert stage.follow().state is State.CANCELED
    assert asked(stage) == ["AskBack"]


def test_an_unknown_fulfillment_order_is_refused(open_stage: StageOpener) -> None:
    stage = open_stage(before=FulfillmentSimulator(VirtualClock()))
    assert (stage.cancel().state, stage.case.refusal) == (State.REFUSED, Refusal.NOT_ALLOWED)


def reply(state: str, request: str, *parcels: str, said: object = None) -> httpx.Response:
    order = {
        "id": "gid://shopify/FulfillmentOrder/1",
        "status": state,
        "requestStatus": request,
        "supportedActions": [],
        "fulfillments": {"nodes": [{"status": parcel} for parcel in parcels]},
        "merchantRequests": {"nodes": [{"responseData": said}]},
    }
    return httpx.Response(200, content=json.dumps({"data": {"order": order}}))


def outcome_of(state: str, request: str, *parcels: str) -> Outcome:
    return answer_from_fulfillment_order(reply(state, request, *parcels)).outcome


def test_a_parcel_that_left_is_not_canceled_with_the_rest() -> None:
    assert outcome_of("CANCELLED", "CANCELLATION_ACCEPTED", "SUCCESS") is Outcome.PARTLY_CANCELED
    assert outcome_of("CANCELLED", "CANCELLATION_ACCEPTED", "CANCELLED", "FAILURE") is Outcome.CANCELED
    shipped = answer_from_fulfillment_order(reply("CLOSED", "ACCEPTED", "SUCCESS"))
    assert (shipped.outcome, shipped.refusal) == (Outcome.REFUSED, Refusal.SHIPPED)


def test_the_services_words_go_with_its_no() -> None:
    refused = answer_from_fulfillment_order(reply("IN_PROGRESS", "CANCELLATION_REJECTED", said="no"))
    assert refused.text == "the service refuses: no"


@pytest.mark.parametrize("request_status", ["UNSUBMITTED", "SUBMITTED"])
def test_what_shopify_closed_for_us_is_canceled(request_status: str) -> None:
    closed = reply("CLOSED", request_status)
    assert answer_from_fulfillment_order(closed, withdrawn_by_us=True).outcome is Outcome.CANCELED
    assert answer_from_fulfillment_order(closed).outcome is Outcome.UNCLEAR


def test_the_last_way_is_a_person_who_is_told_what_force_means() -> None:
    declared = orderdesk_integration()
    last = declared.cancel[-1]
    assert (declared.role, declared.statuses, declared.actions) == (Role.FULFILLMENT, (), ())
    assert isinstance(last, Portal)
    assert "Call the service" in last.instruction


def test_an_answer_of_a_fulfillment_service_hints_at_its_fulfillment_order(
    simulator: FulfillmentSimulator, stage: SimulatedStage
) -> None:
    accepted(simulator)
    stage.cancel()
    stage.follow()
    (sent,) = simulator.outbox.messages
    its = ShopSettings(shop_url="https://shop.example", access_token=Secret("t"), webhook_secret=Secret(CLIENT_SECRET))
    hints = orderdesk_receive(sent, Service("shop", its, "", simulator.clock.now(), "agent", Role.FULFILLMENT))
    assert [(hint.remote_id, hint.kind) for hint in hints] == [
        ("gid://shopify/FulfillmentOrder/1042", HintKind.CANCELED),
        ("1042", HintKind.CANCELED),
    ]
