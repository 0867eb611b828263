"""A simulator of Amazon Marketplace: feeds, their documents and reports, and the orders behind them, by the clock.

Built from Amazon's published models (feeds 2021-06-30, orders 2026-01-01) and documents. What these leave open is
invented, and marked "simulator's choice" where it is decided: every duration, every error code of a report, the order
of checks. No client may rely on it.
"""

from __future__ import annotations

from orderdesk_amazon_marketplace.simulator.feeds import Durations
from orderdesk_amazon_marketplace.simulator.service import MarketplaceSimulator
from orderdesk_amazon_marketplace.simulator.store import Order, Status

__all__ = ["Durations", "MarketplaceSimulator", "Order", "Status"]
