"""One of several processes at work on one ledger: does its acts, and is killed or stands still where it is told to.

python -m tests.support.concurrency_child    reads bursts on stdin, one a line; see `failpoints.fork_server` and `crowd`
"""

from __future__ import annotations

import enum
import json
import os
import random
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from attrs import evolve, frozen
from cattrs.preconf.json import make_converter

from orderdesk_devkit.testing.failpoints.child import CROSSED, REPORTED, Boundaries, report, run_children
from orderdesk_devkit.testing.failpoints.preload import preload
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.cases.exchange import Intent
from orderdesk_sdk.cases.ledger import CaseUpdate
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import OrderDeskError, StorageError
from orderdesk_sdk.orders.order import ConnectionRole, Order, OrderLine, RemoteOrder
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.service import Flow, Service
from tests.support.fake_services import (
    FakeCart,
    FakeFulfillmentService,
    FakeManualService,
    FakeServiceSettings,
    open_fake_desk,
)

__all__ = ["ProcessAction", "ActionBatch", "ActionKind", "open_concurrency_desk", "order_of"]

LONGEST_READ = 0.01
"""Real seconds that a cart takes to be read, at most: what others do meanwhile is what it is about."""
_LEDGER_WRITES = (
    "open_cancellation",
    "write",
    "append",
    "alias_key",
    "open_case",
    "begin_registration",
    "discard_registration",
)
_HOST_WRITES = ("duplicate", "add_remote_order", "record_status", "import_orders")


class ActionKind(enum.Enum):
    """What a process does."""

    IMPORT = "import"
    REGISTER = "register"
    CANCEL = "cancel"
    RESUBMIT = "resubmit"
    WORK = "work"


@frozen
class ProcessAction:
    """An action on an order. at: the connection to register it at. after: real seconds before it."""

    kind: ActionKind
    order: str = ""
    connection: str = ""
    after: float = 0.0


@frozen
class ActionBatch:
    """What one process does. name: of this one. now: the time by its clock, which stands still.

    kill_at, pause_at: numbers of the boundaries at which it dies, or waits for the file `NAME.go` beside the ledger;
    0 for none. start: when it begins, by the clock that all processes share, so that several begin at one moment.
    """

    ledger: str
    url: str
    now: datetime
    name: str
    actions: tuple[ProcessAction, ...]
    kill_at: int = 0
    pause_at: int = 0
    start: float = 0.0

    def dump(self) -> str:
        """The burst as JSON."""
        return json.dumps(_converter.unstructure(self))

    @classmethod
    def load(cls, text: str) -> ActionBatch:
        """The burst that `dump` wrote."""
        return _converter.structure(json.loads(text), cls)


_converter = make_converter()


class SecondFulfillmentService(FakeFulfillmentService):
    """A second mill."""

    slug = "depot"


class SlowReadCart(FakeCart):
    """A cart that takes a while to be read before it is told."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[FakeServiceSettings]) -> Flow[Answer]:
        """Read, then ask."""
        yield service.get("/cart", request.remote_id)
        time.sleep(random.random() * LONGEST_READ)  # noqa: S311 - no secret
        return (yield from super().orderdesk_cancel(request, service))


def order_of(number: str) -> Order:
    """The order of a number."""
    return Order(f"id-{number}", number, lines=(OrderLine(1, code="MUG"), OrderLine(2, code="TEE")))


def open_concurrency_desk(ledger: Path, clock: VirtualClock, url: str) -> Desk:
    """A desk of the crowd: a cart, a mill, a depot and a phone, all served at `url`."""
    return open_fake_desk(
        ledger, clock, url, [SlowReadCart(), FakeFulfillmentService(), SecondFulfillmentService(), FakeManualService()]
    )


class _CommitLog:
    """What was committed and when, by a clock that all processes share: for the judge of law 8."""

    def __init__(self, ledger: str, desk: Desk) -> None:
        self._file = os.open(f"{ledger}.diary", os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
        self._write, self._location = desk.ledger.write, desk.order_store.add_remote_order
        self._desk = desk
        desk.ledger.write = self.write  # type: ignore[method-assign]
        desk.order_store.add_remote_order = self.place  # type: ignore[method-assign]

    def place(self, ref: str, remote_order: RemoteOrder, *, by: str) -> None:
        self._location(ref, remote_order, by=by)
        if remote_order.role is not ConnectionRole.CART:
            self._note("stands", self._desk.order_store.get_order(ref).id, remote_order.connection)

    def write(self, *changes: CaseUpdate) -> None:
        began = time.monotonic()
        for change in changes:
            if isinstance(change.after, CancelCase) and change.after.state is State.CANCELED:
                self._note("canceled", change.after.order_id, change.after.connection)
        self._write(*changes)
        for change in changes:
            case = change.after
            tells = any(isinstance(entry, Intent) and not entry.read_only for entry in change.entries)
            if isinstance(case, CancelCase) and case.role is ConnectionRole.CART and tells:
                self._note("told", case.order_id, case.connection, began)

    def _note(self, what: str, order_id: str, connection: str, began: float | None = None) -> None:
        now = time.monotonic()
        line = json.dumps([what, order_id, connection, began or now, now])
        os.write(self._file, f"{line}\n".encode())


class _PausingBoundaries(Boundaries):
    """Stands still at a boundary until a file is there."""

    def __init__(self, burst: ActionBatch) -> None:
        super().__init__(burst.kill_at)
        self._pause_at = burst.pause_at
        self._go = Path(burst.ledger).with_name(f"{burst.name}.go")

    def cross(self, name: str) -> None:
        super().cross(name)
        if self._pause_at and len(self.names) == self._pause_at:
            while not self._go.exists():
                time.sleep(0.002)


def _run_batch(burst: ActionBatch) -> None:
    boundaries = _PausingBoundaries(burst)
    with open_concurrency_desk(Path(burst.ledger), VirtualClock(burst.now), burst.url) as desk:
        _CommitLog(burst.ledger, desk)
        boundaries.add_around(desk.ledger, _LEDGER_WRITES)
        boundaries.add_around(desk.order_store, _HOST_WRITES)
        boundaries.watch_http()
        time.sleep(max(0.0, burst.start - time.monotonic()))
        for act in burst.actions:
            time.sleep(act.after)
            for told in _perform(act, desk):
                report(REPORTED, told)
    report(CROSSED, json.dumps(len(boundaries.names)))


def _perform(act: ProcessAction, desk: Desk) -> Sequence[str]:
    """Take an act; the ids that its caller has in hand. What the desk refuses for a reason is as good as done."""
    try:
        match act.kind:
            case ActionKind.IMPORT:
                desk.orders.import_orders(
                    [evolve(order_of(act.order), email=f"{os.getpid()}@example.com")], by="the shop"
                )
            case ActionKind.REGISTER:
                desk.orders.register(act.order, connection=act.connection, by="the shop")
            case ActionKind.CANCEL:
                made = desk.cancel(act.order, by="Ann", reason="customer asked")
                return (made.cancellation.id, *(case.id for case in made.cases))
            case ActionKind.RESUBMIT:
                return (desk.resubmissions.create(act.order, by="Ann").id,)
            case ActionKind.WORK:
                problems = desk.run_due().problems
                if problems:
                    raise StorageError("; ".join(problems))
    except StorageError:
        raise
    except OrderDeskError:
        return ()
    return ()


if __name__ == "__main__":
    preload()
    run_children(sys.stdin, lambda line: _run_batch(ActionBatch.load(line)))
