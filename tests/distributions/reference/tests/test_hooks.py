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
from orderdesk_devkit.testing.harness import LINES, ORDER, Stage, staged
from orderdesk_reference import cart, listener
from orderdesk_reference.simulator import MESSAGE_SECRET, CartSimulator, MakerSimulator
from orderdesk_sdk import Integration, Message, ProofKind, Registry, State, VirtualClock, hookimpl
from orderdesk_sdk.cases.errand import ErrandState
from orderdesk_sdk.plugin import Answer, CancelRequest, Flow, Hint, Refusal, answer, hookspecs

MAKER, CART, LISTENER = orderdesk_reference, cart, listener
KEPT = {"order_items": [{"metadata": {"keep": "yes"}}]}


def integration(stage: Stage) -> None:
    (entry,) = stage.desk.plan(ORDER).entries
    assert [step.label for step in entry.steps] == ["button (asks)", "e-mail"]


def cancel(stage: Stage) -> None:
    assert stage.cancel().state is State.ASKED
    assert stage.calls == [f"POST /orders/{ORDER}/cancel 202"]


def cancel_many(stage: Stage) -> None:
    assert stage.cancel().state is State.ASKED
    assert stage.calls == ["POST /cancellations 200"]


def check(stage: Stage) -> None:
    stage.cancel()
    assert stage.follow().state is State.CANCELED
    assert stage.proof.kind is ProofKind.READ_BACK


def resubmit(stage: Stage) -> None:
    stage.cancel()
    stage.follow()
    made = stage.resubmit()
    assert (made.state, made.text) == (ErrandState.DONE, None)


def change_status(stage: Stage) -> None:
    stage.desk.change_status(ORDER, "on hold", by="a test")
    assert stage.placement.status == "on hold"


def receive(stage: Stage) -> None:
    stage.cancel()
    body = f'{{"number": "{ORDER}", "status": "packing"}}'.encode()
    signature = base64.b64encode(hmac.digest(MESSAGE_SECRET.encode(), body, "sha256")).decode()
    (heard,) = stage.desk.receive(stage.connection, Message({"X-Signature": signature}, body))
    assert heard.order_number == ORDER


def before_cancel(stage: Stage) -> None:
    case = stage.cancel()
    assert (case.state, case.refusal) == (State.REFUSED, Refusal.VETOED)


def case_changed(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger=listener.__name__)
    stage.cancel()
    assert f"{ORDER} at reference: took note, now asked" in caplog.messages


@frozen
class Exercise:
    """How a hook is tried. module: of the plugin in which it is. play: fails where the hook does nothing."""

    module: ModuleType
    play: Callable[..., None]
    details: Mapping[str, object] = {}


EXERCISES: Mapping[str, Exercise] = {
    "orderdesk_integration": Exercise(MAKER, integration),
    "orderdesk_cancel": Exercise(MAKER, cancel),
    "orderdesk_cancel_many": Exercise(CART, cancel_many),
    "orderdesk_check": Exercise(MAKER, check),
    "orderdesk_resubmit": Exercise(MAKER, resubmit),
    "orderdesk_change_status": Exercise(CART, change_status),
    "orderdesk_receive": Exercise(MAKER, receive),
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
        return answer.unclear(None)

    orderdesk_check = orderdesk_resubmit = orderdesk_change_status = orderdesk_cancel

    @hookimpl
    def orderdesk_cancel_many(self, requests: Sequence[CancelRequest]) -> Flow[Sequence[Answer]]:
        yield from ()
        return [answer.unclear(None) for _ in requests]

    @hookimpl
    def orderdesk_receive(self) -> Sequence[Hint]:
        return ()

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
def stage_with(exercise: Exercise, changed: ModuleType) -> Iterator[Stage]:
    """The order at the service, with `changed` in place of the exercise's module."""
    clock = VirtualClock()
    at_cart = exercise.module is CART
    simulator = (CartSimulator if at_cart else MakerSimulator)(clock)
    simulator.add_order(ORDER, lines=LINES)
    slug = "reference-cart" if at_cart else "reference"
    heard = [changed] if exercise.module is LISTENER else []
    registry = Registry(find=lambda *, group: ())
    registry.register(MAKER if exercise.module is LISTENER else changed, slug)
    with (
        serve(simulator.app) as served,
        staged(
            slug, simulator.settings(served.url), clock, details=exercise.details, registry=registry, listeners=heard
        ) as stage,
    ):
        yield stage


def played(exercise: Exercise, changed: ModuleType, caplog: pytest.LogCaptureFixture) -> None:
    caplog.clear()
    with stage_with(exercise, changed) as stage:
        more = (caplog,) if exercise.play is case_changed else ()
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
