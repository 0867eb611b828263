"""Which call of the API is which, and the two that are about no order: /test and /store."""

from __future__ import annotations

from orderdesk_devkit.simulators.orderdesk.calls import ApiCall, Refused, StoreContext, succeeded
from orderdesk_devkit.simulators.orderdesk.order_calls import OrderCalls
from orderdesk_devkit.simulators.orderdesk.part_calls import PartCalls
from orderdesk_devkit.simulators.orderdesk.state import stored_time
from orderdesk_devkit.simulators.simulator import CallResult

__all__ = ["Routes"]


class Routes:
    """The API. `api_key` is what GET /store tells of itself."""

    def __init__(self, context: StoreContext, api_key: str) -> None:
        self._context = context
        self._api_key = api_key
        self._orders = OrderCalls(context)
        self._parts = PartCalls(context)

    # Long: one case for each call, read from top to bottom.
    def answer(self, call: ApiCall) -> CallResult:
        """The answer to a call. Raises Refused."""
        orders, parts = self._orders, self._parts
        match call.method, *call.parts:
            case "GET", "test":
                now = stored_time(call.now)
                return CallResult(
                    200, "tested", {"status": "success", "message": "Connection Successful", "current_date_time": now}
                )
            case "GET", "store":
                return self._store()
            case "GET", "orders":
                return orders.search(call)
            case "POST", "orders":
                return orders.create(call)
            case "POST", "move-orders":
                return orders.move(call)
            case "POST", "batch-shipments":
                return parts.add_shipments(call)
            case "GET", "orders", number:
                return orders.read(call, number)
            case "PUT", "orders", number:
                return orders.replace(call, number)
            case "DELETE", "orders", number:
                return orders.delete(call, number)
            case "POST", "orders", number, "order-history":
                return parts.add_history(call, number)
            case "GET", "orders", number, "order-items":
                return parts.list_items(call, number)
            case "POST", "orders", number, "order-items":
                return parts.add_item(call, number)
            case "GET", "orders", number, "order-items", item:
                return parts.read_item(call, number, item)
            case "PUT", "orders", number, "order-items", item:
                return parts.change_item(call, number, item)
            case "DELETE", "orders", number, "order-items", item:
                return parts.delete_item(call, number, item)
            case "GET", "orders", number, "shipments":
                return parts.list_shipments(call, number)
            case "POST", "orders", number, "shipments":
                return parts.add_shipment(call, number)
            case "GET", "orders", number, "shipments", shipment:
                return parts.read_shipment(call, number, shipment)
            case "PUT", "orders", number, "shipments", shipment:
                return parts.change_shipment(call, number, shipment)
            case "DELETE", "orders", number, "shipments", shipment:
                return parts.delete_shipment(call, number, shipment)
            case _:
                raise Refused(404, "SIM: no such call")

    def _store(self) -> CallResult:
        context = self._context
        folders = {str(folder): name for folder, name in context.state.folders.items()}
        settings: dict[str, object] = {
            "app_version": "2.0",
            "locale_code": "en_US",
            "timezone": context.option("timezone"),
            "store_country": "US",
            "store_email": "shop@example.com",
            "admin_email": "owner@example.com",
            "date_format": "Y-m-d H:i:s",
            "orders_per_page": 50,
            "store_url": "https://shop.example.com",
            "all_orders_column_view": [],
            "shipping_methods": [],
            "smtp_port": "25",
            "smtp_host": "mail.example.com",
        }
        if context.option("store_secrets") == "shown":
            settings |= {
                "api_key": self._api_key,
                "smtp_username": "simulated-mail-user",
                "smtp_password": "a-mail-password-for-simulators-only",
                "smtp_headers": "X-Mail-Token: a-mail-token-for-simulators-only",
            }
        if context.option("folder_renamed") != "never":
            context.use_up("folder_renamed", "")
            context.state.folders = {folder: f"{name} (old)" for folder, name in context.state.folders.items()}
        store = {"id": context.store_id, "name": "Simulated Store", "settings": settings, "folders": folders}
        return succeeded("read the store", store=store)
