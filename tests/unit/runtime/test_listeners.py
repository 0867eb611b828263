"""Listeners: a veto is heard, a failure is noted, and no listener stops a case or takes an integration's hooks."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from types import ModuleType

import pytest

from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.state_machine import Event, EventKind
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.plugin.hookspecs import LISTENERS, hookimpl
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.runtime.listeners import Listeners
from tests.support.builders import NOW, make_case

REQUEST = CancelRequest(Order("1", "1042"), RemoteOrder("shop", "1042", NOW, ConnectionRole.FULFILLMENT), "c1")
CASE = make_case(State.ACKNOWLEDGED)
EVENT = Event(EventKind.ACKNOWLEDGED, NOW, due_at=NOW)


class Policy:
    """Answers what it was made with; an exception is raised."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.heard: list[tuple[CancelCase, Event]] = []

    @hookimpl
    def orderdesk_before_cancel(self, request: CancelRequest) -> object:
        assert request is REQUEST
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    @hookimpl
    def orderdesk_case_changed(self, case: CancelCase, event: Event) -> None:
        self.heard.append((case, event))
        if isinstance(self.answer, BaseException):
            raise self.answer


class Rogue(Policy):
    """Would like to be an integration as well."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: object) -> None:
        raise AssertionError("never called")


class Misspelled(Policy):
    """Implements a hook that nobody specified."""

    @hookimpl
    def orderdesk_before_cancle(self, request: CancelRequest) -> None:
        raise AssertionError("never called")


class Greedy(Policy):
    """Wants an argument that the hook has not."""

    @hookimpl
    def orderdesk_case_changed(self, case: CancelCase, store: str) -> None:  # type: ignore[override]  # that is what is wrong
        raise AssertionError("never called")


def listening(*given: object, installed: tuple[EntryPoint, ...] = ()) -> Listeners:
    return Listeners(given, lambda: installed)


def point(name: str, target: str) -> EntryPoint:
    return EntryPoint(name, f"od_fake_listeners:{target}", LISTENERS)


@pytest.mark.parametrize("answer", [None, "", "  "])
def test_what_is_no_reason_is_no_veto(answer: object) -> None:
    assert listening(Policy(answer)).veto(REQUEST) == (None, ())


@pytest.mark.parametrize("answer", [5, True])
def test_junk_is_no_veto_and_is_noted(answer: object) -> None:
    veto, (fault,) = listening(Policy(answer)).veto(REQUEST)
    assert veto is None
    said = f"TypeError: the listener answered {type(answer).__name__}, not"
    assert f"listener 1 failed in orderdesk_before_cancel: {said}" in fault


def test_a_reason_vetoes_whoever_else_agrees() -> None:
    assert listening(Policy(None), Policy("fraud check runs"), Policy(None)).veto(REQUEST) == ("fraud check runs", ())


def test_without_listeners_everything_passes() -> None:
    assert listening().veto(REQUEST) == (None, ())
    assert listening().notify(CASE, EVENT) == ()


@pytest.mark.parametrize("error", [KeyError("x"), SystemExit(2)], ids=["error", "exit"])
def test_a_failing_listener_is_noted_and_the_others_are_heard(error: BaseException) -> None:
    failing, observer = Policy(error), Policy("no")
    listeners = listening(observer, failing)
    veto, faults = listeners.veto(REQUEST)
    assert veto == "no"
    assert len(faults) == 1
    assert "the listener listener 2 failed in orderdesk_before_cancel" in faults[0]
    assert type(error).__name__ in faults[0]
    told = listeners.notify(CASE, EVENT)
    assert len(told) == 1
    assert "orderdesk_case_changed" in told[0]
    assert failing.heard == observer.heard == [(CASE, EVENT)]


@pytest.mark.parametrize("rogue", [Rogue, Misspelled, Greedy])
def test_a_listener_that_implements_other_hooks_is_refused_and_the_rest_goes_on(rogue: type[Policy]) -> None:
    observer = Policy(None)
    listeners = listening(rogue("I forbid everything"), observer)
    assert listeners.veto(REQUEST) == (None, ())
    assert listeners.notify(CASE, EVENT) == ()
    assert observer.heard == [(CASE, EVENT)]
    fault = listeners.errors["listener 1"]
    assert fault.location == "listener listener 1 (registered in code)"
    assert "cannot be used" in fault.message


def test_a_rogue_is_told_which_hook_it_may_not_implement() -> None:
    listeners = listening(Rogue(None))
    listeners.veto(REQUEST)
    assert "a listener may not implement orderdesk_cancel" in listeners.errors["listener 1"].message


INSTALLED = Policy("closed on Sundays")
ROGUE = Rogue("I forbid everything")


def test_installed_listeners_are_loaded_on_first_use_and_broken_ones_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("od_fake_listeners")
    module.__dict__.update(INSTALLED=INSTALLED, ROGUE=ROGUE)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    asked: list[int] = []

    def find() -> tuple[EntryPoint, ...]:
        asked.append(1)
        return (point("sundays", "INSTALLED"), point("rogue", "ROGUE"), point("gone", "ABSENT"))

    listeners = Listeners((), find)
    assert asked == []
    assert listeners.veto(REQUEST) == ("closed on Sundays", ())
    assert set(listeners.errors) == {"rogue", "gone"}
    assert "may not implement" in listeners.errors["rogue"].message
    assert "AttributeError" in listeners.errors["gone"].message
    assert listeners.load() == listeners.errors
    listeners.notify(CASE, EVENT)
    assert asked == [1]
    assert INSTALLED.heard == [(CASE, EVENT)]
