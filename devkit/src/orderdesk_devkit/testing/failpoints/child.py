"""The process that is killed: does its case with an order, and ends itself by SIGKILL at the boundary it is told.

    python -m orderdesk_devkit.testing.failpoints.child    reads cases on stdin, one a line; see
    `failpoints.fork_server`

Each case is done by a child that is forked when everything is imported, which makes a death cost milliseconds.
A boundary is a moment between two things that can not be undone: before and after each write to ledger and host, and
around each call on the wire. SIGKILL is the end that nobody can catch,
so this needs a POSIX system.
"""

from __future__ import annotations

import enum
import gc
import json
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import wraps
from http.client import HTTPConnection
from pathlib import Path
from typing import NoReturn, ParamSpec, TextIO, TypeVar
from urllib.parse import urlsplit

from attrs import frozen
from cattrs.preconf.json import make_converter

from orderdesk_devkit.simulators.control import PREFIX
from orderdesk_devkit.testing.failpoints.preload import preload
from orderdesk_devkit.testing.harness import connection_config
from orderdesk_sdk.clock import VirtualClock, hours
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.transport.http.pool import RECEIVED, SENDING, SENT

__all__ = [
    "CROSSED",
    "DIED",
    "ENDED",
    "FORKED",
    "IMPORTED",
    "REPORTED",
    "Boundaries",
    "ChildTask",
    "ChildStep",
    "run_children",
    "control",
    "follow_up",
    "open_desk",
    "report",
    "run_step",
]

P = ParamSpec("P")
T = TypeVar("T")

DIED, REPORTED, IMPORTED, CROSSED, ENDED = "died at", "told", "imported", "crossed", "ended"
"""How the lines begin that are left on stdout: where the child died; the ids that its caller was told; the modules that
it had to import, and all boundaries that it crossed, of one which lived; its exit code, by its parent."""
FORKED = "ORDERDESK_FORKED_PIPES"
"""The variable with the pipes of further processes: the number to read from and the one to write to, of each."""
HORIZON = hours(72)
"""How long a case is followed up, in the simulator's time."""
_ROUNDS = 1000
_LEDGER_WRITES = ("open_cancellation", "write", "append", "open_case")
_HOST_WRITES = ("duplicate", "add_remote_order", "record_status")
_HTTP_EVENTS = {
    SENDING: "before the request leaves",
    SENT: "after the request left",
    RECEIVED: "after the response was read",
}
"""What the transport logs of a call, and how the moment is called here."""


class ChildStep(enum.Enum):
    """One thing that an app does with an order."""

    CANCEL = "cancel"
    NEXT = "next"
    """What is due next, once, when it is due."""
    FOLLOW_UP = "follow up"
    """Whatever is due, until nothing is."""
    RESUBMIT = "resubmit"


@frozen
class ChildTask:
    """What a child has to do.

    Args:
        kill_at: the number of the boundary to die at, from 1; 0 lets it live.
        ledger: a file that holds the order.
        settings: of the connection, texts as a simulator gives them.
        url: of the simulator, whose VirtualClock is moved where time must pass; "" where there is none.
        now: that clock's time.
    """

    ledger: str
    slug: str
    settings: Mapping[str, object]
    url: str
    now: datetime
    order: str
    reason: str
    steps: tuple[ChildStep, ...]
    kill_at: int

    def dump(self) -> str:
        """The case as JSON."""
        return json.dumps(_converter.unstructure(self))

    @classmethod
    def load(cls, text: str) -> ChildTask:
        """The case that `dump` wrote."""
        return _converter.structure(json.loads(text), cls)


_converter = make_converter()
_converter.register_structure_hook_func(
    lambda kind: kind is object, lambda value, _: value
)  # Settings are what JSON makes of them.


class Boundaries:
    """Counts the boundaries that this process crosses, each with a name, and ends it at number `kill_at`."""

    def __init__(self, kill_at: int) -> None:
        self._kill_at = kill_at
        self._lock = threading.Lock()
        self.names: list[str] = []

    def cross(self, name: str) -> None:
        """Cross a boundary; does not return where it is the last one."""
        with self._lock:
            self.names.append(name)
            if len(self.names) == self._kill_at:
                report(DIED, name)
                os.kill(os.getpid(), signal.SIGKILL)

    def add_around(self, target: object, methods: Iterable[str]) -> None:
        """Put a boundary before and one after each of these methods of an object."""
        for name in methods:
            setattr(target, name, self._between(f"{type(target).__name__}.{name}", getattr(target, name)))

    def _between(self, name: str, method: Callable[P, T]) -> Callable[P, T]:
        @wraps(method)
        def surrounded(*args: P.args, **kwargs: P.kwargs) -> T:
            self.cross(f"before {name}")
            result = method(*args, **kwargs)
            self.cross(f"after {name}")
            return result

        return surrounded

    def watch_http(self) -> None:
        """Put boundaries around every call, by what the transport logs right before and after its bytes."""
        logger = logging.getLogger("orderdesk_sdk.transport.http")
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.addHandler(_HttpLogHandler(self))


class _HttpLogHandler(logging.Handler):
    def __init__(self, boundaries: Boundaries) -> None:
        super().__init__()
        self._boundaries = boundaries

    def emit(self, record: logging.LogRecord) -> None:
        for event, moment in _HTTP_EVENTS.items():
            if str(record.msg).endswith(event) and isinstance(record.args, tuple):
                method = record.args[len(record.args) - event.count("%")]  # Before them stands what it is about.
                self._boundaries.cross(f"{moment} ({method})")


class _SharedClock(VirtualClock):
    """The clock of the simulator at `url`, moved on from here. Nobody else moves it while this process lives."""

    def __init__(self, now: datetime, url: str) -> None:
        super().__init__(now)
        self._url = url

    def advance(self, by: timedelta) -> datetime:
        if self._url:
            control(self._url, "clock", {"advance_seconds": by.total_seconds()})
        return super().advance(by)

    def sleep_until(self, moment: float) -> None:
        left = moment - self.monotonic()
        if left > 0:
            self.advance(timedelta(seconds=left))


def control(url: str, call: str, body: Mapping[str, object] | None = None) -> None:
    """Make a control call to the simulator at `url`; POST where there is a body, else GET."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
    try:
        connection.request("GET" if body is None else "POST", PREFIX + call, json.dumps(body) if body else None)
        response = connection.getresponse()
        text = response.read().decode()
        if response.status != 200:
            raise OrderDeskError(text, location=f"{url}{PREFIX}{call}")
    finally:
        connection.close()


def open_desk(
    ledger: Path, slug: str, settings: Mapping[str, object], clock: VirtualClock, registry: PluginRegistry | None = None
) -> Desk:
    """A desk whose ledger and orders lie in one file, with one connection, to a simulator, named like its slug."""
    registry = registry or PluginRegistry()
    return Desk(Config(ledger, {slug: connection_config(slug, settings, registry)}), clock=clock, registry=registry)


def run_step(step: ChildStep, desk: Desk, order: str, reason: str, clock: VirtualClock) -> tuple[str, ...]:
    """Take a step; the ids that the caller has in hand after it."""
    match step:
        case ChildStep.CANCEL:
            opened = desk.cancel(order, by="Ann", reason=reason).cases
            if any(case.is_batched for case in opened):  # They are asked for together, when there was time for others.
                _wait(clock, desk.ledger.next_due())
                _run_due(desk)
            return tuple(case.id for case in opened)
        case ChildStep.NEXT:
            _wait(clock, desk.ledger.next_due())
            _run_due(desk)
            return ()
        case ChildStep.FOLLOW_UP:
            follow_up(desk, clock)
            return ()
        case ChildStep.RESUBMIT:
            return (desk.resubmissions.create(order, by="Ann").id,)


def follow_up(desk: Desk, clock: VirtualClock) -> None:
    """Do what is due and let time pass until nothing is, or for three days.

    Raises OrderDeskError for the problems that a desk reports, and where work is due again and again without end.
    """
    end = clock.now() + HORIZON
    for _ in range(_ROUNDS):
        _run_due(desk)
        due = desk.ledger.next_due()
        if due is None or due > end:
            return
        _wait(clock, due)
    raise OrderDeskError(f"there was something due {_ROUNDS} times")


def _run_due(desk: Desk) -> None:
    problems = desk.run_due().problems
    if problems:
        raise OrderDeskError("; ".join(problems))


def _wait(clock: VirtualClock, moment: datetime | None) -> None:
    if moment is not None and moment > clock.now():
        clock.advance(moment - clock.now())


def report(what: str, detail: str) -> None:
    """Leave a line on stdout."""
    # Past every buffer, so that nothing said is lost with the process.
    os.write(sys.stdout.fileno(), f"{what} {detail}\n".encode())


def main() -> None:
    """Do the cases on stdin, each in a child that is forked for it, one after the other."""
    registry = PluginRegistry()
    preload()

    def do(line: str) -> None:
        loaded = set(sys.modules)
        names = _run_task(ChildTask.load(line), registry)
        report(IMPORTED, json.dumps(sorted(set(sys.modules) - loaded)))
        report(CROSSED, json.dumps(names))

    # Once for all of its cases: its thread is gone before there is a fork.
    run_children(sys.stdin, do, lambda line: registry.load(ChildTask.load(line).slug))


def run_children(lines: TextIO, do: Callable[[str], None], before: Callable[[str], object] | None = None) -> None:
    """Let a child be forked for each line and do what it says, one after the other.

    Args:
        before: done before the fork.

    Each leaves its lines on stdout, then its exit code: 1 where it raised, with what it raised.
    """
    _fork_others()
    while line := lines.readline():
        if before is not None:
            before(line)
        gc.freeze()  # A collection in the child would write to each page that it shares with this process.
        child = os.fork()
        if not child:
            _run_child(do, line)
        _, status = os.waitpid(child, 0)
        report(ENDED, str(os.waitstatus_to_exitcode(status)))


def _fork_others() -> None:
    """Fork the other processes that were asked for, each with pipes of its own in place of stdin and stdout.

    A pipe ends when nobody holds its other end any more, so each process closes those that are not its own.
    """
    pairs = [tuple(map(int, pair.split(","))) for pair in os.environ.pop(FORKED, "").split()]
    while pairs:
        tasks, told = pairs.pop()
        is_other = not os.fork()
        if is_other:
            os.dup2(tasks, 0)
            os.dup2(told, 1)
            os.dup2(told, 2)
        for number in (tasks, told, *(number for pair in pairs if is_other for number in pair)):
            os.close(number)
        if is_other:
            report("ready", str(os.getpid()))
            return


def _run_child(do: Callable[[str], None], line: str) -> NoReturn:
    try:
        do(line)
    except BaseException:  # noqa: BLE001 - a child must never go on as if it were its parent
        report("failed", traceback.format_exc())
        os._exit(1)
    os._exit(0)


def _run_task(task: ChildTask, registry: PluginRegistry) -> Sequence[str]:
    """Do a case; the boundaries that were crossed, where it is not killed at one."""
    boundaries = Boundaries(task.kill_at)
    clock = _SharedClock(task.now, task.url)
    with open_desk(Path(task.ledger), task.slug, task.settings, clock, registry) as desk:
        boundaries.add_around(desk.ledger, _LEDGER_WRITES)
        boundaries.add_around(desk.order_store, _HOST_WRITES)
        boundaries.watch_http()
        for step in task.steps:
            for told in run_step(step, desk, task.order, task.reason, clock):
                report(REPORTED, told)
    return boundaries.names


if __name__ == "__main__":
    main()
