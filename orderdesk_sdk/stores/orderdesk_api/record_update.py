"""Changes of an order's metadata, so that nobody else's change is lost.

Order Desk takes whole records only, and blanks what is left out. So the order is read, changed, read once more, and
sent back whole only where both reads say the same; then it is read again, to see what became of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from orderdesk_sdk.errors import ConflictError, InvalidStateError
from orderdesk_sdk.stores.orderdesk_api.api import OrderDeskApi
from orderdesk_sdk.stores.orderdesk_api.errors import RejectedError, UnclearOutcomeError
from orderdesk_sdk.stores.orderdesk_api.order_document import (
    HISTORY,
    OrderDocument,
    json_values,
    order_in,
    private_texts,
)
from orderdesk_sdk.stores.orderdesk_api.own_metadata import KEY, OwnMetadata, metadata_with, read_own_metadata

__all__ = ["read_order", "update_metadata"]

_MAX_ATTEMPTS: Final = 6
_CONFLICT: Final = 409


def read_order(api: OrderDeskApi, order_id: str) -> OrderDocument:
    """The order as Order Desk has it now. Raises NotFoundError, and what the API raises."""
    return order_in(api.get("orders", order_id), order_id)


def update_metadata(api: OrderDeskApi, order_id: str, change: Callable[[OwnMetadata], OwnMetadata]) -> OrderDocument:
    """Change what is noted in an order; the order afterwards.

    Raises ConflictError where others change it all the time, InvalidStateError where the change was not kept, and what
    `change` and the API raise.
    """
    for _ in range(_MAX_ATTEMPTS):
        before = read_order(api, order_id)
        noted = read_own_metadata(before.metadata, order_id)
        wanted = change(noted)
        if wanted == noted:
            return before
        whole = metadata_with(before.metadata, wanted, order_id)
        if _without_history(read_order(api, order_id).record) != _without_history(before.record):
            continue  # Somebody is at it.
        if _put(api, order_id, {**_without_history(before.record), "order_metadata": whole}):
            after = read_order(api, order_id)
            if after.metadata.get(KEY) == whole[KEY]:
                return after
            _require_not_cut(str(after.metadata.get(KEY, "")), str(whole[KEY]), order_id)
    raise ConflictError(
        "another program is changing the order; nothing was changed",
        location=f"order id {order_id} at Order Desk",
        hint="try again in a moment",
    )


def _put(api: OrderDeskApi, order_id: str, record: Mapping[str, object]) -> bool:
    """Send a whole record; whether it may have been taken."""
    try:
        api.change("PUT", "orders", order_id, json=json_values(dict(record)), private=private_texts(record))
    except UnclearOutcomeError:
        return True  # What is read next tells.
    except RejectedError as error:
        if error.status != _CONFLICT:
            raise
        return False
    return True


def _without_history(record: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in record.items() if name != HISTORY}


def _require_not_cut(found: str, wanted: str, order_id: str) -> None:
    if found and wanted.startswith(found):
        raise InvalidStateError(
            "Order Desk cut what was noted in its metadata",
            location=f"order id {order_id} at Order Desk",
            hint="remove from the order's metadata what no program needs any more, then try again",
        )
