"""BDLinx publishes no API: what is configured is called; what is missing is a person's task."""

from __future__ import annotations

from orderdesk_devkit.testing.api_suite import ApiProfileTests


class TestBdlinx(ApiProfileTests):
    integration = "bdlinx"
