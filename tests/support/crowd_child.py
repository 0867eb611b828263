"""One of several processes at work on one ledger: does its acts, and is killed or stands still where it is told to.

python -m tests.support.crowd_child    reads bursts on stdin, one a line; see `kill_nursery` and `crowd`
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

from orderdesk_devkit.testing.failpoints.child import CROSSED, TOLD, Boundaries, children, say
from orderdesk_sdk.cases.case import Case, State
from orderdesk_sdk.cases.exchange import Intent
from orderdesk_sdk.cases.ledger import Write
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import LedgerError, OrderDeskError
from orderdesk_sdk.orders.order import Line, Order, Placement, Role
from orderdesk_sdk.plugin.answer import Answer
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.requests import CancelRequest
from orderdesk_sdk.plugin.service import Flow, Service
from tests.support.fake_services import Cart, Mill, Phone, TownSettings, open_village_desk

__all__ = ["Act", "Burst", "Deed", "open_crowd_desk", "order_of"]

LONGEST_READ = 0.01
"""Real seconds that a cart takes to be read, at most: what others do meanwhile is what it is about."""
_LEDGER_WRITES = ("open", "write", "append", "name", "open_resubmission", "begin_registration", "forget_registration")
_HOST_WRITES = ("duplicate", "place", "note_status", "import_orders")


class Deed(enum.Enum):
    """What a process does."""

    IMPORT = "import"
    REGISTER = "register"
    CANCEL = "cancel"
    RESUBMIT = "resubmit"
    WORK = "work"


@frozen
class Act:
    """A deed to an order. at: the place to register it at. after: real seconds before it."""

    deed: Deed
    order: str = ""
    at: str = ""
    after: float = 0.0


@frozen
class Burst:
    """What one process does. name: of this one. now: the time by its clock, which stands still.

    kill_at, pause_at: numbers of the boundaries at which it dies, or waits for the file `NAME.go` beside the ledger;
    0 for none. start: when it begins, by the clock that all processes share, so that several begin at one moment.
    """

    ledger: str
    url: str
    now: datetime
    name: str
    acts: tuple[Act, ...]
    kill_at: int = 0
    pause_at: int = 0
    start: float = 0.0

    def dump(self) -> str:
        """The burst as JSON."""
        return json.dumps(_converter.unstructure(self))

    @classmethod
    def load(cls, text: str) -> Burst:
        """The burst that `dump` wrote."""
        return _converter.structure(json.loads(text), cls)


_converter = make_converter()


class Depot(Mill):
    """A second mill."""

    slug = "depot"


class ReadCart(Cart):
    """A cart that takes a while to be read before it is told."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[TownSettings]) -> Flow[Answer]:
        """Read, then ask."""
        yield service.get("/cart", request.remote_id)
        time.sleep(random.random() * LONGEST_READ)  # noqa: S311 - no secret
        return (yield from super().orderdesk_cancel(request, service))


def order_of(number: str) -> Order:
    """The order of a number."""
    return Order(f"id-{number}", number, lines=(Line(1, code="MUG"), Line(2, code="TEE")))


def open_crowd_desk(ledger: Path, clock: VirtualClock, url: str) -> Desk:
    """A desk of the crowd: a cart, a mill, a depot and a phone, all in the village at `url`."""
    return open_village_desk(ledger, clock, url, [ReadCart(), Mill(), Depot(), Phone()])


class _Diary:
    """What was committed and when, by a clock that all processes share: for the judge of law 8."""

    def __init__(self, ledger: str, desk: Desk) -> None:
        self._file = os.open(f"{ledger}.diary", os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
        self._write, self._place = desk.ledger.write, desk.host.place
        self._desk = desk
        desk.ledger.write = self.write  # type: ignore[method-assign]
        desk.host.place = self.place  # type: ignore[method-assign]

    def place(self, ref: str, placement: Placement, *, by: str) -> None:
        self._place(ref, placement, by=by)
        if placement.role is not Role.CART:
            self._note("stands", self._desk.host.order(ref).id, placement.connection)

    def write(self, *changes: Write) -> None:
        began = time.monotonic()
        for change in changes:
            if isinstance(change.after, Case) and change.after.state is State.CANCELED:
                self._note("canceled", change.after.order_id, change.after.connection)
        self._write(*changes)
        for change in changes:
            case = change.after
            tells = any(isinstance(entry, Intent) and not entry.reads_only for entry in change.entries)
            if isinstance(case, Case) and case.role is Role.CART and tells:
                self._note("told", case.order_id, case.connection, began)

    def _note(self, what: str, order_id: str, connection: str, began: float | None = None) -> None:
        now = time.monotonic()
        line = json.dumps([what, order_id, connection, began or now, now])
        os.write(self._file, f"{line}\n".encode())


class _Standstill(Boundaries):
    """Stands still at a boundary until a file is there."""

    def __init__(self, burst: Burst) -> None:
        super().__init__(burst.kill_at)
        self._pause_at = burst.pause_at
        self._go = Path(burst.ledger).with_name(f"{burst.name}.go")

    def cross(self, name: str) -> None:
        super().cross(name)
        if self._pause_at and len(self.names) == self._pause_at:
            while not self._go.exists():
                time.sleep(0.002)


def _do(burst: Burst) -> None:
    boundaries = _Standstill(burst)
    with open_crowd_desk(Path(burst.ledger), VirtualClock(burst.now), burst.url) as desk:
        _Diary(burst.ledger, desk)
        boundaries.surround(desk.ledger, _LEDGER_WRITES)
        boundaries.surround(desk.host, _HOST_WRITES)
        boundaries.watch_the_wire()
        time.sleep(max(0.0, burst.start - time.monotonic()))
        for act in burst.acts:
            time.sleep(act.after)
            for told in _take(act, desk):
                say(TOLD, told)
    say(CROSSED, json.dumps(len(boundaries.names)))


def _take(act: Act, desk: Desk) -> Sequence[str]:
    """Take an act; the ids that its caller has in hand. What the desk refuses for a reason is as good as done."""
    try:
        match act.deed:
            case Deed.IMPORT:
                desk.import_orders([evolve(order_of(act.order), email=f"{os.getpid()}@example.com")], by="the shop")
            case Deed.REGISTER:
                desk.place(act.order, at=act.at, by="the shop")
            case Deed.CANCEL:
                made = desk.cancel(act.order, by="Ann", reason="customer asked")
                return (made.cancellation.id, *(case.id for case in made.cases))
            case Deed.RESUBMIT:
                return (desk.resubmit(act.order, by="Ann").id,)
            case Deed.WORK:
                problems = desk.run_due().problems
                if problems:
                    raise LedgerError("; ".join(problems))
    except LedgerError:
        raise
    except OrderDeskError:
        return ()
    return ()


if __name__ == "__main__":
    children(sys.stdin, lambda line: _do(Burst.load(line)))
