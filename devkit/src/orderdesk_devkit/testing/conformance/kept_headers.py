"""Headers of responses that a declaration names, for evidence and for the rate: the service sends them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from attrs import evolve
from starlette.types import ASGIApp

from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, Untested, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun, CallRecorder
from orderdesk_devkit.testing.conformance.order_numbers import next_number
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest

__all__ = ["KeptHeaderTests"]


class KeptHeaderTests(StandardTests):
    """The headers of all responses to a cancel, a resubmission, and a cancel of an order that the service lacks."""

    headers_not_tried: ClassVar[Mapping[str, str]] = {}
    """Headers that the declaration names and no simulated response has, in small letters, each with why."""

    def test_declared_headers_are_in_the_responses(
        self,
        plugin_under_test: PluginUnderTest,
        baseline: BaselineRun,
        tmp_path: Path,
        count: Count,
        untested: Untested,
    ) -> None:
        """A header that no response has is no evidence, and tells no rate."""
        skip_without_calls(baseline, plugin_under_test)
        declared = plugin_under_test.integration
        rate = [declared.rate_header.lower()] if declared.rate_header is not None else []
        names = dict.fromkeys([*(one.lower() for one in sorted(declared.evidence_headers)), *rate])
        if not names:
            pytest.skip(f"{plugin_under_test.slug} names no header of a response")
        calls = (*baseline.cancel, *baseline.polls, *baseline.resubmit)
        seen = {name for call in calls for name in call.headers} | _headers_of_refusals(plugin_under_test, tmp_path)
        for name, why in self.headers_not_tried.items():
            untested(f"the header {name}: {why}")
        missing = [name for name in names if name not in seen and name not in self.headers_not_tried]
        found = [f"{name} is declared, and no response has it" for name in missing]
        found += [
            f"{name} is named as not tried, and a response has it" for name in self.headers_not_tried if name in seen
        ]
        count("headers", len(names))
        require(Requirement.KEPT_HEADERS, found)


def _headers_of_refusals(plugin: PluginUnderTest, folder: Path) -> set[str]:
    """The names of the headers of what an order that the service does not have is answered."""
    recorders: list[CallRecorder] = []
    neighbor = next_number(plugin.number)

    def recorded(simulator: Simulator) -> ASGIApp:
        simulator.add_order(neighbor, lines=[(line.code, line.quantity) for line in plugin.order.lines])
        recorders.append(CallRecorder(simulator, neighbor))
        return recorders[0]

    with evolve(plugin, is_known=False).open_harness(folder, wrap=recorded) as harness:
        harness.cancel()
    return {name for call in recorders[0].calls for name in call.headers}
