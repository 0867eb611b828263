"""What an opener is: it makes a worker, a desk with its engine, in this process or in a child that will be killed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib import import_module

from attrs import frozen

from orderdesk_sdk.cases.case import OPEN, Case
from orderdesk_sdk.clock import Clock, SystemClock
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.runtime.engines.protocol import Engine

__all__ = ["HostClock", "LaterClock", "Opener", "Worker", "has_open_cases", "open_worker"]


@frozen
class Worker:
    """A desk and its engine, which the desk uses. `engine.run()` returns soon after the event given to its opener."""

    desk: Desk
    engine: Engine


Opener = Callable[[Mapping[str, str], Clock, threading.Event], Worker]
"""Makes a worker of options, of a clock, and of an event that tells its engine to stop. The options are those that a
suite's `new_options` gives, and `shop`, the URL of the shop. The desk has the connections that `shop` declares; a sweep
comes often and finds what is overdue by SLACK."""


class LaterClock(SystemClock):
    """The clock of a worker that lives later, since a test cannot wait until a lease ends."""

    def __init__(self, by: timedelta) -> None:
        self._by = by

    def now(self) -> datetime:
        """The time then."""
        return super().now() + self._by


class HostClock(SystemClock):
    """The clock of a machine, which is wrong by what a test sets. A ledger with a clock of its own makes it harmless:
    then an opener takes that."""

    def __init__(self) -> None:
        self.wrong_by = timedelta(0)

    def now(self) -> datetime:
        """The wrong time."""
        return super().now() + self.wrong_by


@contextmanager
def open_worker(
    opener: str, options: Mapping[str, str], clock: Clock | None = None, stop: threading.Event | None = None
) -> Iterator[Worker]:
    """A worker, made by the function that `opener` names as `module:function`; closed after the block."""
    module, _, name = opener.partition(":")
    function: Opener = getattr(import_module(module), name)
    worker = function(options, clock or HostClock(), stop or threading.Event())
    with worker.desk:
        yield worker


def has_open_cases(desk: Desk) -> bool:
    """Whether anything is left to be done, whoever has it."""
    return bool(desk.ledger.cases(Case, states=tuple(OPEN), limit=1))
