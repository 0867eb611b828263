"""The shop's orders are judged by the suite of order stores: `SHOP_DATABASE=sqlite:///test.db pytest`."""

from collections.abc import Iterator, Sequence

import pytest
from fastapi_shop.main import transaction
from fastapi_shop.models import Base, Note, Session, ShopOrder, engine
from fastapi_shop.orders import FOLDERS, ShopOrders
from sqlalchemy import select

from orderdesk_devkit.testing.order_stores import Ability, HistoryText, OrderStoreConformance, OrderStoreUnderTest
from orderdesk_sdk import Order, OrderStoreInTransactions


def seed(orders: Sequence[Order]) -> list[str]:
    rows = []
    with transaction():
        for order in orders:
            lines = [{"id": line.id, "code": line.code, "quantity": line.quantity} for line in order.lines]
            rows.append(ShopOrder(number=order.number, email=order.email, lines=lines))
        Session.add_all(rows)
        Session.flush()
        return [row.id for row in rows]


def history(order_id: str) -> list[HistoryText]:
    with transaction():
        notes = Session.scalars(select(Note).filter_by(order_id=order_id).order_by(Note.id))
        return [HistoryText(note.by, note.text) for note in notes]


class TestShopOrders(OrderStoreConformance):
    @pytest.fixture
    def under_test(self) -> Iterator[OrderStoreUnderTest]:
        Base.metadata.create_all(engine)
        yield OrderStoreUnderTest(
            open=lambda: OrderStoreInTransactions(ShopOrders(), transaction),
            seed=seed,
            history=history,
            folders=FOLDERS,
            cannot={Ability.SHARED_NUMBERS: "numbers are unique in the shop"},
        )
        Base.metadata.drop_all(engine)
        engine.dispose()
