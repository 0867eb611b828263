"""We are the fulfillment service, and the merchant asks us at Shopify to cancel: read, answered once, in its words."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.harness import ORDER, SimulatedHarness
from orderdesk_devkit.testing.pytest_plugin import HarnessOpener
from orderdesk_sdk import NotificationKind, ResponseCase, State, VirtualClock, minutes
from orderdesk_sdk.plugin import ResponseAnswer
from orderdesk_shopify.simulator import FulfillmentSimulator
from orderdesk_shopify.simulator.store import Durations

integration = "shopify-fulfillment"
SERVICE = {"acts_as": "service"}


@pytest.fixture
def shop() -> FulfillmentSimulator:
    made = FulfillmentSimulator(VirtualClock(), durations=Durations(acceptance=minutes(1)))
    made.set_option("service", "silent")
    made.add_order(ORDER)
    return made


@pytest.fixture
def stage(open_harness: HarnessOpener, shop: FulfillmentSimulator) -> SimulatedHarness:
    return open_harness(SERVICE, before=shop)


def response_of(stage: SimulatedHarness) -> ResponseCase:
    (found,) = stage.desk.responses.list(order=ORDER)
    return found


def asked(stage: SimulatedHarness, shop: FulfillmentSimulator) -> ResponseCase:
    shop.ask_to_cancel(ORDER)
    stage.desk.run_due()
    return response_of(stage)


@pytest.mark.parametrize(
    ("answered", "word"),
    [("accept", "CANCELLED CANCELLATION_ACCEPTED"), ("reject", "IN_PROGRESS CANCELLATION_REJECTED")],
)
def test_a_request_is_found_and_answered(
    answered: str, word: str, stage: SimulatedHarness, shop: FulfillmentSimulator
) -> None:
    case = asked(stage, shop)
    assert (case.state, case.request.reason) == (State.ACTION_REQUIRED, "ordered twice")
    responses = stage.desk.responses
    if answered == "accept":
        done = responses.accept(case.id, by="Ann")
    else:
        done = responses.reject(case.id, by="Ann", note="it is packed")
    assert (done.state, done.answer, shop.actual_status(ORDER)) == (State.DONE, ResponseAnswer(answered), word)
    told = [one["variables"] for one in stage.documents("graphql.json") if "message" in one["variables"]]
    said = "no fulfillment service holds it" if answered == "accept" else "it is packed"
    assert [one["message"] for one in told] == [said]


def test_after_an_acceptance_the_order_is_read_as_canceled(stage: SimulatedHarness, shop: FulfillmentSimulator) -> None:
    stage.desk.responses.accept(asked(stage, shop).id, by="Ann")
    stage.follow_up()
    assert (stage.case.state, stage.case.is_reported) == (State.CANCELED, True)


def test_the_webhook_is_a_hint_and_the_requests_are_read(stage: SimulatedHarness, shop: FulfillmentSimulator) -> None:
    shop.ask_to_cancel(ORDER)
    heard = stage.desk.notifications.handle_webhook(stage.connection, shop.outbox.messages[-1])
    assert {one.kind for one in heard} == {NotificationKind.CANCEL_REQUESTED}
    assert response_of(stage).state is State.ACTION_REQUIRED


def test_one_that_the_merchant_withdrew_is_withdrawn(stage: SimulatedHarness, shop: FulfillmentSimulator) -> None:
    asked(stage, shop)
    shop.withdraw_request(ORDER)
    stage.wait_for(stage.clock.now() + minutes(5))
    stage.desk.run_due()
    assert response_of(stage).state is State.WITHDRAWN


def test_a_second_request_is_not_answered_in_place_of_the_first(
    stage: SimulatedHarness, shop: FulfillmentSimulator
) -> None:
    case = asked(stage, shop)
    shop.ask_to_cancel(ORDER, "please")
    done = stage.desk.responses.accept(case.id, by="Ann")
    assert (done.state, done.message) == (State.REJECTED, "another request was made since")
    stage.wait_for(stage.clock.now() + minutes(5))
    stage.desk.run_due()
    assert [one.state for one in stage.desk.responses.list()] == [State.REJECTED, State.ACTION_REQUIRED]


@pytest.mark.parametrize("reply", ["given", "lost"])
def test_an_answer_whose_reply_is_lost_is_read_and_given_once(
    reply: str, stage: SimulatedHarness, shop: FulfillmentSimulator
) -> None:
    case = asked(stage, shop)
    shop.set_option("mutation_reply", reply)
    after = stage.desk.responses.accept(case.id, by="Ann")
    assert after.state is (State.UNKNOWN if reply == "lost" else State.DONE)
    if after.due_at is not None:
        stage.wait_for(after.due_at)
        stage.desk.run_due()
    assert response_of(stage).state is State.DONE
    assert sum("Accept(" in one["query"] for one in stage.documents("graphql.json")) == 1


def test_as_the_merchant_nothing_is_listed(open_harness: HarnessOpener, shop: FulfillmentSimulator) -> None:
    shop.ask_to_cancel(ORDER)
    stage = open_harness(before=shop)
    stage.desk.run_due()
    assert (stage.desk.responses.list(), stage.recorder.requests) == ((), [])


def test_as_the_service_our_own_cancel_is_a_persons_step(stage: SimulatedHarness) -> None:
    (entry,) = stage.desk.cancellations.plan(ORDER).entries
    assert [step.label for step in entry.steps] == ["a person"]
