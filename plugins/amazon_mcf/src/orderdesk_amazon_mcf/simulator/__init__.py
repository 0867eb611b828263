"""A simulator of Amazon MCF, in the manner of the dynamic sandbox of the Fulfillment Outbound API v2020-07-01.

Built from Amazon's published model and documentation; whatever these leave open is marked "simulator's choice" where it
is decided, and no client may rely on it.
"""

from __future__ import annotations

from orderdesk_amazon_mcf.simulator.examples import example_address, example_order
from orderdesk_amazon_mcf.simulator.lifecycle import Durations
from orderdesk_amazon_mcf.simulator.orders import Line, Order, Status
from orderdesk_amazon_mcf.simulator.service import McfSimulator

__all__ = ["Durations", "Line", "McfSimulator", "Order", "Status", "example_address", "example_order"]
