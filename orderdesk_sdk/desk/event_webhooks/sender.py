"""Makes one try of a delivery, and writes what becomes of it."""

from __future__ import annotations

from attrs import evolve

from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cases.event_webhooks import DeliveryState, EventDelivery, EventEndpoint
from orderdesk_sdk.cases.ledger import Ledger
from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.desk.event_webhooks.schedule import delay_after
from orderdesk_sdk.desk.event_webhooks.signing import signed_headers
from orderdesk_sdk.desk.event_webhooks.vault import EndpointVault, endpoint_location
from orderdesk_sdk.errors import ConflictError
from orderdesk_sdk.transport.http.event_post import EventPoster, PostResult

__all__ = ["GONE", "EventSender"]

GONE = 410
"""The status by which an endpoint says that it wants to hear nothing more."""
USER_AGENT = "orderdesk-sdk (webhooks)"
MAX_PROBLEM_LENGTH = 500
_log = RoomLogger("desk")


class EventSender:
    """Sends events, signed. Safe from many threads.

    Args:
        clock: the desk's, by which deliveries are due.
        machine_clock: by which receivers tell an old message.
    """

    def __init__(
        self, ledger: Ledger, vault: EndpointVault, poster: EventPoster, clock: Clock, machine_clock: Clock
    ) -> None:
        self._ledger = ledger
        self._vault = vault
        self._poster = poster
        self._clock = clock
        self._machine_clock = machine_clock

    def post(self, endpoint: EventEndpoint, message_id: str, body: str) -> PostResult:
        """Sign and send once. Raises ConfigurationError where the secret cannot be opened."""
        now, content = self._machine_clock.now(), body.encode()
        keys = [one.secret for one in self._vault.open(endpoint) if one.signs(now)]
        headers = {
            "content-type": "application/json",
            "user-agent": USER_AGENT,
            **signed_headers(message_id, int(now.timestamp()), content, keys),
        }
        return self._poster.post(endpoint.url, headers, content, now)

    def send(self, endpoint: EventEndpoint, delivery: EventDelivery) -> str | None:
        """Make a try of a delivery that this caller has claimed; the problem for people, None where it was good.

        Raises ConfigurationError where the secret cannot be opened, and StorageError; the delivery is due again then
        when its time is up.
        """
        result = self.post(endpoint, delivery.message_id, delivery.body)
        now = self._clock.now()
        tried = evolve(delivery, last_status=result.status, tried_at=now, last_problem=None)
        if result.is_success:
            self._ledger.update_delivery(evolve(tried, state=DeliveryState.DELIVERED, next_try_at=None), now)
            return None
        text = (result.problem or f"the endpoint answered {result.status}")[:MAX_PROBLEM_LENGTH]
        problem = f"event {delivery.sequence} to endpoint {endpoint.id}: {text}"
        _log.warning("an event was not delivered (%s)", result.status or "no answer", about=LogSubject())
        delay = delay_after(delivery.tries, result.retry_after)
        if result.status == GONE:
            # It stays pending: when somebody enables the endpoint again, nothing is missing.
            self._disable(endpoint)
        if delay is None:
            self._ledger.update_delivery(
                evolve(tried, state=DeliveryState.FAILED, next_try_at=None, last_problem=text), now
            )
            return f"{problem}; given up after {counted(delivery.tries, 'try', 'tries')}"
        self._ledger.update_delivery(evolve(tried, next_try_at=now + delay, last_problem=text), now)
        return problem

    def _disable(self, endpoint: EventEndpoint) -> None:
        reason = f"it answered {GONE} Gone"
        try:
            self._ledger.change_endpoint(evolve(endpoint, disabled_reason=reason, version=endpoint.version + 1))
        except ConflictError:
            return  # A person has changed it meanwhile: the next try tells what holds then.
        _log.warning("%s is disabled: %s", endpoint_location(endpoint.id), reason, about=LogSubject())
