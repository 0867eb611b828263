"""Run by test_order_stores.py in a process of its own: the app of docs/examples/django_shop cancels an order."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

import django
from django.core.management import call_command
from django.test import Client

WITHIN = 120.0
"""Real seconds after which the desk is taken for idle."""


def test_an_order_is_canceled_by_its_number() -> None:
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    models: Any = import_module("django_shop.models")
    views: Any = import_module("django_shop.views")
    models.ShopOrder.objects.create(number="1042").lines.create(code="MUG", quantity=1)
    with views.the_desk() as desk:
        desk.orders.register("1042", connection="first", by="Ann")
        client = Client()
        asked = client.post("/orders/1042/cancel", {"by": "Ann"})
        assert (asked.status_code, asked.json()) == (200, {"first": "acknowledged"})
        give_up = time.monotonic() + WITHIN
        while not desk.cancellations.receipt("1042").is_canceled:
            assert time.monotonic() < give_up, "nothing came of it"
            desk.run_due()
            time.sleep(0.05)
        assert models.Submission.objects.get().status == "canceled"
        assert client.post("/orders/77/cancel", {"by": "Ann"}).status_code == 422
        assert Client(enforce_csrf_checks=True).post("/orders/1042/cancel", {"by": "Ann"}).status_code == 403
