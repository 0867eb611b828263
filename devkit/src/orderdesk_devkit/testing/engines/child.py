"""A worker that is killed: runs its engine and ends itself by SIGKILL at the boundary it is told.

    python -m orderdesk_devkit.testing.engines.child    reads tasks on stdin, one a line; see `failpoints.fork_server`

A boundary is before and after each write to the ledger, around each call on the wire, and around each wake.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module

from attrs import frozen

from orderdesk_devkit.testing.engines.worker import Worker, has_open_cases, open_worker
from orderdesk_devkit.testing.failpoints.child import CROSSED, Boundaries, report, run_children
from orderdesk_sdk.errors import OrderDeskError

__all__ = ["WorkerTask"]

WRITES = ("open_cancellation", "write", "append")
LONGEST_PAUSE = 3.0
"""Real seconds without a boundary after which a worker stops."""


@frozen
class WorkerTask:
    """What a child has to do.

    Args:
        opener: names the function that makes the worker.
        options: what it is given.
        kill_at: the number of the boundary to die at, from 1; 0 lets it live until nothing is open.
    """

    opener: str
    options: Mapping[str, str]
    kill_at: int

    def dump(self) -> str:
        """The task as a line of JSON."""
        return json.dumps([self.opener, dict(self.options), self.kill_at])

    @classmethod
    def load(cls, text: str) -> WorkerTask:
        """The task that `dump` wrote."""
        return cls(*json.loads(text))


def main() -> None:
    """Do the tasks on stdin, each in a child that is forked for it."""
    run_children(sys.stdin, _run, lambda line: import_module(WorkerTask.load(line).opener.partition(":")[0]))


def _run(line: str) -> None:
    task = WorkerTask.load(line)
    boundaries, stop = Boundaries(task.kill_at), threading.Event()
    with open_worker(task.opener, task.options, stop=stop) as worker:
        boundaries.add_around(worker.desk.ledger, WRITES)
        boundaries.add_around(worker.desk, ("handle_wake",))
        boundaries.watch_http()
        threading.Thread(target=_stop_when_settled, args=(worker, boundaries, stop), daemon=True).start()
        worker.engine.run()
    report(CROSSED, json.dumps(boundaries.names))


def _stop_when_settled(worker: Worker, boundaries: Boundaries, stop: threading.Event) -> None:
    """Stop when nothing is open, or nothing has happened for a while: others, or the dead, have what is left."""
    crossed, since = 0, time.monotonic()
    while time.monotonic() - since < LONGEST_PAUSE:
        if len(boundaries.names) > crossed:
            crossed, since = len(boundaries.names), time.monotonic()
        with suppress(OrderDeskError):
            if not has_open_cases(worker.desk):
                break
        time.sleep(0.05)
    stop.set()


if __name__ == "__main__":
    main()
