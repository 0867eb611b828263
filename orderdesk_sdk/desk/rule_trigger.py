"""Lets the rules act at once on what a call of a desk changed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from orderdesk_sdk.runtime.scheduler import Scheduler

__all__ = ["RuleTrigger", "then_rules_act"]

P = ParamSpec("P")
T = TypeVar("T")


class RuleTrigger:
    """Lets the rules act on what is pending."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def fire(self, confirmed: Collection[str] = ()) -> None:
        """Let the rules act now. What keeps them from it stays pending, and `Desk.run_due` reports it.

        Args:
            confirmed: ids of moves that the caller knows to be made.
        """
        self._scheduler.process_events(confirmed=confirmed)


class HasRuleTrigger(Protocol):
    """A service whose public methods let the rules act."""

    rule_trigger: RuleTrigger


S = TypeVar("S", bound=HasRuleTrigger)


def then_rules_act(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """The method, after which the rules act. Not for a method that a rule's action calls."""

    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        result = method(self, *args, **kwargs)
        self.rule_trigger.fire()
        return result

    functools.update_wrapper(call, method)
    return call
