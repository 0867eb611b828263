"""One of many workers on one ledger: cancels its share of the orders as they come, and does what is due.

python -m tests.support.worker_crowd_child    reads tasks on stdin, one a line; see `failpoints.fork_server`
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen
from cattrs.preconf.json import make_converter

from orderdesk_devkit.testing.failpoints.child import report, run_children
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import StorageError
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres import reservations
from tests.support.shared_clock import SharedClock
from tests.support.worker_crowd_services import CrowdOrder, connection_tables

__all__ = ["PROBLEM", "RESERVED_SECONDS", "WorkerTask", "open_crowd_desk"]

PROBLEM = "problem"
"""How a line begins that tells of what a desk could not do."""
CANCELS_AT_ONCE = 10
"""Orders that are canceled between two looks at what is due."""
DUE_AT_ONCE = 40
RESERVED_SECONDS = 4
"""Real seconds for which a worker reserves what it is about to do. So few that some of it is taken from the living."""
IDLE_SECONDS = 0.05
"""Real seconds that a worker waits where nothing is to be done."""


@frozen
class WorkerTask:
    """What a worker does until it is killed, or for a while.

    Args:
        folder: that it shares with whoever runs it: `clock`, `orders` (a JSON line for each that came in), and of each
            worker `NUMBER.pid`, `NUMBER.done` (what a caller was told) and `NUMBER.idle` (since when it has been so).
        ledger: the path of a file, or the URL of a database.
        number, count: which worker it is, of how many.
        life: real seconds after which it ends by itself.
        urls, settings: of the services.
    """

    folder: str
    ledger: str
    number: int
    count: int
    speed: float
    life: float
    urls: Mapping[str, str]
    settings: Mapping[str, Any]

    def dump(self) -> str:
        """The task as a line of JSON."""
        return json.dumps(_converter.unstructure(self))

    @classmethod
    def load(cls, text: str) -> WorkerTask:
        """The task that `dump` wrote."""
        return _converter.structure(json.loads(text), cls)


_converter = make_converter()
_registry = PluginRegistry()


def open_crowd_desk(ledger: str, clock: Clock, urls: Mapping[str, str], settings: Mapping[str, Any]) -> Desk:
    """A desk on a ledger, in a file or a database, with a connection to each service."""
    location = Secret(ledger) if ledger.startswith("postgresql://") else Path(ledger)
    return Desk(Config(location, connection_tables(urls, settings)), clock=clock, registry=_registry)


class _Worker:
    def __init__(self, task: WorkerTask, desk: Desk) -> None:
        self._task, self._desk = task, desk
        folder = Path(task.folder)
        self._orders = (folder / "orders").open(encoding="utf-8")
        self._told = os.open(folder / f"{task.number}.done", os.O_APPEND | os.O_CREAT | os.O_RDWR, 0o600)
        self._idle = folder / f"{task.number}.idle"
        lines = (folder / f"{task.number}.done").read_text("utf-8").splitlines()
        self._done = {json.loads(line)[0] for line in lines if line.endswith("]")}
        self._waiting: list[CrowdOrder] = []

    def run(self) -> None:
        """Work until the life is over."""
        end = time.monotonic() + self._task.life
        while time.monotonic() < end:
            try:
                has_worked = self._cancel_some()
                done = self._desk.run_due(DUE_AT_ONCE)
            except StorageError as error:
                report(PROBLEM, " ".join(str(error).split()))
                time.sleep(IDLE_SECONDS)
                continue
            for problem in done.problems:
                report(PROBLEM, " ".join(problem.split()))
            if not has_worked and not done.handled:
                self._idle.touch()
                time.sleep(IDLE_SECONDS)

    def _cancel_some(self) -> bool:
        """Cancel the next orders of this worker's share; whether there were any."""
        self._waiting += self._new_orders()
        some, self._waiting = self._waiting[:CANCELS_AT_ONCE], self._waiting[CANCELS_AT_ONCE:]
        for order in some:
            try:
                # Half of them are sent by whoever asks, the others by whoever finds them due.
                now = int(order.number) // self._task.count % 2 == 0
                made = self._desk.cancel(
                    order.number, by="Ann", reason=order.reason, idempotency_key=order.number, send_now=now
                )
            except StorageError:
                self._waiting.insert(0, order)
                raise
            told = [order.number, made.cancellation.id, *(case.id for case in made.cases)]
            os.write(self._told, f"{json.dumps(told)}\n".encode())
        return bool(some)

    def _new_orders(self) -> Iterator[CrowdOrder]:
        while (line := self._orders.readline()).endswith("\n"):
            order = _converter.structure(json.loads(line), CrowdOrder)
            if int(order.number) % self._task.count == self._task.number and order.number not in self._done:
                yield order


def _run_task(task: WorkerTask) -> None:
    folder = Path(task.folder)
    (folder / f"{task.number}.pid").write_text(str(os.getpid()), encoding="utf-8")
    clock = SharedClock(folder / "clock", task.speed)
    while True:
        try:
            desk = open_crowd_desk(task.ledger, clock, task.urls, task.settings)
        except StorageError as error:
            report(PROBLEM, " ".join(str(error).split()))
            time.sleep(IDLE_SECONDS)
            continue
        with desk:
            _Worker(task, desk).run()
        return


def _load_plugins(line: str) -> None:
    """Once for all workers, so that a death costs milliseconds."""
    for slug in WorkerTask.load(line).urls:
        _registry.load(slug)


if __name__ == "__main__":
    longer = f"'{reservations.RESERVED_SECONDS} seconds'"
    reservations._RESERVE = reservations._RESERVE.replace(longer, f"'{RESERVED_SECONDS} seconds'")
    run_children(sys.stdin, lambda line: _run_task(WorkerTask.load(line)), _load_plugins)
