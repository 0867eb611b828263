"""The process that is killed while it cancels at a toy: `python -m tests.support.toy_child TOY FOLDER URL`.

It forks a child for each boundary; each has a ledger and an order of its own. The last one crosses all and lives.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from orderdesk_devkit.testing.failpoints.child import Boundaries, report
from orderdesk_devkit.testing.failpoints.preload import preload
from orderdesk_devkit.testing.harness import connection_config
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.orders.order import Order, OrderLine
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from tests.support.hold_toy import HoldsFirst
from tests.support.label_toy import VoidsLabels
from tests.support.toy_simulators import KEY

__all__ = ["FIRST_NUMBER", "LIVED", "TOYS", "follow", "open_toy_desk"]

FIRST_NUMBER = 5000
"""The order of the child that dies at boundary N is this one and N."""
LIVED = "lived"
TOYS: Mapping[str, Callable[[], object]] = {"labels": VoidsLabels, "holds": HoldsFirst}
_LEDGER_WRITES = ("open_cancellation", "write", "append", "open_case")
_ROUNDS = 60


def open_toy_desk(toy: str, folder: Path, url: str, number: int) -> tuple[Desk, VirtualClock]:
    """A desk with one order, which is at the toy's service, and its clock."""
    clock, registry = VirtualClock(), PluginRegistry()
    registry.register(TOYS[toy](), "toy")
    connection = connection_config("toy", {"endpoint": url, "api_key": KEY}, registry)
    desk = Desk(Config(folder / f"{number}.db", {"toy": connection}), clock=clock, registry=registry)
    assert isinstance(desk.order_store, SqliteOrderStore)
    order = Order(f"id-{number}", str(number), lines=(OrderLine(1, code="MUG"),))
    desk.order_store.import_orders([order], by="a test")
    desk.orders.register(str(number), connection="toy", by="a test")
    return desk, clock


def follow(desk: Desk, clock: VirtualClock) -> None:
    """Do what is due until nothing is, or for a while."""
    for _ in range(_ROUNDS):
        desk.run_due()
        due = desk.ledger.next_due()
        if due is None:
            return
        clock.advance(max(due - clock.now(), minutes(0)))


def _live(toy: str, folder: Path, url: str, kill_at: int) -> None:
    number = FIRST_NUMBER + kill_at
    desk, _ = open_toy_desk(toy, folder, url, number)
    boundaries = Boundaries(kill_at)
    boundaries.add_around(desk.ledger, _LEDGER_WRITES)
    boundaries.watch_http()
    desk.cancel(str(number), by="Ann")
    if toy == "holds":
        desk.cancellations.withdraw(str(number), by="Ann")
    desk.run_due()
    report(LIVED, str(len(boundaries.names)))


def main() -> None:
    """Fork children until one lives."""
    toy, folder, url = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    preload()
    for kill_at in range(1, 500):
        child = os.fork()
        if not child:
            try:
                _live(toy, folder, url, kill_at)
            except BaseException as error:  # noqa: BLE001 - a child must never go on as if it were its parent
                report("failed", repr(error))
                os._exit(1)
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) >= 0:
            return


if __name__ == "__main__":
    main()
