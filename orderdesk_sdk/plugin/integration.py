"""What a plugin declares about its service: how it cancels, until when, what proves it, how to resubmit.

Declarations are data. They import nothing heavy, do no I/O, and a host app can render buttons and countdowns from them.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from attrs import evolve, field, frozen

from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.plugin.argument_checks import require_instance
from orderdesk_sdk.plugin.cancel_requests import CancelRequests
from orderdesk_sdk.plugin.order_numbers import Identity, validated_identities
from orderdesk_sdk.plugin.plain_values import plain_text
from orderdesk_sdk.plugin.routes import Button, Email, Portal, Route, RuleAction, _normalized_statuses
from orderdesk_sdk.plugin.webhooks import WebhookReply

if TYPE_CHECKING:
    import httpx

__all__ = [
    "Verification",
    "IdentifierFormat",
    "Integration",
    "Limit",
    "NewNumber",
    "NoResubmission",
    "Quota",
    "ResubmissionPolicy",
    "SameNumber",
    "SettableStatus",
    "SideEffect",
    "SideEffectSwitch",
]

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def _names(names: Iterable[str]) -> frozenset[str]:
    return frozenset(names)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


@frozen
class SettableStatus:
    """A status that the order can be given at a cart, beside canceled.

    Args:
        name: as callers give it.
        title: for people.
    """

    name: str
    title: str


class Verification(enum.Enum):
    """What a plugin was checked against."""

    VENDOR_CHECKED = "vendor checked"
    """A published API; the vendor's own client, schema or vectors judge plugin and simulator in the tests."""
    PUBLISHED_API = "published API"
    """The vendor's public documents."""
    CONFIGURATION = "configuration only"
    """No public document: what is called, and what it means, is its customer's configuration."""


class SideEffect(enum.Enum):
    """What a cancellation does not do unless a setting of the connection says so: nothing of it is ever implied."""

    REFUND = "refund"
    """Captured money is paid back."""
    STOCK = "stock"
    """The items return into stock."""
    SHIPPING_LABEL = "shipping label"
    """The label that was bought is voided."""
    CUSTOMER_MESSAGE = "customer message"
    """The customer is told."""
    FEE = "fee"
    """The service charges us for the cancellation."""

    @property
    def needs_switch(self) -> bool:
        """Whether a step before a cancel that does it needs a switch: no money moves, nobody is told and no stock
        returns because somebody pressed a button. A label that must be void before the cancel is a part of it.
        """
        return self is not SideEffect.SHIPPING_LABEL

    @property
    def is_expected(self) -> bool:
        """Whether people may take it for a part of a cancellation, so that a plan says where it is not done."""
        return self is not SideEffect.FEE


@frozen
class SideEffectSwitch:
    """What turns a side effect on. It is off unless somebody said so.

    Args:
        setting: the name of the setting, a bool, with which a connection always asks for it; None: none does.
        per_cancel: a person may ask for it for one cancellation, by the token of a plan that shows it.
        note: what it costs or does, for people, "5.00 USD" say; a callable gets the settings. None: its name says all.
        is_on: set by the core: the settings of the connection turn it on.
    """

    setting: str | None = None
    per_cancel: bool = False
    note: str | Callable[..., str | None] | None = None
    is_on: bool = False

    def __attrs_post_init__(self) -> None:
        if self.setting is None and not self.per_cancel:
            raise ValueError("a side effect needs a setting, or per_cancel=True; nothing else turns it on")

    def for_settings(self, settings: object, redact: Callable[[str], str]) -> SideEffectSwitch:
        """The switch as the settings of a connection have it. Runs the plugin's code.

        Args:
            redact: takes secrets out of the plugin's words.
        """
        note: object = self.note(settings) if callable(self.note) else self.note
        is_on = self.setting is not None and getattr(settings, self.setting) is True
        return evolve(self, note=redact(plain_text(note)) if note is not None else None, is_on=is_on)


def _switches(effects: Mapping[SideEffect, str | SideEffectSwitch]) -> Mapping[SideEffect, SideEffectSwitch]:
    return {
        effect: switch if isinstance(switch, SideEffectSwitch) else SideEffectSwitch(switch)
        for effect, switch in effects.items()
    }


@frozen
class NewNumber:
    """A canceled order can be submitted again, under a number that the service has never seen."""


@frozen
class SameNumber:
    """A canceled order can be submitted again under its own number."""


@frozen
class NoResubmission:
    """The service takes no resubmission through the SDK. `reason` tells the person what to do instead."""

    reason: str


ResubmissionPolicy = NewNumber | SameNumber | NoResubmission
"""Whether and how a canceled order can be submitted again."""


@frozen
class Limit:
    """A token bucket.

    Args:
        per_second: calls on average.
        burst: calls at once.
    """

    per_second: float
    burst: int

    def __attrs_post_init__(self) -> None:
        if not self.per_second > 0 or self.burst < 1:
            raise ValueError("a limit needs per_second > 0 and burst >= 1")


@frozen
class Quota:
    """So many calls a day; then the service takes none before the next one.

    Args:
        calls: of the operation, whoever makes them.
        time_zone: whose midnight begins a day, by its IANA name.
    """

    calls: int
    time_zone: str = "UTC"

    def __attrs_post_init__(self) -> None:
        if self.calls < 1:
            raise ValueError("a quota needs calls >= 1")
        ZoneInfo(self.time_zone)  # Raises for a zone that there is not.

    def day(self, now: datetime) -> date:
        """The day that a moment belongs to."""
        return now.astimezone(ZoneInfo(self.time_zone)).date()

    def opens_at(self, now: datetime) -> datetime:
        """When the next day begins, in UTC."""
        midnight = datetime.combine(self.day(now) + timedelta(days=1), time(), ZoneInfo(self.time_zone))
        return midnight.astimezone(UTC)


@frozen
class IdentifierFormat:
    """Which remote numbers the service keeps intact; others are rejected before anything is sent.

    Args:
        pattern: what the whole number must match; a text will do.
        max_length: in characters.
        description: the same in words, for the person whose number is rejected.
    """

    pattern: re.Pattern[str] = field(converter=_pattern)
    max_length: int
    description: str

    def error(self, remote_id: str) -> str | None:
        """What is wrong with a remote number, or None when nothing is."""
        if len(remote_id) > self.max_length:
            return f"the number {remote_id!r} has {len(remote_id)} characters; at most {self.max_length} are allowed"
        if not self.pattern.fullmatch(remote_id):
            return f"the number {remote_id!r} has characters outside {self.pattern.pattern}: {self.description}"
        return None


@frozen(kw_only=True)
class Integration:
    """A kind of service, as its plugin declares it.

    Args:
        slug: the name everywhere, equal to the entry point's.
        title: the name for people.
        settings: a class made with `plugin.connection_settings.settings`.
        cancel: the routes, in the order in which they are tried; empty means that no way to cancel is known.
        base_url: which `url` setting the paths of `service.get(...)` are joined to; None where no call is ever made.
        role: whether orders come in from the service (cart) or are made and shipped by it (fulfillment).
        resubmission: whether and how a canceled order can be submitted again.
        auth: called with the settings, gives the `httpx.Auth` of a connection; None for a service without credentials.
        remote_id_format: which numbers the service keeps unchanged; None: every number.
        limits: per operation name, which calls that a service counts together share; "*" stands for each that is not
            named.
        quotas: per operation name, how many calls of it the service takes a day. They are counted for all processes
            that work on one ledger; what is too much for a day waits for the next one.
        rate_header: a response header that tells the allowed rate in calls per second; None where the service sends
            none.
        retry_after: called with every response, says how long to wait where the service rejects the call in its own
            way, which must prove that nothing was done; else None. No flow sees such a response; 429 and the header
            Retry-After are handled without it.
        identified_by: per operation name ("*" for each that is not named), where a response states which order it is
            about. A verdict rests only on a response of an operation that is declared here; the core compares the
            numbers. Called with the settings where it is a callable.
        expected_headers: response headers that repeat a setting, such as the API's version, and the name of that
            setting; a difference is reported as a warning.
        evidence_headers: response headers worth keeping as evidence, such as a request id. Lower case.
        redact_fields: names, normalized, of body fields and query parameters that are hidden in evidence, whole and at
            any depth: those with people in them, such as a recipient. Fields named like credentials, and all secrets,
            are hidden anyway.
        help_url: where a person reads how the service cancels; None where nothing is published.
        actions: what rules may do here.
        statuses: what `orderdesk_change_status` can set here, beside canceled.
        verified_by: what the plugin was checked against.
        routes_for: called with the settings, gives the routes of one connection, where they change them; None takes
            `cancel`.
        cancel_requests: how somebody else's requests to cancel come in here, and are answered; None: none do.
        unavailable_reason: called with the settings, says what keeps the calls from being made, or None; with a reason,
            a person must cancel at the service.
        side_effects: what a `Button` makes the service do besides, each with the name of the setting, a bool, that says
            so, or with a `SideEffectSwitch`; what is not named here is never done. `CancelRequest.side_effects` has
            those that were said.
        webhook_events: the events for each of which the plugin registers a webhook, at a service that takes one
            registration an event; empty: one registration is for all.
        webhook_reply: what the service wants to be answered once its message was taken; None: any status from 200 to
            299 will do.
    """

    slug: str
    title: str
    settings: type
    cancel: tuple[Route, ...]
    base_url: str | None = None
    role: ConnectionRole = ConnectionRole.FULFILLMENT
    resubmission: ResubmissionPolicy = NoResubmission("this integration declares no resubmission")
    auth: Callable[..., httpx.Auth] | None = None
    remote_id_format: IdentifierFormat | None = None
    limits: Mapping[str, Limit] = field(factory=dict)
    rate_header: str | None = None
    retry_after: Callable[[httpx.Response], timedelta | None] | None = None
    identified_by: Mapping[str, Identity] | Callable[..., Mapping[str, Identity]] = field(factory=dict)
    expected_headers: Mapping[str, str] = field(factory=dict)
    evidence_headers: frozenset[str] = field(default=frozenset(), converter=_names)
    redact_fields: frozenset[str] = field(default=frozenset(), converter=_normalized_statuses)
    help_url: str | None = None
    actions: tuple[RuleAction, ...] = ()
    statuses: tuple[SettableStatus, ...] = ()
    verified_by: Verification = Verification.CONFIGURATION
    routes_for: Callable[..., tuple[Route, ...]] | None = None
    cancel_requests: CancelRequests | None = None
    unavailable_reason: Callable[..., str | None] | None = None
    quotas: Mapping[str, Quota] = field(factory=dict)
    side_effects: Mapping[SideEffect, SideEffectSwitch] = field(factory=dict, converter=_switches)
    webhook_reply: WebhookReply | None = None
    webhook_events: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        if not SLUG.fullmatch(self.slug):
            raise ValueError(f"the slug {self.slug!r} must be lower-case words joined by hyphens")
        if not isinstance(self.cancel, tuple):
            raise TypeError("cancel must be a tuple of routes; one route is written (Button(...),)")
        for route in self.cancel:
            require_instance("each route of cancel", route, Button, Email, Portal)
        require_instance("role", self.role, ConnectionRole)
        require_instance("resubmission", self.resubmission, NewNumber, SameNumber, NoResubmission)
        require_instance("remote_id_format", self.remote_id_format, IdentifierFormat, type(None))
        require_instance("cancel_requests", self.cancel_requests, CancelRequests, type(None))
        require_instance("webhook_events", self.webhook_events, tuple)
        for event in self.webhook_events:
            require_instance("each of webhook_events", event, str)
        require_instance("webhook_reply", self.webhook_reply, WebhookReply, type(None))
        for effect in self.side_effects:
            require_instance("each key of side_effects", effect, SideEffect)
        for name, quota in self.quotas.items():
            require_instance(f"the quota of {name!r}", quota, Quota)
        for name, limit in self.limits.items():
            require_instance(f"the limit of {name!r}", limit, Limit)
        if not callable(self.identified_by):
            validated_identities(self.identified_by)
