"""An order store within transactions: each call is one, begun and ended in the thread of the caller."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest.mock import create_autospec

import pytest

from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import NotFoundError, ValidationError
from orderdesk_sdk.orders.order import ConnectionRole, Order, RemoteOrder
from orderdesk_sdk.orders.references import OrderId
from orderdesk_sdk.orders.store import OrderStore, RegisteredOrder, RegisteredOrderReader
from orderdesk_sdk.orders.store_transactions import OrderStoreInTransactions


class Transactions:
    """What became of each, and in which thread."""

    def __init__(self) -> None:
        self.ends: list[tuple[str, int]] = []
        self.depth = 0

    @contextmanager
    def begin(self) -> Iterator[None]:
        self.depth += 1
        assert self.depth == 1, "one within another"
        try:
            yield
        except KeyError as error:
            self.ends.append(("rolled back", threading.get_ident()))
            raise ValidationError("taken") from error
        except Exception:
            self.ends.append(("rolled back", threading.get_ident()))
            raise
        else:
            self.ends.append(("committed", threading.get_ident()))
        finally:
            self.depth -= 1


AT_MWW = RemoteOrder("mww", "M-1", VirtualClock().now(), ConnectionRole.FULFILLMENT)
CALLS: Mapping[str, tuple[tuple[object, ...], Mapping[str, object]]] = {
    "get_order": (("1042",), {}),
    "remote_orders": (("58101",), {}),
    "add_remote_order": (("1042", AT_MWW), {"by": "Ann"}),
    "find_by_remote_id": (("mww", "M-1"), {}),
    "record_status": (("58101", "mww", "Printing", AT_MWW.submitted_at), {}),
    "add_history": (("1042", "text"), {"by": "Ann"}),
    "next_free_number": (("1042",), {}),
    "original_of": (("58101",), {}),
    "duplicate": (("1042",), {"by": "Ann", "number": "1042-R"}),
    "folder_of": (("1042",), {}),
    "resolve_folder_name": (("canceled",), {}),
    "move": (("1042", "Canceled"), {"by": "Ann"}),
}


def test_the_calls_are_all_there() -> None:
    assert set(CALLS) == {name for name in vars(OrderStore) if not name.startswith("_")}


@pytest.mark.parametrize("name", CALLS)
def test_each_call_is_one_transaction_with_the_same_arguments(name: str) -> None:
    store, transactions = create_autospec(OrderStore, instance=True), Transactions()
    arguments, named = CALLS[name]
    given = getattr(OrderStoreInTransactions(store, transactions.begin), name)(*arguments, **named)
    inner = getattr(store, name)
    inner.assert_called_once_with(*arguments, **named)
    assert given is (None if name in {"add_remote_order", "record_status", "add_history"} else inner.return_value)
    assert transactions.ends == [("committed", threading.get_ident())]


def test_what_a_call_raises_leaves_as_the_transaction_says() -> None:
    store, transactions = create_autospec(OrderStore, instance=True), Transactions()
    wrapped = OrderStoreInTransactions(store, transactions.begin)
    store.move.side_effect = KeyError("a constraint of the database")
    with pytest.raises(ValidationError, match="taken"):
        wrapped.move("1042", "Canceled", by="Ann")
    store.get_order.side_effect = NotFoundError("no such order")
    with pytest.raises(NotFoundError):
        wrapped.get_order("1042")
    assert [end for end, _ in transactions.ends] == ["rolled back", "rolled back"]


def test_what_a_cancellation_needs_is_read_in_one_transaction() -> None:
    store, transactions = create_autospec(OrderStore, instance=True), Transactions()
    store.get_order.return_value = order = Order("58101", "1042")
    store.original_of.return_value, store.remote_orders.return_value = "58100", (AT_MWW,)
    wrapped = OrderStoreInTransactions(store, transactions.begin)
    assert isinstance(wrapped, RegisteredOrderReader)
    assert wrapped.registered_order(OrderId("58101")) == RegisteredOrder(order, "58100", (AT_MWW,))
    assert len(transactions.ends) == 1
