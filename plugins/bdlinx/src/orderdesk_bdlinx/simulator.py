"""The shared simulator of API profiles under BDLinx's name. It speaks a simulator-defined API, not BDLinx's."""

from __future__ import annotations

from typing import ClassVar

from orderdesk_devkit.simulators.profile import ApiProfileSimulator

__all__ = ["BdlinxSimulator"]


class BdlinxSimulator(ApiProfileSimulator):
    """An invented print shop; nothing in it is known of BDLinx."""

    vendor: ClassVar[str] = "BDLinx"
