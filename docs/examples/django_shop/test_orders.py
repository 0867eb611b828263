"""The shop's orders are judged by the suite of order stores: `DJANGO_SETTINGS_MODULE=django_shop.settings pytest`."""

from collections.abc import Iterator, Sequence

import django
import pytest
from django.core.management import call_command

from orderdesk_devkit.testing.order_stores import Ability, HistoryText, OrderStoreConformance, OrderStoreUnderTest
from orderdesk_sdk import Order, OrderStoreInTransactions

django.setup()

from django_shop.models import Note, ShopOrder  # noqa: E402 - Django must know its settings first
from django_shop.orders import FOLDERS, ShopOrders  # noqa: E402 - as above
from django_shop.views import transaction  # noqa: E402 - as above


def seed(orders: Sequence[Order]) -> list[str]:
    ids = []
    with transaction():
        for order in orders:
            row = ShopOrder.objects.create(number=order.number, email=order.email)
            for line in order.lines:
                row.lines.create(code=line.code, quantity=line.quantity)
            ids.append(str(row.pk))
    return ids


def history(order_id: str) -> list[HistoryText]:
    with transaction():
        return [HistoryText(note.by, note.text) for note in Note.objects.filter(order_id=order_id)]


class TestShopOrders(OrderStoreConformance):
    @pytest.fixture
    def under_test(self) -> Iterator[OrderStoreUnderTest]:
        call_command("migrate", run_syncdb=True, verbosity=0)
        yield OrderStoreUnderTest(
            open=lambda: OrderStoreInTransactions(ShopOrders(), transaction),
            seed=seed,
            history=history,
            folders=FOLDERS,
            cannot={Ability.SHARED_NUMBERS: "numbers are unique in the shop"},
        )
        call_command("flush", interactive=False, verbosity=0)
