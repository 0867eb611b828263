"""A simulator of MWW's API as its public documentation of March 2021 has it. A simulator, not MWW.

What the documentation leaves open, first of all the status and body of a rejection, is marked "simulator's choice"
where it is decided, and no client may rely on it. MWW Europe's API is assumed to be equal, so this simulator plays it
too.
"""

from __future__ import annotations

from orderdesk_mww.simulator.examples import example_order
from orderdesk_mww.simulator.service import WEBHOOK_TOKEN, MwwSimulator
from orderdesk_mww.simulator.store import Durations, Order, State

__all__ = ["WEBHOOK_TOKEN", "Durations", "MwwSimulator", "Order", "State", "example_order"]
