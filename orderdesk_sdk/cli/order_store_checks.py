"""The checks of `doctor` that call a live order store: whether it answers, and what this program may do there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from orderdesk_sdk.cases.counts import counted
from orderdesk_sdk.cases.wording import rounded_duration
from orderdesk_sdk.clock import Clock, minutes
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.health import HealthCheck, HealthCode, error_check
from orderdesk_sdk.errors import NotFoundError, OrderDeskError

if TYPE_CHECKING:
    from orderdesk_sdk.stores.orderdesk_api.settings import OrderDeskSettings
    from orderdesk_sdk.stores.orderdesk_api.store_profile import StoreProfile

__all__ = ["check_order_store"]

_MAX_CLOCK_DIFFERENCE: Final = minutes(2)
_PLACE: Final = "[orders]"
_MAY: Final = (
    "this program reads orders, adds entries to their histories, moves them between folders, creates duplicates, and "
    "writes its own key into order_metadata; it deletes nothing"
)


def check_order_store(config: Config, clock: Clock) -> Iterator[HealthCheck]:
    """The checks of the store at Order Desk, by two calls; none where the orders are in the embedded order store."""
    settings = config.order_desk
    if settings is None:
        return
    from orderdesk_sdk.stores.orderdesk_api.api import OrderDeskApi  # It brings httpx, which only calls need.
    from orderdesk_sdk.stores.orderdesk_api.store_profile import read_store_profile
    from orderdesk_sdk.transport.http.limits import HttpLimits

    api = OrderDeskApi(settings, clock, limits=HttpLimits(timeout=10.0, read_timeout=10.0, max_attempts=2))
    try:
        told = api.get("test").document.get("current_date_time")
        profile = read_store_profile(api, settings.timezone)
    except OrderDeskError as error:
        yield error_check(HealthCode.ORDER_STORE, error, _PLACE)
        return
    finally:
        api.close()
    yield from _clock(str(told or ""), clock)
    yield _folder(settings, profile)
    yield from _folder_that_cancels(config, profile)
    yield from _same_integration(config, settings)
    name = f" ({profile.name})" if profile.name else ""
    folders = counted(len(profile.folders), "folder")
    text = f"store {settings.store_id}{name} answers; {folders}, in {profile.timezone}; {_MAY}"
    yield HealthCheck.ok(HealthCode.ORDER_STORE, _PLACE, text)


def _clock(told: str, clock: Clock) -> Iterator[HealthCheck]:
    """Whether this machine's clock goes as the store's: what shipped since a cancellation is found by both."""
    now = clock.now()
    try:
        theirs = datetime.fromisoformat(told).replace(tzinfo=now.tzinfo)
    except ValueError:
        return  # A store that tells no time, or another way, leaves nothing to compare.
    if abs(theirs - now) > _MAX_CLOCK_DIFFERENCE:
        text = f"the store's clock differs from this machine's by {rounded_duration(abs(theirs - now))}"
        yield HealthCheck.degraded(HealthCode.ORDER_STORE, _PLACE, text, "set this machine's clock by a time server")


def _folder_that_cancels(config: Config, profile: StoreProfile) -> Iterator[HealthCheck]:
    """What is wrong with the folder whose orders are to be canceled, where it is named or looked into."""
    messages, settings = config.messages, config.order_desk
    if settings is None or messages.store_id != settings.store_id or not messages.cancel_folder:
        return
    is_named = messages.cancel_folder not in (settings.canceled_folder, "Canceled")
    if is_named or messages.watch_every:
        try:
            profile.folder_id(messages.cancel_folder)
        except NotFoundError as error:
            hint = f"{error.hint}; or write cancel_folder with the name of another"
            yield HealthCheck.degraded(HealthCode.ORDER_STORE, "[messages].cancel_folder", error.message, hint)


def _folder(settings: OrderDeskSettings, profile: StoreProfile) -> HealthCheck:
    place = f"{_PLACE}.canceled_folder"
    if not settings.canceled_folder:
        return HealthCheck.ok(HealthCode.ORDER_STORE, place, "canceled orders stay in their folders")
    try:
        profile.folder_id(settings.canceled_folder)
    except NotFoundError as error:
        hint = f"{error.hint}; or write canceled_folder with the name of another, or with an empty text"
        return HealthCheck.degraded(HealthCode.ORDER_STORE, place, error.message, hint)
    text = (
        f"an order that is canceled everywhere is moved to {settings.canceled_folder!r}, which runs that folder's rules"
    )
    return HealthCheck.ok(HealthCode.ORDER_STORE, place, text)


def _same_integration(config: Config, settings: OrderDeskSettings) -> Iterator[HealthCheck]:
    """Connections of one integration, between which Order Desk's name for it does not tell."""
    counts = Counter(connection.integration for connection in config.connections.values())
    named = set(settings.connections.values())
    for slug, count in counts.items():
        names = [one.name for one in config.connections.values() if one.integration == slug]
        if count > 1 and not named.issuperset(names):
            text = f"Order Desk's name for {slug} could mean each of {', '.join(names)}"
            hint = 'say which it means: add "NAME AT ORDER DESK" = "CONNECTION" to [orders.connections]'
            yield HealthCheck.degraded(HealthCode.ORDER_STORE, f"{_PLACE}.connections", text, hint)
