"""Numbers: the order is canceled under its number at the service, not under the shop's, and no other one with it."""

from __future__ import annotations

from pathlib import Path

from attrs import evolve

from orderdesk_devkit.testing.conformance.base import Count, StandardTests, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest

__all__ = ["OrderNumberTests", "next_number"]


class OrderNumberTests(StandardTests):
    """The service has the order under another number than the shop, and another order under the shop's."""

    def test_the_order_is_canceled_under_its_number_at_the_service(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """Every call is about the number of the remote order; a neighbor stays as it is."""
        skip_without_calls(baseline, plugin_under_test)
        ours = next_number(plugin_under_test.number)
        neighbor = plugin_under_test.number
        with evolve(plugin_under_test, remote_id=ours).open_harness(tmp_path) as harness:
            harness.service.add_order(
                neighbor, lines=[(line.code, line.quantity) for line in plugin_under_test.order.lines]
            )
            harness.cancel()
            case = harness.follow_up()
            end = plugin_under_test.expected_state(baseline.route)
            found = (
                []
                if case.state is end
                else [f"as {ours}: it ended {case.state.value}, not {end.value}: {case.message}"]
            )
            found += [f"as {ours}: the service has not canceled it"] * (not harness.is_canceled)
            if harness.service.actual_status(neighbor) in harness.service.canceled_statuses:
                found.append(f"the service has canceled {neighbor}, another order")
        count("numbers", 1)
        require(Requirement.ABOUT_THIS_ORDER, found)


def next_number(number: str) -> str:
    """Another number of the same shape, that does not contain the first."""
    return "".join(str((int(one) + 1) % 10 or 1) if one.isdecimal() else one for one in number)
