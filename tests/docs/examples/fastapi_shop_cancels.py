"""Run by test_order_stores.py in a process of its own: the app of docs/examples/fastapi_shop cancels an order."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

import httpx

from orderdesk_devkit.simulators.server import serve

WITHIN = 120.0
"""Real seconds after which the app's thread is taken for idle; it looks every second."""


def test_an_order_is_canceled_by_its_number() -> None:
    main: Any = import_module("fastapi_shop.main")
    models: Any = import_module("fastapi_shop.models")
    with serve(main.app) as served, httpx.Client(base_url=served.url, timeout=WITHIN) as client:
        with main.transaction():
            lines = [{"id": "1", "code": "MUG", "quantity": 1}]
            models.Session.add(models.ShopOrder(number="1042", email="ann@example.com", lines=lines))
        desk = main.app.state.desk
        desk.orders.register("1042", connection="first", by="Ann")
        asked = client.post("/orders/1042/cancel", params={"by": "Ann"})
        assert (asked.status_code, asked.json()) == (200, {"first": "acknowledged"})
        give_up = time.monotonic() + WITHIN
        while not desk.cancellations.receipt("1042").is_canceled:
            assert time.monotonic() < give_up, "the app's thread did nothing"
            time.sleep(0.05)
        (place,) = desk.order_store.remote_orders(desk.orders.get("1042").id)
        assert place.status == "canceled"
        assert client.post("/orders/77/cancel", params={"by": "Ann"}).status_code == 422
