"""The endpoints of a desk that hear what happens: added, changed, sent to. Reached as `desk.event_webhooks`."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from attrs import evolve

from orderdesk_sdk.cases.audit import AuditAction
from orderdesk_sdk.cases.event_webhooks import DeliveryState, EventDelivery, EventEndpoint, EventType
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.clock import Clock, hours
from orderdesk_sdk.desk.audit import AuditService
from orderdesk_sdk.desk.event_webhooks.dispatcher import EventDispatcher
from orderdesk_sdk.desk.event_webhooks.outbox import EventOutbox
from orderdesk_sdk.desk.event_webhooks.sender import EventSender
from orderdesk_sdk.desk.event_webhooks.signing import new_secret, read_secret
from orderdesk_sdk.desk.event_webhooks.vault import EndpointSecret, EndpointVault, endpoint_location
from orderdesk_sdk.desk.parts import require_actor
from orderdesk_sdk.errors import InvalidStateError, NotFoundError, ValidationError
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.http.event_post import EventPoster, PostResult
from orderdesk_sdk.transport.http.public_addresses import require_reachable_url
from orderdesk_sdk.transport.http.reach import Reach
from orderdesk_sdk.transport.shutdown import Shutdown

__all__ = ["MAX_ENDPOINTS", "EventWebhookService"]

MAX_ENDPOINTS = 20
"""Endpoints of a desk; each has a thread while something is due for it."""
KEEP_DELIVERED = timedelta(days=30)
"""For how long what was delivered is remembered."""
OVERLAP = hours(24)
"""For how long an old secret signs beside the new one."""
MAX_OVERLAP = hours(24 * 7)
_REMOVED_AT_ONCE = 500


class EventWebhookService:
    """Manages the endpoints, and sends to them in `Desk.run_due`. All methods raise StorageError."""

    def __init__(
        self,
        ledger: Ledger,
        vault: EndpointVault,
        audit: AuditService,
        clock: Clock,
        machine_clock: Clock,
        reach: Reach,
        shutdown: Shutdown,
    ) -> None:
        """
        Args:
            clock: the desk's, by which deliveries are due.
            machine_clock: for signatures and secrets, which receivers judge by their own.
            reach: where endpoints may be.
        """
        self._ledger = ledger
        self._vault = vault
        self._audit = audit
        self._clock = clock
        self._machine_clock = machine_clock
        self._reach = reach
        self._outbox = EventOutbox(ledger, clock)
        self._poster = EventPoster(reach, MAX_ENDPOINTS)
        self._sender = EventSender(ledger, vault, self._poster, clock, machine_clock)
        self._dispatcher = EventDispatcher(ledger, self._sender.send, clock, shutdown, MAX_ENDPOINTS)
        self._shutdown = shutdown

    def add(
        self,
        url: str,
        *,
        types: Sequence[EventType] = (),
        connections: Sequence[str] = (),
        secret: Secret | None = None,
        by: str,
    ) -> tuple[EventEndpoint, Secret]:
        """A new endpoint, which hears what happens from now on; and its secret, which is shown only now.

        Args:
            url: by https, and of a public host.
            types: what of; empty: everything.
            connections: only of cases there; empty: all.
            secret: `whsec_...`; None makes one.

        Raises ConfigurationError for a URL that may not be called, and without a key; ValidationError for a secret that
        is none; InvalidStateError where there are too many.
        """
        actor = require_actor(by)
        if len(self._ledger.endpoints()) >= MAX_ENDPOINTS:
            raise InvalidStateError(
                f"there are {MAX_ENDPOINTS} endpoints, and no more are taken",
                hint="use one of them for several readers",
            )
        chosen = read_secret(secret) if secret is not None else new_secret()
        made = EventEndpoint(
            id=secrets.token_hex(6),
            url=self._checked(url),
            types=tuple(dict.fromkeys(types)),
            connections=tuple(dict.fromkeys(connections)),
            sealed="",
            cursor=self._ledger.head().count,
            created_by=actor,
            created_at=self._machine_clock.now(),
        )
        sealed = self._vault.seal(made, [EndpointSecret(chosen)])
        self._ledger.add_endpoint(sealed)
        self._record(actor, sealed, "added")
        return sealed, chosen

    def list(self) -> tuple[EventEndpoint, ...]:
        """All endpoints, oldest first."""
        return self._ledger.endpoints()

    def get(self, endpoint_id: str) -> EventEndpoint:
        """An endpoint by its id. Raises NotFoundError."""
        for endpoint in self._ledger.endpoints():
            if endpoint.id == endpoint_id:
                return endpoint
        raise NotFoundError(
            "there is no such endpoint", location=endpoint_location(endpoint_id), hint="see `orderdesk webhooks list`"
        )

    def disable(self, endpoint_id: str, *, by: str) -> EventEndpoint:
        """Send nothing to an endpoint from now on; what waits for it is kept. Raises NotFoundError."""
        actor = require_actor(by)
        return self._change(actor, evolve(self.get(endpoint_id), disabled_reason=f"disabled by {actor}"), "disabled")

    def enable(self, endpoint_id: str, *, by: str) -> EventEndpoint:
        """Send to an endpoint again, beginning where it ended: what has happened meanwhile, too. Raises NotFoundError.

        That something could not be sent because it was archived is forgotten by that.
        """
        actor = require_actor(by)
        return self._change(actor, evolve(self.get(endpoint_id), disabled_reason=None, gap=None), "enabled")

    def rotate(
        self, endpoint_id: str, *, secret: Secret | None = None, overlap: timedelta = OVERLAP, by: str
    ) -> tuple[EventEndpoint, Secret]:
        """The endpoint with a new secret, and that secret, which is shown only now.

        Args:
            secret: None makes one.
            overlap: for how long the old one signs too, so that the receiver can change it meanwhile; a week at most.

        Raises NotFoundError, ValidationError, and ConfigurationError where the old secret cannot be opened.
        """
        actor = require_actor(by)
        if not timedelta(0) <= overlap <= MAX_OVERLAP:
            raise ValidationError("an old secret may sign for at most a week", hint="give a shorter time")
        chosen = read_secret(secret) if secret is not None else new_secret()
        endpoint, now = self.get(endpoint_id), self._machine_clock.now()
        old = [
            EndpointSecret(one.secret, min(one.until or now + overlap, now + overlap))
            for one in self._vault.open(endpoint)
            if one.signs(now) and overlap
        ]
        sealed = self._vault.seal(endpoint, [EndpointSecret(chosen), *old])
        return self._change(actor, sealed, "secret changed"), chosen

    def test(self, endpoint_id: str) -> PostResult:
        """Send a signed event of the type `test`, once and at once; what came of it. Raises NotFoundError."""
        endpoint, now = self.get(endpoint_id), self._machine_clock.now()
        content = {"type": "test", "timestamp": now.isoformat(), "data": {"endpoint": endpoint.id}}
        return self._sender.post(endpoint, f"{endpoint.id}_test_{secrets.token_hex(6)}", json.dumps(content))

    def deliveries(
        self,
        endpoint_id: str,
        *,
        states: Iterable[DeliveryState] = tuple(DeliveryState),
        limit: int = 50,
        before: int | None = None,
    ) -> tuple[EventDelivery, ...]:
        """Deliveries to an endpoint, the newest events first. Raises NotFoundError.

        Args:
            before: only of events before this sequence, for the next page; None: from the newest.
        """
        return self._ledger.deliveries(self.get(endpoint_id).id, states, limit, before=before)

    def redeliver(self, endpoint_id: str, sequence: int, *, by: str) -> EventDelivery:
        """Have a delivery sent again by the next round, also one that was delivered; it as it is then.

        Raises NotFoundError, and InvalidStateError for one that is pending.
        """
        actor = require_actor(by)
        delivery = self._ledger.restart_delivery(self.get(endpoint_id).id, sequence, self._clock.now())
        self._record(actor, self.get(endpoint_id), f"event {sequence} is sent again")
        return delivery

    def begin_due(self) -> tuple[str, ...]:
        """Record what endpoints are to hear of, and begin to send what is due; the problems, one line each."""
        enabled = [endpoint for endpoint in self._ledger.endpoints() if endpoint.is_enabled]
        self._ledger.remove_old_deliveries(self._clock.now() - KEEP_DELIVERED, _REMOVED_AT_ONCE)
        head = self._ledger.head().count
        for endpoint in enabled:
            if self._shutdown.is_requested:
                break
            self._outbox.collect(endpoint, head)
            self._dispatcher.start(endpoint.id)
        return self._dispatcher.take_problems()

    def next_due(self) -> datetime | None:
        """When the next delivery is due; None where none waits."""
        return self._ledger.next_delivery_due()

    def wait_until_idle(self) -> None:
        """Return when nothing is under way. The desk's ending must have begun."""
        self._dispatcher.wait_until_idle()

    def close(self) -> None:
        """Close threads and connections."""
        self._dispatcher.close()
        self._poster.close()

    def _change(self, actor: str, changed: EventEndpoint, what: str) -> EventEndpoint:
        made = evolve(changed, version=changed.version + 1)
        self._ledger.change_endpoint(made)
        self._record(actor, made, what)
        return made

    def _record(self, actor: str, endpoint: EventEndpoint, what: str) -> None:
        self._audit.record(actor, AuditAction.WEBHOOK_CHANGED, endpoint_location(endpoint.id), what)

    def _checked(self, url: str) -> str:
        return require_reachable_url(url, "url", self._reach)
