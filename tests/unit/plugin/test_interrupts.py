"""What was left behind is interrupted until it ends, however often it loses the interrupt, and nothing after it is."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Generator
from contextlib import suppress

import pytest

from orderdesk_sdk.plugin.guard import Guard, PluginTimeout, Watchdog

LONGEST = 10.0
"""Seconds within which everything here has happened long ago."""


def spin(seconds: float) -> None:
    """Run Python code, so that an interrupt is delivered at once."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


class Hung:
    """Foreign code on a thread of its own, which is left behind once it is where it says.

    interruptible: set by the code; it is left behind then. ended: set when its guard was left. lost: set by the code
    that goes on after an interrupt.
    """

    def __init__(self, code: Callable[[Hung], None], afterwards: Callable[[], None] = lambda: None) -> None:
        self.watchdog = Watchdog()
        self.interruptible, self.lost, self.ended = threading.Event(), threading.Event(), threading.Event()
        self._code, self._afterwards = code, afterwards
        threading.Thread(target=self._run, daemon=True).start()
        assert self.interruptible.wait(LONGEST)
        assert self.watchdog.abandon(0.0)

    def _run(self) -> None:
        with suppress(PluginTimeout):
            Guard(self.watchdog).run(lambda: self._code(self))
        self._afterwards()
        self.ended.set()

    def stay(self) -> None:
        """Stay until an interrupt comes."""
        self.interruptible.set()
        spin(LONGEST)


class Thing:
    """Something that a weak reference may point to."""


def in_weak_reference_callback(hung: Hung) -> None:
    thing = Thing()
    reference = weakref.ref(thing, lambda _: hung.stay())
    del thing
    assert reference() is None


def in_del(hung: Hung) -> None:
    class Noisy:
        def __del__(self) -> None:
            hung.stay()

    Noisy()


def in_closed_generator(hung: Hung) -> None:
    def steps() -> Generator[int, None, None]:
        try:
            yield 1
        finally:
            hung.stay()

    next(steps())


def in_except(hung: Hung) -> None:
    with suppress(BaseException):
        hung.stay()


PLACES = (in_weak_reference_callback, in_del, in_closed_generator, in_except)
"""Where an interrupt is lost."""


@pytest.mark.parametrize("lose", PLACES)
def test_code_that_loses_the_first_interrupt_is_ended(lose: Callable[[Hung], None]) -> None:
    def loop(hung: Hung) -> None:
        lose(hung)
        hung.lost.set()
        while True:
            time.sleep(0.01)

    hung = Hung(loop)
    assert hung.ended.wait(LONGEST), "it goes on for ever"
    assert hung.lost.is_set(), "nothing was lost, so this shows nothing"


def test_code_that_loses_many_interrupts_is_ended() -> None:
    def loop(hung: Hung) -> None:
        for _ in range(2):
            in_except(hung)
        hung.lost.set()
        spin(LONGEST)

    hung = Hung(loop)
    assert hung.ended.wait(LONGEST)
    assert hung.lost.is_set()


@pytest.mark.parametrize("lose", PLACES)
def test_what_runs_on_the_thread_afterwards_is_not_interrupted(lose: Callable[[Hung], None]) -> None:
    hit = threading.Event()

    def ours() -> None:
        try:
            spin(0.5)
        except PluginTimeout:
            hit.set()

    assert Hung(lose, ours).ended.wait(LONGEST)
    assert not hit.is_set()


def test_nobody_interrupts_what_has_ended() -> None:
    hung = Hung(in_except)
    assert hung.ended.wait(LONGEST)
    assert not hung.watchdog.interrupt_again()


def test_what_waits_through_no_fault_of_its_own_is_interrupted_afterwards() -> None:
    hit = threading.Event()

    def wait(hung: Hung) -> None:
        in_except(hung)
        try:
            with hung.watchdog.paused():
                spin(0.5)
        except PluginTimeout:
            hit.set()
        hung.lost.set()
        spin(LONGEST)

    hung = Hung(wait)
    assert hung.ended.wait(LONGEST)
    assert hung.lost.is_set()
    assert not hit.is_set()
