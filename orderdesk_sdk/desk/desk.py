"""The desk: what a host app holds. Plan, cancel, follow up, prove.

    desk = Desk.open()                                  # orderdesk.toml, or the path given
    print(desk.cancellations.plan("1042"))              # what can be canceled where, until when
    status = desk.cancel("1042", by="Ann", reason="customer asked")
    desk.run_due()                                      # from a timer, a worker thread, or the command line
    print(desk.cancellations.receipt("1042"))           # what was asked, answered and proved

Every method, of the desk and of its services, may be called from any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from attrs import field, frozen

from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.clock import Clock, SystemClock
from orderdesk_sdk.desk.cancellations import CancellationService, CancellationStatus
from orderdesk_sdk.desk.cases import CaseService
from orderdesk_sdk.desk.config import Config, find_config
from orderdesk_sdk.desk.manual_evidence import ManualEvidence
from orderdesk_sdk.desk.notifications import NotificationService
from orderdesk_sdk.desk.orders import OrderService
from orderdesk_sdk.desk.parts import DeskParts, require_actor
from orderdesk_sdk.desk.resubmissions import ResubmissionService
from orderdesk_sdk.desk.rule_actions import RuleActionExecutor
from orderdesk_sdk.desk.rule_trigger import RuleTrigger
from orderdesk_sdk.desk.status_changes import StatusChangeService
from orderdesk_sdk.orders.store import OrderStore
from orderdesk_sdk.orders.store_by_id import OrderStoreById
from orderdesk_sdk.plugin.bulkhead import DEFAULT_TIMEOUT
from orderdesk_sdk.plugin.hookspecs import LISTENERS
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.rules.engine import RuleEngine
from orderdesk_sdk.runtime.connections import Connections
from orderdesk_sdk.runtime.handlers.email import CancellationEmail
from orderdesk_sdk.runtime.listeners import Listeners
from orderdesk_sdk.runtime.scheduler import RunReport, Scheduler
from orderdesk_sdk.stores.sql.order_store import SqlOrderStore
from orderdesk_sdk.stores.sqlite.ledger import SqliteLedger
from orderdesk_sdk.stores.sqlite.orders import SqliteOrderStore
from orderdesk_sdk.transport.email.smtp import SmtpTransport
from orderdesk_sdk.transport.http.limits import HttpLimits
from orderdesk_sdk.transport.shutdown import Shutdown

if TYPE_CHECKING:
    from orderdesk_sdk.desk.bulk.request import BulkRequest
    from orderdesk_sdk.desk.bulk.run import BulkRun

__all__ = ["Desk", "DeskLimits"]


@frozen
class DeskLimits:
    """How long a desk waits for others, and how much of them it takes.

    Args:
        http: for the calls of each connection.
        plugin_timeout: seconds that a plugin or a listener may run without a call.
    """

    http: HttpLimits = field(factory=HttpLimits)
    plugin_timeout: float = DEFAULT_TIMEOUT


class Desk:
    """The entry point of the SDK over one ledger, one order store and the configured connections.

    Besides the lifecycle and the shortcut `cancel`, everything is reached through a service: `orders`, `cancellations`,
    `cases`, `status_changes`, `resubmissions`, `notifications`, `rules`.
    """

    def __init__(
        self,
        config: Config,
        *,
        ledger: Ledger | None = None,
        order_store: OrderStore | None = None,
        clock: Clock | None = None,
        registry: PluginRegistry | None = None,
        limits: DeskLimits | None = None,
        listeners: Sequence[object] = (),
    ) -> None:
        """A desk of parts; each None is made from the configuration, or by default."""
        limits = limits or DeskLimits()
        self.config = config
        self.clock: Clock = clock or SystemClock()
        self.registry = registry or PluginRegistry()
        self.ledger: Ledger = ledger or SqliteLedger(config.ledger, keeps_events=bool(config.rules))
        self.order_store: OrderStore = order_store or SqliteOrderStore(
            config.ledger, clock=self.clock, suffix=config.resubmission_suffix
        )
        self.listeners = Listeners(
            listeners, lambda: self.registry.entry_points(LISTENERS), timeout=limits.plugin_timeout
        )
        self._shutdown = Shutdown()
        self.connections = Connections(
            config.connections,
            self.registry,
            self.clock,
            limits.http,
            limits.plugin_timeout,
            config.ledger,
            self._shutdown,
        )
        self._start_services()

    def _start_services(self) -> None:
        config = self.config
        by_id = OrderStoreById(self.order_store)
        email = CancellationEmail(SmtpTransport(config.email) if config.email is not None else None, self.clock)
        self._scheduler = Scheduler(
            self.ledger, by_id, self.connections, self.listeners, email, self.clock, self._shutdown
        )
        self._rule_trigger = RuleTrigger(self._scheduler)
        self._parts = parts = DeskParts(
            self.ledger, by_id, self.connections, self._scheduler, self.clock, self._rule_trigger
        )
        self.cases = CaseService(parts, ManualEvidence(config, self.ledger, self.connections, self.clock))
        self.cancellations = CancellationService(parts)
        self.status_changes = StatusChangeService(parts, self.cancellations)
        self.resubmissions = ResubmissionService(parts)
        self.notifications = NotificationService(parts, self.cancellations)
        executor = RuleActionExecutor(self.cancellations, self.status_changes)
        self.rules = RuleEngine(config.rules, self.ledger, by_id, self.connections, executor, self.clock)
        self._scheduler.event_processor = self.rules
        self.orders = OrderService(parts, self.order_store, self.cancellations, self.notifications, self.rules)

    @classmethod
    def open(cls, path: Path | None = None) -> Self:
        """The desk of a configuration file; `path` None takes ./orderdesk.toml where there is one."""
        return cls(find_config(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        self.close(wait=kind is None or issubclass(kind, Exception))

    def ending_on(self, signal: threading.Event) -> AbstractContextManager[None]:
        """Within the block, nothing new is begun once the signal is set, by a handler of SIGTERM say; see `close`."""
        return self._shutdown.requested_by(signal)

    def close(self, *, wait: bool = True) -> None:
        """Finish what is under way, begin nothing new, and close connections, ledger and threads.

        Args:
            wait: False breaks off in the middle, as a crash does; what is open goes on when a desk is opened again.
        """
        self._shutdown.request()
        if wait:
            self._scheduler.wait_until_idle()
        self.connections.close()
        self.ledger.close()
        if isinstance(self.order_store, SqlOrderStore):
            self.order_store.close()

    def cancel(
        self,
        order: str,
        *,
        by: str,
        reason: str | None = None,
        idempotency_key: str | None = None,
        connections: Sequence[str] = (),
        lines: Mapping[str, int] | None = None,
        send_now: bool = True,
    ) -> CancellationStatus:
        """Cancel an order everywhere it was submitted; it is in the ledger before this returns or sends anything.

        Args:
            order: its id or number.
            reason: a standard one ("out of stock"), a code of the service's list, or free words; see
                `desk.cancellations.plan` for what each connection takes.
            connections: only at these connections; empty means all.
            lines: only these, by line id, or by code where it is one line's alone, with quantities; `id:` and `code:`
                before a name say which it is. None means all.
            idempotency_key: names the cancellation; the same key again gives the same one, and raises ConflictError
                where its content differs. None or empty asks for what is not yet being canceled: asking twice is asking
                once, until a case ended without a cancel.
            send_now: False only records it; `run_due` sends it.

        Raises NotFoundError for an unknown order, InvalidStateError for one that was submitted nowhere, and
        ValidationError, before anything is recorded, for a reason or a part of the order that a connection does not
        take.
        """
        resolved = self.orders.get(order)
        wanted = self.cancellations.draft(
            resolved, by=by, reason=reason, idempotency_key=idempotency_key, connections=connections, lines=lines
        )
        status = self.cancellations.open(resolved, wanted, send_now=send_now)
        self._rule_trigger.fire()
        return status

    def cancel_many(
        self, requests: Iterable[BulkRequest], *, by: str, idempotency_key: str, send: bool = True
    ) -> BulkRun:
        """Cancel many orders. Iterate over what this gives: that records them, sends what is due, and gives a result
        for each order when every connection of it was tried, or its request could not be accepted.

        Each connection gets its share by itself, so that a slow or dead one delays no other. Memory does not grow with
        the number of orders. To run it again with the same key and orders, after a crash say, goes on where it ended:
        nothing is recorded or sent twice. What waits for a service when all were tried is followed up by `run_due`.

        Args:
            requests: read as they are needed, once.
            idempotency_key: names the bulk; each order's own key is made of it and of its number.
            send: False only records them; `run_due` sends.

        Raises what `Desk.cancel` raises for a blank `by`, and while it runs StorageError; what is wrong with one order
        is in its result.
        """
        from orderdesk_sdk.desk.bulk.run import BulkRun

        return BulkRun(
            self._parts,
            self.cancellations,
            self._shutdown,
            requests,
            by=require_actor(by),
            bulk=idempotency_key,
            send=send,
        )

    def run_due(self, limit: int = 1000) -> RunReport:
        """Do what is due now, and say when the next is due. Does nothing once the desk is being closed.

        Each connection does its share by itself. Beyond `limit` pieces, who is slow is finished beside the next call.
        """
        with self._shutdown.in_use():
            if self._shutdown.is_requested:
                return RunReport(0, None)
            return self._scheduler.run_due(limit)
