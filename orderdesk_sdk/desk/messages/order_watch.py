"""Looks into the order store for orders that are to be canceled, where no message can reach this program.

One list call an interval, of what changed since the last look; Order Desk asks callers for no more
(https://help.orderdesk.com/article/914-etiquette-for-using-order-desks-api).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from orderdesk_sdk.cases.log_records import RoomLogger
from orderdesk_sdk.cases.order_watch import ChangedOrder, SeenOrder, WatchLook
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.desk.messages.config import MessageConfig
from orderdesk_sdk.desk.parts import DeskParts
from orderdesk_sdk.errors import ConfigurationError, OrderDeskError, describe_exception
from orderdesk_sdk.plugin.bulkhead import Bulkhead
from orderdesk_sdk.transport.shutdown import Shutdown

__all__ = ["ListsChanges", "OrderWatch"]

OVERLAP = minutes(5)
"""By which a look reaches back behind the last one: a change may be seen late."""
FIRST_LOOK = timedelta(days=365)
"""How far back the first look notes what is in the folder already: that was moved before anybody watched, and is no
request however somebody edits it later."""
FIRST_LOOK_AT_ALL = timedelta(days=30)
"""The same for a field of the orders, since it takes a list of all that changed."""
_log = RoomLogger("desk")


@runtime_checkable
class ListsChanges(Protocol):
    """An order store that tells which orders changed."""

    def current_time(self) -> datetime:
        """The time by the store's own clock, aware: what it says of changes is of that clock, which may be another."""

    def orders_changed(self, since: datetime, until: datetime, *, folder: str | None = None) -> Iterable[ChangedOrder]:
        """The orders that were changed from `since` to `until`, both aware and by the store's clock.

        With `folder`, those that are in it now.
        """


class OrderWatch:
    """The looks of one process, on a thread of their own. Safe from many threads, and beside other processes."""

    def __init__(self, parts: DeskParts, store: ListsChanges, config: MessageConfig, shutdown: Shutdown) -> None:
        self._ledger = parts.ledger
        self._order_store = parts.order_store
        self._clock = parts.clock
        self._store = store
        self._config = config
        self._shutdown = shutdown
        self._thread = Bulkhead("order watch", 1, float("inf"))
        self._lock = threading.Lock()
        self._is_running = False
        self._tried_at: float | None = None
        self._problem: str | None = None

    def begin(self) -> None:
        """Begin a look where one is due, unless this process is looking already."""
        with self._lock:
            if self._is_running or self._shutdown.is_requested or not self._is_time():
                return
            self._tried_at = self._clock.monotonic()
            look = self._ledger.begin_look(self._clock.now(), timedelta(seconds=self._config.watch_every))
            if look is None:
                return
            self._is_running = True
        self._thread.submit(lambda _: self._run(look))

    def _is_time(self) -> bool:
        """Whether a look may be due: to ask the ledger costs a commit."""
        return self._tried_at is None or self._clock.monotonic() - self._tried_at >= self._config.watch_every

    def look_now(self) -> int:
        """Look at once, whenever the last look was; how many orders came in that are to be canceled.

        Raises what keeps the store from being looked at; the next look begins where this one did.
        """
        look = self._ledger.begin_look(self._clock.now(), timedelta(0))
        return self._look(look) if look is not None else 0

    @property
    def is_idle(self) -> bool:
        """Whether this process is not looking."""
        with self._lock:
            return not self._is_running

    @property
    def problem(self) -> str | None:
        """What kept the last look from being taken; None: nothing did."""
        with self._lock:
            return self._problem

    def close(self) -> None:
        """Let the thread end."""
        self._thread.close()

    def _run(self, look: WatchLook) -> None:
        problem: str | None = None
        try:
            with self._shutdown.in_use():
                self._look(look)
        except OrderDeskError as error:
            problem = f"the order store could not be looked at: {error}"
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told, and the next look begins where this one did
            problem = f"the order store could not be looked at: {describe_exception(error)}"
        finally:
            with self._lock:
                self._is_running, self._problem = False, problem

    def _look(self, look: WatchLook) -> int:
        until = self._store.current_time()
        # By the store's spelling, and an error where there is no such folder: nothing would ever be in it.
        folder = self._order_store.resolve_folder_name(self._config.cancel_folder) if self._config.cancel_folder else ""
        since = until - FIRST_LOOK if look.is_first else look.since - OVERLAP
        listed = self._store.orders_changed(since, until, folder=folder) if folder else ()
        inside = {order.order_id for order in listed}
        if look.is_first:
            changed = self._changed(until - FIRST_LOOK_AT_ALL, until, inside) if self._config.cancel_field else inside
        else:
            changed = self._changed(since, until, inside)
        seen = [SeenOrder(order_id, order_id in inside) for order_id in sorted(changed)]
        now, most = self._clock.now(), self._config.max_waiting
        came = self._ledger.finish_look(until, seen, now, max_waiting=most, is_first=look.is_first)
        _log.info("the order store was looked at; orders changed: %d, to be canceled: %d", len(seen), came)
        return came

    def _changed(self, since: datetime, until: datetime, inside: set[str]) -> set[str]:
        """The ids of all orders that changed, also those that left the folder; `inside` gets those that are marked."""
        changed = set(inside)
        for order in self._store.orders_changed(since, until):
            changed.add(order.order_id)
            if self._is_marked(order):
                inside.add(order.order_id)
        return changed

    def _is_marked(self, order: ChangedOrder) -> bool:
        field = self._config.cancel_field
        value = str(order.checkout_data.get(field) or "") if field else ""
        return value.strip().lower() not in ("", "0", "no", "false")


def require_watchable(store: object) -> ListsChanges:
    """The order store, where it can be watched. Raises ConfigurationError for one that does not tell what changed."""
    if isinstance(store, ListsChanges):
        return store
    raise ConfigurationError(
        "this order store does not tell which orders changed, so it cannot be watched",
        location="[messages].watch_every",
        hint="watch an Order Desk store: give its store_id, api_key and contact under [orders]",
    )
