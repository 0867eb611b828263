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
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from attrs import field, frozen

from orderdesk_sdk.plugin.bulkhead import DEFAULT_TIMEOUT
from orderdesk_sdk.plugin.telemetry import span
from orderdesk_sdk.transport.http.limits import HttpLimits

if TYPE_CHECKING:
    from orderdesk_sdk.cases.ledger import Ledger
    from orderdesk_sdk.clock import Clock
    from orderdesk_sdk.desk.access.service import AccessService
    from orderdesk_sdk.desk.audit import AuditService
    from orderdesk_sdk.desk.bulk.lists import BulkListService
    from orderdesk_sdk.desk.bulk.request import BulkRequest
    from orderdesk_sdk.desk.bulk.run import BulkRun
    from orderdesk_sdk.desk.cancellations import CancellationStatus
    from orderdesk_sdk.desk.config import Config
    from orderdesk_sdk.desk.connection_admin.service import ConnectionAdmin
    from orderdesk_sdk.desk.event_webhooks.service import EventWebhookService
    from orderdesk_sdk.desk.messages.service import MessageService
    from orderdesk_sdk.desk.receipt_links import ReceiptLinkService
    from orderdesk_sdk.desk.rule_admin import RuleAdmin
    from orderdesk_sdk.orders.store import OrderStore
    from orderdesk_sdk.plugin.integration import SideEffect
    from orderdesk_sdk.plugin.registry import PluginRegistry
    from orderdesk_sdk.runtime.engines.protocol import Engine
    from orderdesk_sdk.runtime.scheduler import RunReport

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
    `eligibility`, `cases`, `responses`, `status_changes`, `resubmissions`, `notifications`, `messages`, `rules`,
    `feed`, `inbox`, `bulks`, `access`, `audit`, `connection_admin`, `rule_admin`, `receipt_links`, `event_webhooks`.
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
        from orderdesk_sdk.desk.assembly import DeskAssembly  # All the rest of the SDK, for a desk that is opened.

        self.config = config
        made = DeskAssembly(
            config,
            clock,
            limits or DeskLimits(),
            listeners,
            ledger=ledger,
            order_store=order_store,
            registry=registry,
        )
        self._assembly, self._scheduler, self._shutdown = made, made.scheduler, made.shutdown
        self.clock: Clock = made.clock
        self.registry, self.connections, self.listeners = made.registry, made.connections, made.listeners
        self.ledger, self.order_store = made.ledger, made.order_store
        self.orders, self.cancellations, self.cases = made.orders, made.cancellations, made.cases
        self.status_changes, self.resubmissions = made.status_changes, made.resubmissions
        self.responses, self.eligibility = made.responses, made.eligibility
        self.notifications, self.rules = made.notifications, made.rules
        self.answer_links, self.feed, self.inbox = made.answer_links, made.feed, made.inbox

    @property
    def access(self) -> AccessService:
        """Who may use console and API: users, sessions, tokens."""
        return self._assembly.access

    @property
    def audit(self) -> AuditService:
        """Who did, saw or tried what."""
        return self._assembly.audit

    @property
    def receipt_links(self) -> ReceiptLinkService:
        """Links under which a customer or a partner reads what became of an order."""
        return self._assembly.receipt_links

    @property
    def messages(self) -> MessageService:
        """What comes in: messages of services and of the order store."""
        return self._assembly.messages

    @property
    def event_webhooks(self) -> EventWebhookService:
        """Endpoints elsewhere that hear what happens to cases."""
        return self._assembly.event_webhooks

    @property
    def bulks(self) -> BulkListService:
        """Bulks that a person asked for at a page."""
        return self._assembly.bulks

    @property
    def connection_admin(self) -> ConnectionAdmin:
        """The connections of orderdesk.toml, and those that are made while the desk runs."""
        return self._assembly.connection_admin

    @cached_property
    def rule_admin(self) -> RuleAdmin:
        """The rules of orderdesk.toml, and those that are made while the desk runs."""
        from orderdesk_sdk.desk.rule_admin import RuleAdmin

        return RuleAdmin(self, self._assembly.configured_rules, self._assembly.stored_configuration)

    @classmethod
    def open(cls, path: Path | None = None) -> Self:
        """The desk of a configuration file; `path` None takes ./orderdesk.toml where there is one."""
        from orderdesk_sdk.desk.config import find_config

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
        self._assembly.close(wait=wait)

    # Many parameters: what somebody may say of a cancellation, each by keyword, and but for a name with a default.
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
        plan_token: str | None = None,
        side_effects: Collection[SideEffect] = (),
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
            plan_token: `Plan.token` of the plan that somebody agreed to; None cancels whatever is planned now.
            side_effects: what is asked for besides, this once, where it is offered; needs the token of a plan that was
                made with them.

        Raises PlanChangedError, which carries the new plan, where the token's has changed since or is older than 15
        minutes; not for a key whose cancellation is there already. Raises NotFoundError for an unknown order,
        InvalidStateError for one that was submitted nowhere, and ValidationError, before anything is recorded, for a
        reason or a part of the order that a connection does not take. Where a service says of each order which reasons
        it takes, and no reading holds, it is asked first; while it cannot say so, the cancellation is recorded all the
        same, and its case asks.
        """
        with span("cancel") as observed:
            registered = self._assembly.parts.order_store.resolve_registered(order)
            wanted = self.cancellations.draft(
                registered.order,
                by=by,
                reason=reason,
                idempotency_key=idempotency_key,
                connections=connections,
                lines=lines,
                side_effects=side_effects,
            )
            status = self.cancellations.open(
                registered.order, wanted, send_now=send_now, registered=registered, plan_token=plan_token
            )
            observed.set("cases", len(status.cases))
            self._assembly.rule_trigger.fire()
            return status

    def cancel_many(
        self, requests: Iterable[BulkRequest], *, by: str, idempotency_key: str, send: bool = True
    ) -> BulkRun:
        """Cancel many orders. Iterate over what this gives: that records them, sends what is due, and gives a result
        for each order when every connection of it was tried, or its request could not be accepted.

        Each connection gets its share by itself, so that a slow or dead one delays no other. Memory does not grow with
        the number of orders. To run it again with the same key and orders, after a crash say, goes on where it ended:
        nothing is recorded or sent twice. What waits for a service when all were tried is followed up by `run_due`.
        They are recorded as they come: where thousands come sorted by connection, the last one has nothing to do until
        those of all others are recorded.

        Args:
            requests: read as they are needed, once.
            idempotency_key: names the bulk; each order's own key is made of it and of its number.
            send: False only records them; `run_due` sends.

        Raises what `Desk.cancel` raises for a blank `by`, and while it runs StorageError; what is wrong with one order
        is in its result.
        """
        from orderdesk_sdk.desk.bulk.run import BulkRun
        from orderdesk_sdk.desk.parts import require_actor

        return BulkRun(
            self._assembly.parts,
            self.cancellations,
            self._shutdown,
            requests,
            by=require_actor(by),
            bulk=idempotency_key,
            send=send,
        )

    def take_up_changes(self) -> None:
        """Go by the connections and rules that were changed in the ledger since; cheap, so call it every second or so.

        `run_due` does it by itself: this is for a desk of which nobody calls that. Raises StorageError.
        """
        self._assembly.stored_configuration.look()

    def run_due(self, limit: int = 1000) -> RunReport:
        """Do what is due now, and say when the next is due. Does nothing once the desk is being closed.

        Each connection does its share by itself. Beyond `limit` pieces, who is slow is finished beside the next call.
        """
        return self._assembly.run_due(limit)

    def use_engine(self, engine: Engine | None) -> None:
        """Let this engine wake somebody when a case that this desk writes is due; None lets `run_due` find it."""
        self._assembly.wakes.use(engine)

    def handle_wake(self, case_id: str, attempt: int) -> bool:
        """For engines: do what is due of this attempt of a case; False where it is not to be done now, or is done.

        Claims the case in the ledger first, so that a wake which comes twice, late or out of order does no harm. Does
        nothing once the desk is being closed. Raises OrderDeskError where it could not be handled: it is still due.
        """
        self._assembly.stored_configuration.look_now_and_then()
        return self._assembly.wakes.handle(case_id, attempt)

    def sweep(self, slack: timedelta | None = None) -> RunReport:
        """For engines: do what has been due for longer than `slack`, whatever became of its wake.

        Args:
            slack: None: a minute, which no wake takes on its way.
        """
        return self._assembly.sweep(slack)
