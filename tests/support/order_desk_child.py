"""A process that does something with an order of a simulated Order Desk store, and is killed at a call to the store.

python -m tests.support.order_desk_child TASK FOLDER STORE_URL SERVICES_URL MINUTES KILLED_AT MOMENT

Exit code 9: it was killed; 0: there was no such call, and all is done.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from orderdesk_devkit.simulators.orderdesk.service import BASE, OrderDeskSimulator
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.clock import VirtualClock, minutes
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.transport.http.client import HttpClient
from tests.support.fake_services import pass_minutes
from tests.support.order_desk import ORDER_NUMBER, LiveStore, open_live_desk

KILLED = 9
MAPPED = {"Paper Lantern Shop": "cart", "The Mill": "mill"}


def kill_at(number: int, moment: str) -> None:
    """Let the process end "before" its call of that number to the store, or "after" its change of that number."""
    counted = itertools.count(1)
    call: Callable[..., Any] = HttpClient.call

    def killing(self: HttpClient, request: Any, *args: Any, **options: Any) -> Any:
        if not request.url.path.startswith(BASE):
            return call(self, request, *args, **options)
        is_it = (moment == "before" or request.method != "GET") and next(counted) == number
        if is_it and moment == "before":
            os._exit(KILLED)
        result = call(self, request, *args, **options)
        if is_it:
            os._exit(KILLED)
        return result

    HttpClient.call = killing  # type: ignore[method-assign]  # in this process alone, which ends by it


def cancel(desk: Desk, clock: VirtualClock) -> None:
    """Cancel the order everywhere."""
    desk.cancel(ORDER_NUMBER, by="Ann", idempotency_key="the one")
    finish(desk, clock)


def finish(desk: Desk, clock: VirtualClock) -> None:
    """Do what is due until nothing is."""
    pass_minutes(desk, clock, 15)
    # Another thread was between the intent and the request when the process died: then a person decides.
    for case in desk.cases.list(order=ORDER_NUMBER, states=(State.ACTION_REQUIRED,)):
        desk.cases.retry(case.id, by="Ann")
        pass_minutes(desk, clock, 15)


def look(desk: Desk, clock: VirtualClock) -> None:
    """Look for the first time which orders lie in the folder."""
    desk.messages.look()


def resubmit(desk: Desk, clock: VirtualClock) -> None:
    """Submit the canceled order again, as a duplicate."""
    if not desk.cases.list_others(order=ORDER_NUMBER):
        desk.resubmissions.create(ORDER_NUMBER, connection="mill", by="Ann")
    pass_minutes(desk, clock, 3)


def register(desk: Desk, clock: VirtualClock) -> None:
    """Register that the order was submitted to a service that Order Desk knows nothing of."""
    submitted_at = datetime(2026, 1, 5, 9, tzinfo=UTC)
    desk.orders.register(ORDER_NUMBER, connection="phone", by="Ann", remote_id="5", submitted_at=submitted_at)
    pass_minutes(desk, clock, 2)


TASKS: Mapping[str, Callable[[Desk, VirtualClock], None]] = {
    "cancel": cancel,
    "look": look,
    "watch": finish,
    "resubmit": resubmit,
    "register": register,
}


def main(task: str, folder: str, store: str, services: str, passed: str, killed_at: str, moment: str) -> None:
    kill_at(int(killed_at), moment)
    clock = VirtualClock()
    clock.advance(minutes(int(passed)))
    live = LiveStore(OrderDeskSimulator(clock), store, clock)  # The one that is served is another process's.
    messages = {"watch_every": 60} if task in ("look", "watch") else None
    ledger, changed = Path(folder) / "ledger.db", {"connections": MAPPED}
    with open_live_desk(ledger, live, services, messages=messages, changed=changed) as desk:
        TASKS[task](desk, clock)


if __name__ == "__main__":
    main(*sys.argv[1:])
