"""A simulator of the parts of Shopify's Admin API that cancel: orders, fulfillment orders, webhooks. Not Shopify.

What Shopify's documents leave open, first of all the words of its rejections, begins with SIM where it is said, and no
client may rely on it.
"""

from __future__ import annotations

from orderdesk_shopify.simulator.service import FulfillmentSimulator, ShopifySimulator
from orderdesk_shopify.simulator.store import Durations, FulfillmentOrder, Job, Order

__all__ = ["Durations", "FulfillmentOrder", "FulfillmentSimulator", "Job", "Order", "ShopifySimulator"]
