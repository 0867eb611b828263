"""Each hook at work: what the desk does by it, and that without it the desk does not.

An exercise passes with the plugin as it is, and fails with a plugin whose hook of that name does nothing. So none of
them can be about something else.
"""

from __future__ import annotations

import base64
import hmac
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType

import pytest
from attrs import evolve, frozen

import orderdesk_reference
from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.testing.harness import LINES, ORDER, PluginHarness, open_plugin_harness
from orderdesk_reference import cart, listener
from orderdesk_reference.simulator import WEBHOOK_SECRET, CartSimulator, MakerSimulator
from orderdesk_sdk import EvidenceKind, Integration, PluginRegistry, State, VirtualClock, WebhookRequest, hookimpl
from orderdesk_sdk.plugin import (
    Answer,
    CancelRequest,
    CancelRequestList,
    Eligibility,
    Flow,
    OrderNotification,
    Rejection,
    WebhookList,
    answer,
    hookspecs,
)

MAKER, CART, LISTENER = orderdesk_reference, cart, listener
ANSWERING = {"answer_requests": True}
KEPT = {"order_items": [{"metadata": {"keep": "yes"}}]}


def integration(harness: PluginHarness) -> None:
    (entry,) = harness.desk.cancellations.plan(ORDER).entries
    assert [step.label for step in entry.steps] == ["button (asks)", "e-mail"]


def cancel(harness: PluginHarness) -> None:
    assert harness.cancel().state is State.ACKNOWLEDGED
    assert harness.calls == [f"POST /orders/{ORDER}/cancel 202"]


def cancel_many(harness: PluginHarness) -> None:
    assert harness.cancel().state is State.ACKNOWLEDGED
    assert harness.calls == ["POST /cancellations 200"]


def check(harness: PluginHarness) -> None:
    harness.cancel()
    assert harness.follow_up().state is State.CANCELED
    assert harness.evidence.kind is EvidenceKind.POLLED_STATUS


def read_eligibility(harness: PluginHarness) -> None:
    (result,) = harness.desk.eligibility.read(ORDER, by="a test")
    assert result.reading is not None
    assert result.reading.eligibility.is_eligible


def resubmit(harness: PluginHarness) -> None:
    harness.cancel()
    harness.follow_up()
    made = harness.resubmit()
    assert (made.state, made.message) == (State.DONE, None)


def change_status(harness: PluginHarness) -> None:
    harness.desk.status_changes.create(ORDER, "on hold", by="a test")
    assert harness.remote_order.status == "on hold"


def list_cancel_requests(harness: PluginHarness, simulator: CartSimulator) -> None:
    simulator.ask_to_cancel(ORDER)
    harness.desk.run_due()
    assert [case.request.reason for case in harness.desk.responses.list()] == ["ordered twice"]


def respond(harness: PluginHarness, simulator: CartSimulator) -> None:
    list_cancel_requests(harness, simulator)
    (case,) = harness.desk.responses.list()
    assert harness.desk.responses.reject(case.id, by="a test").state is State.DONE


def receive(harness: PluginHarness) -> None:
    harness.cancel()
    body = f'{{"number": "{ORDER}", "status": "packing"}}'.encode()
    signature = base64.b64encode(hmac.digest(WEBHOOK_SECRET.encode(), body, "sha256")).decode()
    (heard,) = harness.desk.notifications.handle_webhook(
        harness.connection, WebhookRequest({"X-Signature": signature}, body)
    )
    assert heard.order_number == ORDER


def register_webhook(harness: PluginHarness) -> None:
    address = "https://desk.example/in/key"
    assert harness.set_webhook(address).state.value == "missing"
    assert harness.set_webhook(address, wanted=True).state.value == "registered"
    assert harness.set_webhook(address).state.value == "registered"


def before_cancel(harness: PluginHarness) -> None:
    case = harness.cancel()
    assert (case.state, case.rejection) == (State.REJECTED, Rejection.VETOED)


def case_changed(harness: PluginHarness, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger=listener.__name__)
    harness.cancel()
    assert f"{ORDER} at reference: acknowledged, now acknowledged" in caplog.messages


@frozen
class Exercise:
    """How a hook is tried. module: of the plugin in which it is. play: fails where the hook does nothing."""

    module: ModuleType
    play: Callable[..., None]
    details: Mapping[str, object] = {}
    settings: Mapping[str, object] = {}


EXERCISES: Mapping[str, Exercise] = {
    "orderdesk_integration": Exercise(MAKER, integration),
    "orderdesk_cancel": Exercise(MAKER, cancel),
    "orderdesk_cancel_many": Exercise(CART, cancel_many),
    "orderdesk_poll": Exercise(MAKER, check),
    "orderdesk_read_eligibility": Exercise(MAKER, read_eligibility),
    "orderdesk_resubmit": Exercise(MAKER, resubmit),
    "orderdesk_change_status": Exercise(CART, change_status),
    "orderdesk_list_cancel_requests": Exercise(CART, list_cancel_requests, settings=ANSWERING),
    "orderdesk_respond": Exercise(CART, respond, settings=ANSWERING),
    "orderdesk_parse_webhook": Exercise(MAKER, receive),
    "orderdesk_webhooks": Exercise(MAKER, register_webhook),
    "orderdesk_before_cancel": Exercise(LISTENER, before_cancel, KEPT),
    "orderdesk_case_changed": Exercise(LISTENER, case_changed),
}


class Idle:
    """Every hook, as one that says nothing: what it gives can be used, and tells nothing."""

    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return evolve(orderdesk_reference.orderdesk_integration(), cancel=())

    @hookimpl
    def orderdesk_cancel(self) -> Flow[Answer]:
        yield from ()
        return answer.unknown(None)

    orderdesk_poll = orderdesk_resubmit = orderdesk_change_status = orderdesk_respond = orderdesk_cancel

    @hookimpl
    def orderdesk_read_eligibility(self) -> Flow[Eligibility]:
        yield from ()
        return Eligibility(None)

    @hookimpl
    def orderdesk_list_cancel_requests(self) -> Flow[CancelRequestList]:
        yield from ()
        return CancelRequestList()

    @hookimpl
    def orderdesk_cancel_many(self, requests: Sequence[CancelRequest]) -> Flow[Sequence[Answer]]:
        yield from ()
        return [answer.unknown(None) for _ in requests]

    @hookimpl
    def orderdesk_parse_webhook(self) -> Sequence[OrderNotification]:
        return ()

    @hookimpl
    def orderdesk_webhooks(self) -> Flow[WebhookList]:
        yield from ()
        return WebhookList()

    @hookimpl
    def orderdesk_before_cancel(self) -> str | None:
        return None

    @hookimpl
    def orderdesk_case_changed(self) -> None:
        return None


def idle(module: ModuleType, hook: str) -> ModuleType:
    """The module with this one hook idle."""
    made = ModuleType(module.__name__)
    vars(made).update(vars(module), **{hook: getattr(Idle(), hook)})
    return made


@contextmanager
def stage_with(exercise: Exercise, changed: ModuleType) -> Iterator[tuple[PluginHarness, CartSimulator]]:
    """The order at the service, with `changed` in place of the exercise's module."""
    clock = VirtualClock()
    at_cart = exercise.module is CART
    simulator = (CartSimulator if at_cart else MakerSimulator)(clock)
    simulator.add_order(ORDER, lines=LINES)
    slug = "reference-cart" if at_cart else "reference"
    heard = [changed] if exercise.module is LISTENER else []
    registry = PluginRegistry(find=lambda *, group: ())
    registry.register(MAKER if exercise.module is LISTENER else changed, slug)
    with (
        serve(simulator.app) as served,
        open_plugin_harness(
            slug,
            {**simulator.settings(served.url), **exercise.settings},
            clock,
            details=exercise.details,
            registry=registry,
            listeners=heard,
        ) as stage,
    ):
        yield stage, simulator


def played(exercise: Exercise, changed: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    caplog.clear()
    with stage_with(exercise, changed) as (stage, simulator):
        more: tuple[object, ...] = (caplog,) if exercise.play is case_changed else ()
        more = (simulator,) if exercise.play in (list_cancel_requests, respond) else more
        exercise.play(stage, *more)


def test_every_hook_is_exercised() -> None:
    """A new hook must be shown here."""
    named = {name for name in vars(hookspecs) if name.startswith("orderdesk_")}
    assert set(EXERCISES) == named | hookspecs.LISTENER_HOOKS


@pytest.mark.parametrize("hook", EXERCISES)
def test_a_hook_does_what_it_is_for(hook: str, caplog: pytest.LogCaptureFixture) -> None:
    played(EXERCISES[hook], EXERCISES[hook].module, caplog)


@pytest.mark.parametrize("hook", EXERCISES)
def test_where_it_does_nothing_its_exercise_fails(hook: str, caplog: pytest.LogCaptureFixture) -> None:
    exercise = EXERCISES[hook]
    with pytest.raises((AssertionError, ValueError)):
        played(exercise, idle(exercise.module, hook), caplog)
