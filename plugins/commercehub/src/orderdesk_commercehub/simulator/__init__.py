"""A simulator of Dsco V3 as far as a supplier's cancels need it.

Built from the published description of the API; whatever that leaves open is marked "simulator's choice" where it is
decided, its message codes begin with SIM_, and no client may rely on it. OrderStream is not simulated.
"""

from __future__ import annotations

from orderdesk_commercehub.simulator.service import CLIENT_ID, CLIENT_SECRET, DscoSimulator
from orderdesk_commercehub.simulator.store import Item, Order

__all__ = ["CLIENT_ID", "CLIENT_SECRET", "DscoSimulator", "Item", "Order"]
