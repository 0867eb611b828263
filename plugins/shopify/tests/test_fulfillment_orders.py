"""Fulfillment orders: withdrawn before the service accepts, asked back after; the service's word is the answer."""

from __future__ import annotations

import json

import httpx
import pytest

from orderdesk_devkit.testing.harness import SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.evidence import EvidenceKind
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.answer import Outcome, Rejection
from orderdesk_sdk.plugin.routes import Portal
from orderdesk_sdk.plugin.service import Service
from orderdesk_sdk.plugin.webhooks import NotificationKind
from orderdesk_sdk.secret import Secret
from orderdesk_shopify.api import answer_from_fulfillment_order
from orderdesk_shopify.fulfillment import orderdesk_integration, orderdesk_parse_webhook
from orderdesk_shopify.settings import FulfillmentSettings
from orderdesk_shopify.simulator import FulfillmentSimulator
from orderdesk_shopify.simulator.webhooks import CLIENT_SECRET

integration = "shopify-fulfillment"


def asked(harness: SimulatedHarness) -> list[str]:
    """The names of the documents that changed something, in order."""
    documents = [request.document for request in harness.recorder.requests]
    texts = [str(one["query"]).strip() for one in documents if isinstance(one, dict)]
    return [text.split("(")[0].split()[1] for text in texts if text.startswith("mutation")]


def accepted(simulator: FulfillmentSimulator) -> None:
    """Let the service accept the work."""
    assert isinstance(simulator.clock, VirtualClock)
    simulator.clock.advance(minutes(10))


def test_before_acceptance_the_work_is_withdrawn_at_once(
    simulator: FulfillmentSimulator, harness: SimulatedHarness
) -> None:
    assert harness.cancel().state is State.ACKNOWLEDGED
    case = harness.follow_up()
    assert (case.state, case.service_status, simulator.actual_status("1042")) == (
        State.CANCELED,
        "CLOSED UNSUBMITTED",
        "CLOSED UNSUBMITTED",
    )
    assert harness.receipt.evidence is not None
    assert harness.receipt.evidence.kind is EvidenceKind.POLLED_STATUS
    assert asked(harness) == ["Withdraw"]


def test_after_acceptance_the_service_is_asked_and_its_yes_is_read_back(
    simulator: FulfillmentSimulator, harness: SimulatedHarness
) -> None:
    accepted(simulator)
    harness.cancel("the customer moved")
    assert (harness.case.state, simulator.fulfillment_order("1042").request) == (
        State.ACKNOWLEDGED,
        "the customer moved",
    )
    harness.run_due()
    assert harness.follow_up().state is State.CANCELED
    assert (harness.case.service_status, asked(harness)) == ("CANCELLED CANCELLATION_ACCEPTED", ["AskBack"])


@pytest.mark.slow
def test_the_services_no_is_a_refusal_in_its_own_words(
    simulator: FulfillmentSimulator, harness: SimulatedHarness
) -> None:
    simulator.set_option("service", "rejects")
    accepted(simulator)
    harness.cancel()
    case = harness.follow_up()
    assert (case.state, case.rejection) == (State.REJECTED, Rejection.NOT_ALLOWED)
    assert case.message == "the service refuses: SIM: it is packed already"
    assert not harness.desk.cancellations.receipt("1042").is_canceled


@pytest.mark.slow
def test_a_service_that_does_not_answer_is_a_persons_task_and_nothing_is_forced(
    simulator: FulfillmentSimulator, harness: SimulatedHarness
) -> None:
    simulator.set_option("service", "silent")
    accepted(simulator)
    harness.cancel()
    case = harness.follow_up()
    assert (case.state, case.route) == (State.ACTION_REQUIRED, 1)
    assert "may still ship" in str(case.message)
    assert (asked(harness), simulator.actual_status("1042")) == (["AskBack"], "IN_PROGRESS CANCELLATION_REQUESTED")


def test_what_was_asked_for_already_is_not_asked_for_again(
    simulator: FulfillmentSimulator, harness: SimulatedHarness
) -> None:
    accepted(simulator)
    order = simulator.fulfillment_order("1042")
    order.asked, order.requested_at = "CANCELLATION_REQUESTED", simulator.clock.now()
    assert harness.cancel().state is State.ACKNOWLEDGED
    assert harness.follow_up().state is State.CANCELED
    assert asked(harness) == []


def test_what_has_shipped_is_refused(simulator: FulfillmentSimulator, harness: SimulatedHarness) -> None:
    order = simulator.fulfillment_order("1042")
    order.status, order.asked, order.parcel = "CLOSED", "ACCEPTED", "SUCCESS"
    assert (harness.cancel().state, harness.case.rejection) == (State.REJECTED, Rejection.SHIPPED)
    assert asked(harness) == []


def test_where_shopify_offers_no_cancellation_none_is_tried(
    simulator: FulfillmentSimulator, harness: SimulatedHarness
) -> None:
    accepted(simulator)
    edit = b'{"action":"REQUEST_CANCELLATION"}'
    harness.recorder.edit_response = lambda _, body: body.replace(b"," + edit, b"")
    assert (harness.cancel().state, harness.case.rejection) == (State.REJECTED, Rejection.NOT_ALLOWED)
    assert asked(harness) == []


def test_a_service_that_accepts_while_the_work_is_being_withdrawn_is_asked_next_time_and_refused_now(
    simulator: FulfillmentSimulator, harness: SimulatedHarness
) -> None:

    def accepting(request: object) -> tuple[int, str] | None:
        if b"fulfillmentOrderCancel(" in getattr(request, "body", b""):
            accepted(simulator)
        return None

    harness.recorder.override = accepting
    case = harness.cancel()
    assert (case.state, case.rejection, case.service_status) == (
        State.REJECTED,
        Rejection.NOT_ALLOWED,
        "IN_PROGRESS ACCEPTED",
    )


@pytest.mark.slow
def test_a_lost_withdrawal_is_looked_into_and_not_taken_for_one(
    simulator: FulfillmentSimulator, harness: SimulatedHarness
) -> None:
    simulator.set_option("mutation_reply", "lost")
    assert harness.cancel().state is State.UNKNOWN
    assert harness.follow_up().state is State.ACTION_REQUIRED, "closed without a parcel: who closed it, it does not say"


def test_a_lost_request_to_cancel_is_read_back(simulator: FulfillmentSimulator, harness: SimulatedHarness) -> None:
    simulator.set_option("mutation_reply", "lost")
    accepted(simulator)
    assert harness.cancel().state is State.UNKNOWN
    assert harness.follow_up().state is State.CANCELED
    assert asked(harness) == ["AskBack"]


def test_an_unknown_fulfillment_order_is_refused(open_harness: HarnessOpener) -> None:
    stage = open_harness(before=FulfillmentSimulator(VirtualClock()))
    assert (stage.cancel().state, stage.case.rejection) == (State.REJECTED, Rejection.NOT_ALLOWED)


def response(state: str, request: str, *parcels: str, said: object = None) -> httpx.Response:
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
    return answer_from_fulfillment_order(response(state, request, *parcels)).outcome


def test_a_parcel_that_left_is_not_canceled_with_the_rest() -> None:
    assert outcome_of("CANCELLED", "CANCELLATION_ACCEPTED", "SUCCESS") is Outcome.PARTIALLY_CANCELED
    assert outcome_of("CANCELLED", "CANCELLATION_ACCEPTED", "CANCELLED", "FAILURE") is Outcome.CANCELED
    shipped = answer_from_fulfillment_order(response("CLOSED", "ACCEPTED", "SUCCESS"))
    assert (shipped.outcome, shipped.rejection) == (Outcome.REJECTED, Rejection.SHIPPED)


def test_the_services_words_go_with_its_no() -> None:
    refused = answer_from_fulfillment_order(response("IN_PROGRESS", "CANCELLATION_REJECTED", said="no"))
    assert refused.message == "the service refuses: no"


@pytest.mark.parametrize("request_status", ["UNSUBMITTED", "SUBMITTED"])
def test_what_shopify_closed_for_us_is_canceled(request_status: str) -> None:
    closed = response("CLOSED", request_status)
    assert answer_from_fulfillment_order(closed, withdrawn_by_us=True).outcome is Outcome.CANCELED
    assert answer_from_fulfillment_order(closed).outcome is Outcome.UNKNOWN


def test_the_last_way_is_a_person_who_is_told_what_force_means() -> None:
    declared = orderdesk_integration()
    last = declared.cancel[-1]
    assert (declared.role, declared.statuses, declared.actions) == (ConnectionRole.FULFILLMENT, (), ())
    assert isinstance(last, Portal)
    assert "Call the service" in last.instruction


def test_an_answer_of_a_fulfillment_service_hints_at_its_fulfillment_order(
    simulator: FulfillmentSimulator, harness: SimulatedHarness
) -> None:
    accepted(simulator)
    harness.cancel()
    harness.follow_up()
    (sent,) = simulator.outbox.messages
    its = FulfillmentSettings(
        shop_url="https://shop.example", access_token=Secret("t"), webhook_secret=Secret(CLIENT_SECRET)
    )
    hints = orderdesk_parse_webhook(
        sent, Service("shop", its, "", simulator.clock.now(), "agent", ConnectionRole.FULFILLMENT)
    )
    assert [(hint.remote_id, hint.kind) for hint in hints] == [
        ("gid://shopify/FulfillmentOrder/1042", NotificationKind.CANCELED),
        ("1042", NotificationKind.CANCELED),
    ]
