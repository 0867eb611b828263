"""Prior steps in a drive: only what is declared is done, each is told by its own response, and nothing done twice."""

from __future__ import annotations

from collections.abc import Generator, Mapping

import httpx
import pytest
from attrs import evolve

from orderdesk_devkit.testing.fake_client import ANY_ORDER, FakeClient, FakeJournal, exchange_of, intent_of
from orderdesk_sdk.cases.exchange import Certainty, Exchange, TransportLoss
from orderdesk_sdk.cases.prior_steps import StepResult
from orderdesk_sdk.plugin import answer
from orderdesk_sdk.plugin.answer import Answer, Outcome
from orderdesk_sdk.plugin.steps import Step, StepOutcome, StepReport
from orderdesk_sdk.runtime.flow_options import FlowOptions
from orderdesk_sdk.runtime.flow_record import RecordedExchanges
from orderdesk_sdk.runtime.flow_runner import FlowResult, PluginFailure, run_flow
from orderdesk_sdk.runtime.step_log import RouteSteps

HOLD = Step("hold the order")
URL = "https://acme.example/orders/1"
Steps = Generator[httpx.Request | StepReport, httpx.Response, Answer]


def hold() -> httpx.Request:
    return HOLD.call(httpx.Request("PUT", f"{URL}/hold"))


def cancel() -> httpx.Request:
    return httpx.Request("PUT", f"{URL}/cancel")


def holding() -> Steps:
    response = yield hold()
    yield HOLD.done(response)
    response = yield cancel()
    return answer.acknowledged(response)


def driven(
    flow: object,
    client: FakeClient,
    *,
    names: tuple[str, ...] = ("hold the order",),
    done: Mapping[Step, Exchange | None] | None = None,
    recorded: RecordedExchanges | None = None,
) -> FlowResult[Answer]:
    options = FlowOptions(recorded or RecordedExchanges(), steps=RouteSteps(frozenset(names), done or {}, 3))
    return run_flow(lambda: flow, Answer, client.as_client(), FakeJournal(), ANY_ORDER, options)


DONE = StepResult("hold the order", None, StepOutcome.DONE, 3, 1)


def test_a_step_that_is_done_leaves_a_later_call_that_was_turned_away_without_effect() -> None:
    """What the step did is known, so it does not make the cancel unknown."""
    client = FakeClient()
    client.respond(200)
    client.lose(Certainty.NOT_PROCESSED)
    result = driven(holding(), client)
    assert isinstance(result.outcome, TransportLoss)
    assert (result.outcome.certainty, result.may_have_written) == (Certainty.NOT_PROCESSED, False)
    assert result.steps == (DONE,)


def test_a_step_that_is_lost_ends_the_flow_and_is_unknown() -> None:
    client = FakeClient()
    client.lose(Certainty.UNKNOWN)
    result = driven(holding(), client)
    assert isinstance(result.outcome, TransportLoss)
    assert result.steps == (evolve(DONE, outcome=StepOutcome.UNKNOWN),)


def test_what_was_done_before_is_answered_from_the_record_and_proves_nothing() -> None:
    client = FakeClient()
    client.respond(200)
    result = driven(holding(), client, done={HOLD: exchange_of(hold(), 1, body='{"held": true}')})
    assert isinstance(result.outcome, Answer)
    assert result.outcome.outcome is Outcome.ACKNOWLEDGED
    assert [request.url.path for request in client.requests] == ["/orders/1/cancel"]
    assert result.steps == ()


def test_a_replay_after_a_crash_tells_of_the_step_as_the_record_has_it() -> None:
    client = FakeClient()
    client.respond(200)
    exchange = exchange_of(hold(), 1)
    result = driven(holding(), client, recorded=RecordedExchanges({1: intent_of(hold(), 1)}, {1: exchange}))
    assert [request.url.path for request in client.requests] == ["/orders/1/cancel"]
    assert result.steps == (DONE,)


def told_late() -> Steps:
    held = yield hold()
    response = yield cancel()
    yield HOLD.done(held)
    return answer.acknowledged(response)


def told_by_another_call() -> Steps:
    response = yield cancel()
    yield HOLD.done(response)
    return answer.acknowledged(response)


def told_of_nothing() -> Steps:
    yield StepReport("hold the order", None, StepOutcome.DONE)
    return answer.rejected(None, answer.Rejection.TOO_LATE)


def told_without_end() -> Steps:
    response = yield hold()
    while True:
        yield HOLD.done(response)


@pytest.mark.parametrize(
    ("flow", "names", "status", "said"),
    [
        (holding, (), 200, "the flow would 'hold the order', which its route does not declare in `prior`"),
        (holding, ("hold the order",), 503, "that it is done by a response of 503, which cannot say so"),
        (told_late, ("hold the order",), 200, "named another response than the last one"),
        (told_by_another_call, ("hold the order",), 200, "by a response to another call"),
        (told_of_nothing, ("hold the order",), 200, "named another response than the last one"),
        (told_without_end, ("hold the order",), 200, "the flow told of 500 steps without an end"),
    ],
)
def test_what_a_flow_may_not_say_of_a_step_is_a_fault_of_the_plugin(
    flow: object, names: tuple[str, ...], status: int, said: str
) -> None:
    client = FakeClient()
    client.respond(status, 200)
    assert callable(flow)
    result = driven(flow(), client, names=names)
    assert isinstance(result.outcome, PluginFailure)
    assert said in result.outcome.message


def test_a_done_step_whose_response_is_not_kept_is_not_sent_again() -> None:
    result = driven(holding(), FakeClient(), done={HOLD: None})
    assert isinstance(result.outcome, PluginFailure)
    assert "'hold the order' again, which is done already" in result.outcome.message
