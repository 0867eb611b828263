"""The process that is killed while it answers a request to cancel: `python -m tests.support.response_child FOLDER URL`.

It forks a child for each boundary; each has a ledger and an order of its own. The last one crosses all and lives.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from orderdesk_devkit.testing.failpoints.child import Boundaries, report
from orderdesk_devkit.testing.failpoints.preload import preload
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.orders.order import Order, OrderLine
from orderdesk_sdk.plugin import Answer, CancelRequest, Flow, Service, answer, hookimpl
from orderdesk_sdk.runtime.connection_config import Answering
from tests.support.fake_market import FakeMarketplace, market_webhook
from tests.support.fake_services import FakeFulfillmentService, FakeManualService, FakeServiceSettings, open_fake_desk

__all__ = ["FIRST_NUMBER", "LIVED", "deliver", "follow", "open_market_desk"]

FIRST_NUMBER = 5000
"""The order of the child that dies at boundary N is this one and N."""
LIVED = "lived"
_LEDGER_WRITES = ("open_cancellation", "write", "append", "open_case", "add_events", "claim_notifications")
_ROUNDS = 60


class RepeatableMill(FakeFulfillmentService):
    """A mill that takes a cancel again for the first one, so that one that was lost is sent again."""

    @hookimpl
    def orderdesk_cancel(self, request: CancelRequest, service: Service[FakeServiceSettings]) -> Flow[Answer]:
        """Ask."""
        response = yield service.post("/mill", request.remote_id, json={"do": "cancel"}, idempotent=True)
        return answer.acknowledged(response) if response.is_success else answer.not_processed(response)


def open_market_desk(folder: Path, url: str, number: int, now: datetime | None = None) -> tuple[Desk, VirtualClock]:
    """A desk with one order, which is at the marketplace and at the mill, and its clock."""
    clock = VirtualClock() if now is None else VirtualClock(now)
    plugins: Sequence[FakeManualService] = (FakeMarketplace(), RepeatableMill())
    order = Order(f"id-{number}", str(number), lines=(OrderLine(1, code="MUG"),))
    desk = open_fake_desk(folder / f"{number}.db", clock, url, plugins, orders=[order], answering=Answering.AUTOMATIC)
    for connection in ("market", "mill"):
        desk.orders.register(str(number), connection=connection, by="a test")
    return desk, clock


def deliver(desk: Desk, number: int) -> None:
    """The message of the marketplace comes in."""
    desk.notifications.handle_webhook("market", market_webhook(number=str(number)))


def follow(desk: Desk, clock: VirtualClock) -> None:
    """Do what is due until the request is settled and nothing is due, or for a while."""
    for _ in range(_ROUNDS):
        desk.run_due()
        due = desk.ledger.next_due()
        if due is None:
            return
        clock.advance(max(due - clock.now(), minutes(0)))


def _live(folder: Path, url: str, kill_at: int) -> None:
    number = FIRST_NUMBER + kill_at
    desk, clock = open_market_desk(folder, url, number)
    boundaries = Boundaries(kill_at)
    boundaries.add_around(desk.ledger, _LEDGER_WRITES)
    boundaries.watch_http()
    deliver(desk, number)
    follow(desk, clock)
    report(LIVED, str(len(boundaries.names)))


def main() -> None:
    """Fork children until one lives."""
    folder, url = Path(sys.argv[1]), sys.argv[2]
    preload()
    for kill_at in range(1, 500):
        child = os.fork()
        if not child:
            try:
                _live(folder, url, kill_at)
            except BaseException as error:  # noqa: BLE001 - a child must never go on as if it were its parent
                report("failed", repr(error))
                os._exit(1)
            os._exit(0)
        if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) >= 0:
            return


if __name__ == "__main__":
    main()
