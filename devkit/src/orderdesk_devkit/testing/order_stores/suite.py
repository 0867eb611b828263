"""The tests that every order store passes, as one class to inherit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orderdesk_devkit.testing.order_stores.concurrency import ConcurrencyTests
from orderdesk_devkit.testing.order_stores.duplicates import DuplicateTests
from orderdesk_devkit.testing.order_stores.finding import FindingTests
from orderdesk_devkit.testing.order_stores.folders import FolderTests
from orderdesk_devkit.testing.order_stores.history import HistoryTests, PersistenceTests
from orderdesk_devkit.testing.order_stores.remote_orders import RemoteOrderTests, StatusTests
from orderdesk_devkit.testing.order_stores.trial import StoreTrial
from orderdesk_devkit.testing.order_stores.under_test import OrderStoreUnderTest

__all__ = ["OrderStoreConformance"]


class OrderStoreConformance(
    FindingTests,
    RemoteOrderTests,
    StatusTests,
    FolderTests,
    HistoryTests,
    DuplicateTests,
    PersistenceTests,
    ConcurrencyTests,
):
    """Inherit, and give the fixture `under_test`.

    What the store declares that it cannot do is skipped with the declared reason, and tried where something must be
    said in its place. A standard test is not replaced: what a store cannot stand yet is overridden, marked
    `@pytest.mark.xfail(reason="why")`, and calls `super()`.
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name, value in vars(cls).items():
            standard = name.startswith("test_") and hasattr(OrderStoreConformance, name)
            if standard and not any(mark.name == "xfail" for mark in getattr(value, "pytestmark", [])):
                raise TypeError(
                    f"{cls.__name__}.{name} is a standard test, which no store replaces or drops; mend the store, "
                    'declare an `Ability` that it lacks, or mark it @pytest.mark.xfail(reason="why") and call super()'
                )

    @pytest.fixture
    def under_test(self) -> Iterator[OrderStoreUnderTest]:
        """The store under test, empty."""
        raise NotImplementedError  # The author's: see `OrderStoreUnderTest`.

    @pytest.fixture
    def trial(self, under_test: OrderStoreUnderTest) -> Iterator[StoreTrial]:
        """The store, opened."""
        with StoreTrial(under_test) as opened:
            yield opened
