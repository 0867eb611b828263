"""Requests to cancel as they come in: told by a message, which is read at the service where it can be, or listed."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import datetime

from attrs import field, frozen

from orderdesk_sdk.cases.case import OPEN
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.cases.response import ResponseCase
from orderdesk_sdk.clock import minutes
from orderdesk_sdk.desk.parts import DeskParts
from orderdesk_sdk.desk.responses import ResponseService
from orderdesk_sdk.errors import InProgressError, InvalidStateError, OrderDeskError, StorageError
from orderdesk_sdk.orders.order import Order
from orderdesk_sdk.plugin.bulkhead import Job
from orderdesk_sdk.plugin.cancel_requests import RequestedCancellation
from orderdesk_sdk.plugin.guard import Watchdog
from orderdesk_sdk.plugin.webhooks import NotificationKind
from orderdesk_sdk.runtime.cancel_request_lists import CancelRequestLists, can_list
from orderdesk_sdk.runtime.connections import Connection, Connections

__all__ = ["CancelRequestIntake", "CancelRequestPoller"]

_PAGE = 500
MAX_WAIT = 1.0
"""Seconds that a round waits for lists; a slower one is taken in by the next round."""
UNUSABLE_RETRY = minutes(5)
"""When a connection that cannot be used is looked at again."""


class CancelRequestIntake:
    """Takes in what is heard, or listed, of requests to cancel."""

    def __init__(self, parts: DeskParts, responses: ResponseService, lists: CancelRequestLists) -> None:
        self._ledger = parts.ledger
        self._order_store = parts.order_store
        self._connections = parts.connections
        self._clock = parts.clock
        self._responses = responses
        self._lists = lists

    def hear(
        self,
        order: Order,
        connection_name: str,
        kind: NotificationKind,
        request: RequestedCancellation | None,
        *,
        by: str,
    ) -> tuple[ResponseCase | None, str]:
        """Handle a message about a request; its case, and what was done, in words.

        Where the service can list its requests it is read, and the message is not believed. Raises what keeps it from
        being read.
        """
        connection = self._connections.get(connection_name)
        if connection.cancel_requests is None:
            return None, "The connection takes no requests to cancel"
        if can_list(connection):
            started = self._clock.now()
            remote_id = self._remote_id(order, connection_name)
            listed = self._lists.read(connection, remote_id)
            problems = self.take_list(connection, listed, started, by=by, remote_id=remote_id)
            return self._newest(order, connection_name), "; ".join(["The open requests were read", *problems])
        if request is None:
            raise InvalidStateError(
                "the message does not say which request it is about, and the service cannot list them",
                location=f"connection {connection_name!r}",
            )
        if kind is NotificationKind.CANCEL_REQUESTED:
            return self._responses.receive(order, connection, request, by=by), "The request was taken in"
        for case in self._open_cases(order.id):
            if case.connection == connection_name and case.request.request_id == request.request_id:
                return self._responses.withdraw(case, by=by), "The request was withdrawn"
        return self._newest(order, connection_name), "No open request to withdraw"

    def take_list(
        self,
        connection: Connection,
        listed: Sequence[RequestedCancellation],
        started: datetime,
        *,
        by: str,
        remote_id: str | None = None,
    ) -> tuple[str, ...]:
        """Take in what is listed as open, and withdraw what no longer is; what kept that from being done, a line each.

        Args:
            started: when the list was asked for; what came in since then may not be on it.
            remote_id: the list is of this order alone; None: of all.
        """
        problems: list[str] = []
        for request in listed:
            try:
                order_id = self._order_store.find_by_remote_id(connection.name, request.remote_id)
                if order_id is not None:
                    order = self._order_store.get_order(order_id)
                    self._responses.receive(order, connection, request, by=by)
            except StorageError:
                raise
            except InProgressError:  # The next list has it again.
                continue
            except OrderDeskError as error:
                problems.append(f"{connection.name}: the request {request.request_id}: {error}")
        known = {(request.remote_id, request.request_id) for request in listed}
        for case in self._open_cases(None):
            is_meant = case.connection == connection.name and remote_id in (None, case.remote_id)
            is_gone = (case.remote_id, case.request.request_id) not in known and case.created_at < started
            if is_meant and is_gone and not case.is_overdue(started):
                self._responses.withdraw(case, by=by)
        return tuple(problems)

    def _remote_id(self, order: Order, connection: str) -> str | None:
        places = self._order_store.remote_orders(order.id)
        return next((place.remote_id for place in places if place.connection == connection), None)

    def _newest(self, order: Order, connection: str) -> ResponseCase | None:
        cases = self._ledger.cases(ResponseCase, order_id=order.id)
        return next((case for case in reversed(cases) if case.connection == connection), None)

    def _open_cases(self, order_id: str | None) -> list[ResponseCase]:
        found: list[ResponseCase] = []
        while True:
            last = found[-1] if found else None
            page = self._ledger.cases(ResponseCase, order_id=order_id, states=tuple(OPEN), limit=_PAGE, after=last)
            found += page
            if len(page) < _PAGE:
                return found


@frozen(eq=False)
class _Listing:
    """A list that is being read at a connection."""

    connection: Connection
    started: datetime
    digest: str
    job: Job
    found: list[tuple[RequestedCancellation, ...]] = field(factory=list)


class CancelRequestPoller:
    """Lists the open requests of each connection whose integration declares how often. Safe from many threads.

    Where several processes work on one ledger, one of them looks in each interval.
    """

    def __init__(
        self,
        ledger: Ledger,
        connections: Connections,
        parts: DeskParts,
        intake: CancelRequestIntake,
        lists: CancelRequestLists,
    ) -> None:
        self._ledger = ledger
        self._connections = connections
        self._clock = parts.clock
        self._intake = intake
        self._lists = lists
        self._lock = threading.Lock()
        self._silent: set[str] = set()
        self._next_at: dict[str, float] = {}
        self._running: dict[str, _Listing] = {}

    def poll_due(self) -> tuple[str, ...]:
        """Look where it is time to look; what kept that from being done, a line each."""
        if not self._lock.acquire(blocking=False):  # Another thread is at it.
            return ()
        try:
            for name in self._connections.names():
                if name not in self._silent and name not in self._running:
                    self._start_if_due(name)
            until = time.monotonic() + MAX_WAIT
            ended = [one for one in self._running.values() if one.job.done.wait(max(0.0, until - time.monotonic()))]
            return tuple(problem for one in ended for problem in self._finish(one))
        finally:
            self._lock.release()

    def _start_if_due(self, name: str) -> None:
        # By seconds that never run backwards: a clock that was ahead and is right again must not put off what is due.
        now, elapsed = self._clock.now(), self._clock.monotonic()
        if elapsed < self._next_at.get(name, elapsed):
            return
        try:
            declared = self._connections.describe(name).cancel_requests
            every = declared.every if declared is not None else None
            if every is None:
                self._silent.add(name)
                return
            connection = self._connections.get(name)
        except OrderDeskError:  # `orderdesk doctor` tells, and so does every case there.
            self._next_at[name] = elapsed + UNUSABLE_RETRY.total_seconds()
            return
        number, begun = divmod(now.timestamp(), every.total_seconds())
        self._next_at[name] = elapsed + every.total_seconds() - begun
        digest = f"list {int(number)}"
        if self._ledger.claim_notifications(_place(name), [digest], now):
            found: list[tuple[RequestedCancellation, ...]] = []

            def read(_: Watchdog) -> None:
                found.append(self._lists.read(connection))

            job = self._connections.bulkhead(name).submit(read)
            self._running[name] = _Listing(connection, now, digest, job, found)

    def _finish(self, listing: _Listing) -> tuple[str, ...]:
        name = listing.connection.name
        del self._running[name]
        by = f"the list of open requests at {name}"
        try:
            if listing.found:
                problems = self._intake.take_list(listing.connection, listing.found[0], listing.started, by=by)
                self._ledger.complete_notifications(_place(name), [listing.digest], ())
                return problems
            self._ledger.complete_notifications(_place(name), (), [listing.digest])
        except OrderDeskError as error:  # The next list has it again.
            return (f"{name}: {error}",)
        return (f"{name}: {listing.job.error}",) if listing.job.error is not None else ()


def _place(connection: str) -> str:
    """Where the ledger notes who listed when: beside the messages of the connection, which it must not push out."""
    return f"{connection} (open requests)"
