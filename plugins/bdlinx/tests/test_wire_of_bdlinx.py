"""BDLinx publishes no wire: what is configured is called, what lacks is a person's task."""

from __future__ import annotations

from orderdesk_devkit.testing.api_suite import WireSuite


class TestBdlinx(WireSuite):
    integration = "bdlinx"
