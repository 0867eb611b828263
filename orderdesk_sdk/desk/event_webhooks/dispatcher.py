"""A thread for each endpoint that something is due for: so a dead one holds up no other, and no case."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from orderdesk_sdk.cases.event_webhooks import EventDelivery, EventEndpoint
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.clock import Clock, minutes
from orderdesk_sdk.errors import OrderDeskError, describe_exception
from orderdesk_sdk.plugin.bulkhead import Bulkhead
from orderdesk_sdk.plugin.guard import Watchdog
from orderdesk_sdk.transport.shutdown import Shutdown

__all__ = ["LEASE", "EventDispatcher"]

LEASE = minutes(2)
"""Whoever has begun a delivery and says nothing for so long is taken for dead, and it is sent again."""
_PAUSE = 0.02


class EventDispatcher:
    """The threads that send events, of one process. Safe from many threads.

    Args:
        send: makes a try; the problem for people, None where it was good.
        at_once: endpoints that are sent to at the same time.
    """

    def __init__(
        self,
        ledger: Ledger,
        send: Callable[[EventEndpoint, EventDelivery], str | None],
        clock: Clock,
        shutdown: Shutdown,
        at_once: int,
    ) -> None:
        self._ledger = ledger
        self._send = send
        self._clock = clock
        self._shutdown = shutdown
        self._threads = Bulkhead("event webhooks", at_once, float("inf"))
        self._lock = threading.Lock()
        self._running: set[str] = set()
        self._problems: dict[str, str] = {}

    def start(self, endpoint_id: str) -> None:
        """Begin to send what is due to an endpoint, unless that is under way, or nothing is due."""
        with self._lock:
            if endpoint_id in self._running or self._shutdown.is_requested:
                return
            self._running.add(endpoint_id)
        try:
            first = self._claim(endpoint_id)
        except BaseException:
            self._end(endpoint_id, None)
            raise
        if first is None:
            self._end(endpoint_id, None)
            return
        claimed = first

        def run(_: Watchdog) -> None:
            self._run(*claimed)

        self._threads.submit(run)

    def take_problems(self) -> tuple[str, ...]:
        """The last problem of each endpoint since the last call."""
        with self._lock:
            problems, self._problems = tuple(self._problems.values()), {}
        return problems

    def wait_until_idle(self) -> None:
        """Return when nothing is under way. The desk's ending must have begun."""
        while True:
            with self._lock:
                if not self._running:
                    return
            time.sleep(_PAUSE)

    def close(self) -> None:
        """Let the threads end when they are done."""
        self._threads.close()

    def _claim(self, endpoint_id: str) -> tuple[EventEndpoint, EventDelivery] | None:
        """The next delivery, and its endpoint as it is now."""
        endpoint = next((one for one in self._ledger.endpoints() if one.id == endpoint_id), None)
        if endpoint is None or not endpoint.is_enabled:
            return None
        now = self._clock.now()
        delivery = self._ledger.claim_delivery(endpoint_id, now, now + LEASE)
        return (endpoint, delivery) if delivery is not None else None

    def _run(self, endpoint: EventEndpoint, delivery: EventDelivery) -> None:
        """Send one after the other, until one fails or nothing is due."""
        problem: str | None = None
        claimed: tuple[EventEndpoint, EventDelivery] | None = endpoint, delivery
        try:
            while claimed is not None:
                with self._shutdown.in_use():
                    problem = self._send(*claimed)
                is_over = problem is not None or self._shutdown.is_requested
                claimed = None if is_over else self._claim(endpoint.id)
        except OrderDeskError as error:
            problem = f"endpoint {endpoint.id}: {error}"
        except BaseException as error:  # noqa: BLE001 - the delivery is sent again when its time is up
            problem = f"endpoint {endpoint.id}: {describe_exception(error)}"
        finally:
            self._end(endpoint.id, problem)

    def _end(self, endpoint_id: str, problem: str | None) -> None:
        with self._lock:
            self._running.discard(endpoint_id)
            if problem is not None:
                self._problems[endpoint_id] = problem
