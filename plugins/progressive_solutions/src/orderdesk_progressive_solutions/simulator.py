"""The shared simulator of wire profiles. It speaks a simulator-defined wire, not Progressive Solutions'."""

from __future__ import annotations

from typing import ClassVar

from orderdesk_devkit.simulators.profile import WireSimulator

__all__ = ["ProgressiveSimulator"]


class ProgressiveSimulator(WireSimulator):
    """An invented service; nothing in it is known of Progressive Solutions."""

    vendor: ClassVar[str] = "Progressive Solutions"
