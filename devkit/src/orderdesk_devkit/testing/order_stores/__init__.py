"""The suite that judges an order store: whatever keeps the orders, a desk can rely on it.

    from orderdesk_devkit.testing.order_stores import OrderStoreConformance, OrderStoreUnderTest

    class TestShopOrders(OrderStoreConformance):
        @pytest.fixture
        def under_test(self, tmp_path):
            ...
            yield OrderStoreUnderTest(open=..., seed=..., history=..., folders=("New", "Canceled"))

`under_test` says what the suite must be given, and what a store may declare that it cannot do; `rules` has the
promises, each with what mends it; `finding`, `remote_orders`, `folders`, `duplicates`, `history` and `concurrency` have
the tests, and `suite` puts them together.

Touch this room to hold all stores to one more promise: it stands in the docstrings of `orderdesk_sdk.OrderStore` first.
It imports the SDK, and pytest, which the extra `testing` installs.
"""

from orderdesk_devkit.testing.order_stores.rules import BrokenRule, StoreRule
from orderdesk_devkit.testing.order_stores.suite import OrderStoreConformance
from orderdesk_devkit.testing.order_stores.trial import StoreTrial
from orderdesk_devkit.testing.order_stores.under_test import Ability, HistoryText, OrderStoreUnderTest

__all__ = [
    "Ability",
    "BrokenRule",
    "HistoryText",
    "OrderStoreConformance",
    "OrderStoreUnderTest",
    "StoreRule",
    "StoreTrial",
]
