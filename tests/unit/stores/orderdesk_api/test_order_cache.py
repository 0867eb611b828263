"""What is kept of orders that were read: of a bounded number, however many a worker meets in its life."""

from __future__ import annotations

from orderdesk_sdk.stores.orderdesk_api.order_cache import RecentValues


def test_the_order_that_was_kept_longest_ago_is_forgotten() -> None:
    kept = RecentValues[int](3)
    for number in range(5):
        kept.keep(str(number), number)
    kept.keep("3", 33)
    kept.keep("5", 5)
    assert [kept.get(str(number)) for number in range(6)] == [None, None, None, 33, 4, 5]
    kept.forget("4")
    assert kept.get("4") is None
