"""The shared simulator of wire profiles under BDLinx's name. It speaks a simulator-defined wire, not BDLinx's."""

from __future__ import annotations

from typing import ClassVar

from orderdesk_devkit.simulators.profile import WireSimulator

__all__ = ["BdlinxSimulator"]


class BdlinxSimulator(WireSimulator):
    """An invented print shop; nothing in it is known of BDLinx."""

    vendor: ClassVar[str] = "BDLinx"
