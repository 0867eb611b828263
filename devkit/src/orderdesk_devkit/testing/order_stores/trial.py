"""One store in one test: opened, given orders, and held to the rules."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from types import TracebackType
from typing import Self, TypeVar

import pytest

from orderdesk_devkit.testing.order_stores.rules import BrokenRule, StoreRule
from orderdesk_devkit.testing.order_stores.under_test import Ability, HistoryText, OrderStoreUnderTest
from orderdesk_sdk.errors import NaiveTimeError, OrderDeskError
from orderdesk_sdk.orders.order import ConnectionRole, Order, OrderLine, RemoteOrder
from orderdesk_sdk.orders.references import OrderId
from orderdesk_sdk.orders.store import OrderStore
from orderdesk_sdk.orders.store_transactions import OrderStoreInTransactions

__all__ = ["ANN", "AT_MWW", "BO", "LINES", "START", "UNKNOWN_ID", "StoreTrial"]

T = TypeVar("T")
START = datetime(2026, 1, 2, 9, 0, 0, 250_000, tzinfo=UTC)
"""Before the time of any clock that tests begin with: a store may take a status of a time to come for a mistake."""
ANN, BO = "Ann Müller", "rule: spät"
LINES = (OrderLine(2, id="301", code="MUG-11"), OrderLine(1, id="302", code="TASSE-Ü ☕"), OrderLine(3, id="303"))
AT_MWW = RemoteOrder("mww-main", "M-1", START, ConnectionRole.FULFILLMENT)
UNKNOWN_ID = "no-such-order"


@contextmanager
def _telling_naive_times() -> Iterator[None]:
    """Tell of naive times wherever they are met: an order's, or a remote order's, cannot even be made of one."""
    try:
        yield
    except NaiveTimeError as error:
        raise BrokenRule(StoreRule.TIMES_ARE_AWARE, [str(error)]) from error


class StoreTrial:
    """An opened store. Within it every check raises BrokenRule."""

    def __init__(self, under_test: OrderStoreUnderTest) -> None:
        self.under_test = under_test
        self._opened: list[OrderStore] = []
        self._numbers = count(1)

    def __enter__(self) -> Self:
        self.store = self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._opened:
            self._close(self._opened.pop())

    def open(self) -> OrderStore:
        """The store once more, until the test ends."""
        self._opened.append(self.under_test.open())
        return OrderStoreInTransactions(self._opened[-1], _telling_naive_times)

    @property
    def own(self) -> OrderStore:
        """The store's own object, for what it offers beyond the methods of every store."""
        return self._opened[0]

    def reopen(self) -> OrderStore:
        """The store, closed and opened anew."""
        self.__exit__(None, None, None)
        self.store = self.open()
        return self.store

    def _close(self, store: OrderStore) -> None:
        close = getattr(store, "close", None)
        if close is not None:
            close()

    def add_order(self, number: str = "", lines: Sequence[OrderLine] = LINES) -> str:
        """Another order in the app; its id there."""
        told = number or f"T-{next(self._numbers)}"
        (order_id,) = self.under_test.seed([Order(told, told, email="ann@example.com", lines=tuple(lines))])
        return order_id

    def number_of(self, order_id: str) -> str:
        """The number of an order."""
        return self.store.get_order(OrderId(order_id)).number

    def history(self, order_id: str) -> list[HistoryText]:
        """The history of an order, as the app has it."""
        return list(self.under_test.history(order_id))

    def told(self, order_id: str) -> str:
        """The texts of an order's history in one."""
        return "\n".join(entry.text for entry in self.history(order_id))

    # Rules

    def check(self, holds: bool, rule: StoreRule, seen: str) -> None:
        """Raise BrokenRule with what was seen, unless it holds."""
        if not holds:
            raise BrokenRule(rule, [seen])

    def equal(self, found: object, expected: object, rule: StoreRule, what: str) -> None:
        """Raise BrokenRule unless two things are equal."""
        self.check(found == expected, rule, f"{what}: {found!r}, expected {expected!r}")

    @contextmanager
    def keeping(self, rule: StoreRule, what: str) -> Iterator[None]:
        """What the block raises breaks the rule."""
        try:
            yield
        except BrokenRule:
            raise
        except Exception as error:
            raise BrokenRule(rule, [f"{what} raised {type(error).__name__}: {error}"]) from error

    def refused(self, call: Callable[[], object], error: type[OrderDeskError], rule: StoreRule, what: str) -> str:
        """What a call says that must raise this error."""
        try:
            given = call()
        except error as raised:
            return str(raised)
        except Exception as other:
            text = f"{what} raised {type(other).__name__} ({other}) instead of {error.__name__}"
            raise BrokenRule(rule, [text]) from other
        raise BrokenRule(rule, [f"{what} gave {given!r} instead of raising {error.__name__}"])

    @contextmanager
    def unchanged(self, order_id: str, rule: StoreRule) -> Iterator[None]:
        """Within the block nothing of an order changes."""
        before = self._state(order_id)
        yield
        for name, found in self._state(order_id).items():
            self.equal(found, before[name], rule, f"{name} of order id {order_id} afterwards")

    def _state(self, order_id: str) -> dict[str, object]:
        identity = OrderId(order_id)
        order = self.store.get_order(identity)
        return {
            "number": order.number,
            "lines": self.lines(order),
            "folder": self.store.folder_of(identity),
            "remote orders": self.store.remote_orders(identity),
            "original": self.store.original_of(identity),
            "history": self.history(order_id),
        }

    def lines(self, order: Order) -> list[tuple[str, int]]:
        """Code and quantity of each line."""
        return [(line.code, line.quantity) for line in order.lines]

    # What it cannot do

    def can(self, ability: Ability) -> bool:
        """Whether the store does not declare that it cannot do this."""
        return ability not in self.under_test.cannot

    def need(self, ability: Ability) -> None:
        """Skip the test, with the declared reason, where the store cannot do this."""
        if not self.can(ability):
            pytest.skip(f"declared: no {ability.value}: {self.under_test.cannot[ability]}")

    # Threads

    def stores(self) -> list[OrderStore]:
        """The stores that threads of a test call: one object, and a second one where there may be two."""
        return [self.store, self.open()] if self.can(Ability.REOPEN) else [self.store]

    def at_once(self, calls: Sequence[Callable[[], T]]) -> list[T | Exception]:
        """What each of these calls gave or raised; all began together, each in a thread."""
        together = threading.Barrier(len(calls))

        def run(call: Callable[[], T]) -> T | Exception:
            together.wait()
            try:
                return call()
            except Exception as error:  # noqa: BLE001 - each test says which of them are right
                return error

        with ThreadPoolExecutor(len(calls)) as pool:
            return [done.result() for done in [pool.submit(run, call) for call in calls]]

    def all_done(self, ends: Sequence[object], what: str) -> None:
        """Raise BrokenRule where one of the calls raised."""
        raised = [f"{what} raised {type(end).__name__}: {end}" for end in ends if isinstance(end, Exception)]
        if raised:
            raise BrokenRule(StoreRule.THREAD_SAFE, dict.fromkeys(raised))
