"""The shared simulator of API profiles. It speaks a simulator-defined API, not Progressive Solutions'."""

from __future__ import annotations

from typing import ClassVar

from orderdesk_devkit.simulators.profile import ApiProfileSimulator

__all__ = ["ProgressiveSimulator"]


class ProgressiveSimulator(ApiProfileSimulator):
    """An invented service; nothing in it is known of Progressive Solutions."""

    vendor: ClassVar[str] = "Progressive Solutions"
