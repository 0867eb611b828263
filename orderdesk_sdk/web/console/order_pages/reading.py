"""What the order page shows, read from the desk."""

from __future__ import annotations

from starlette.requests import Request

from orderdesk_sdk.cases.case import Case
from orderdesk_sdk.cases.coverage import CancellationCoverage
from orderdesk_sdk.cases.plan import Plan
from orderdesk_sdk.cases.status_change import CANCELED, settable_statuses
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.orders.order import ConnectionRole, RemoteOrder
from orderdesk_sdk.plugin.integration import NoResubmission
from orderdesk_sdk.web.console.views.orders.page import OrderRecord
from orderdesk_sdk.web.references import order_id

__all__ = ["desk_of", "order_named", "read_order"]


def desk_of(request: Request) -> Desk:
    """The desk that is served."""
    desk: Desk = request.app.state.desk
    return desk


def order_named(request: Request) -> str:
    """The order that an address names, as the desk takes it. Raises NotFoundError for what is no reference."""
    return f"id:{order_id(request.path_params['ref'])}"


def read_order(desk: Desk, order: str, plan: Plan | None = None) -> OrderRecord:
    """What there is of an order. Raises NotFoundError.

    Args:
        plan: as it was made just now; None makes it.
    """
    found = desk.orders.get(order)
    made = plan or desk.cancellations.plan(order)
    remote_orders = desk.order_store.remote_orders(found.id)
    recorded = desk.ledger.order_record(found.id)
    coverage = CancellationCoverage.of(
        found, remote_orders, recorded.cancellations, recorded.cases, recorded.registrations
    )
    others: tuple[Case, ...] = desk.cases.list_others(order=order)
    return OrderRecord(
        found,
        desk.order_store.folder_of(found.id),
        made,
        coverage,
        others,
        _settable(desk, remote_orders),
        _resubmittable(desk, remote_orders),
    )


def _settable(desk: Desk, remote_orders: tuple[RemoteOrder, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for remote in remote_orders:
        integration = desk.connections.integration(remote.connection)
        if remote.role is ConnectionRole.CART and not isinstance(integration, str):
            statuses = tuple(status for status in settable_statuses(integration) if status != CANCELED)
            if statuses:
                found[remote.connection] = statuses
    return found


def _resubmittable(desk: Desk, remote_orders: tuple[RemoteOrder, ...]) -> tuple[str, ...]:
    names = []
    for remote in remote_orders:
        integration = desk.connections.integration(remote.connection)
        if not isinstance(integration, str) and not isinstance(integration.resubmission, NoResubmission):
            names.append(remote.connection)
    return tuple(dict.fromkeys(names))
