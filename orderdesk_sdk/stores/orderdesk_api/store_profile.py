"""What is known of the store itself: its name, its time zone, its folders. Nothing else of `GET /store` is kept.

The response also holds passwords and the API key (https://github.com/sparkweb/slate, _store_settings.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import field, frozen

from orderdesk_sdk.errors import AmbiguousError, ConfigurationError, NotFoundError
from orderdesk_sdk.stores.orderdesk_api.api import ApiReply, OrderDeskApi

__all__ = ["StoreProfile", "read_store_profile"]


@frozen
class StoreProfile:
    """A store.

    Args:
        timezone: in which the filters of list calls are written; what the store answers is in UTC.
        folders: names by id.
    """

    id: str
    name: str
    timezone: ZoneInfo
    folders: Mapping[int, str] = field(hash=False)

    def folder_id(self, name: str) -> int:
        """The id of the folder of that name, as it is spelled, else in whatever case.

        Raises NotFoundError naming those that there are, AmbiguousError where several have the name.
        """
        wanted = name.strip()
        exact = [number for number, known in self.folders.items() if known == wanted]
        same = exact or [number for number, known in self.folders.items() if known.casefold() == wanted.casefold()]
        if len(same) == 1:
            return same[0]
        known = ", ".join(self.folders.values()) or "none"
        if not same:
            raise NotFoundError(
                f"the folder {name!r} does not exist",
                location=f"store {self.id} at Order Desk",
                hint=f"folders: {known}; make another one in Order Desk",
            )
        raise AmbiguousError(
            f"{len(same)} folders are named {name!r}",
            location=f"store {self.id} at Order Desk",
            hint="rename all but one of them in Order Desk",
            ids=tuple(map(str, same)),
        )


def read_store_profile(api: OrderDeskApi, timezone: str = "") -> StoreProfile:
    """The store as it is now. Raises what the API raises, and ConfigurationError where nobody tells the time zone.

    Args:
        timezone: as configured; empty: as the store says.
    """
    reply = api.get("store")
    store = _mapping(reply.document.get("store"), reply, "store")
    settings = _mapping(store.get("settings", {}), reply, "store.settings")
    folders: dict[int, str] = {}
    for number, name in _mapping(store.get("folders", {}), reply, "store.folders").items():
        if not (str(number).isascii() and str(number).isdigit()) or not isinstance(name, str):
            raise reply.malformed("a folder has no number, or no name")
        folders[int(number)] = name
    zone = timezone or settings.get("timezone") or store.get("timezone")
    try:
        return StoreProfile(str(store.get("id", "")), str(store.get("name", "")), ZoneInfo(str(zone or "")), folders)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ConfigurationError(
            "the store names no time zone that is known here",
            location="[orders].timezone",
            hint='say in which zone the store is: timezone = "America/Los_Angeles"',
        ) from None


def _mapping(value: object, reply: ApiReply, name: str) -> Mapping[str, object]:
    if value == []:  # An empty object, as PHP writes it.
        return {}
    if not isinstance(value, Mapping):
        raise reply.malformed(f"{name} is no object")
    return value
