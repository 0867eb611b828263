"""A simulator of Site Flow's order API as its public documentation and its vendor's own clients have it. Not Site Flow.

What these leave open, first of all what a cancel answers, is marked "simulator's choice" where it is decided, or chosen
by a switch, and no client may rely on it. Submission to orders.oneflow.io is not simulated.
"""

from __future__ import annotations

from orderdesk_hp_site_flow.simulator.examples import example_order
from orderdesk_hp_site_flow.simulator.service import SiteFlowSimulator
from orderdesk_hp_site_flow.simulator.store import Durations, Order, Status

__all__ = ["Durations", "Order", "SiteFlowSimulator", "Status", "example_order"]
