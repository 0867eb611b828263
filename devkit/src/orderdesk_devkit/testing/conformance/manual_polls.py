"""Polls where no call was made: what cannot be read gives no verdict, and no error of the plugin."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderdesk_devkit.testing.conformance.base import StandardTests
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.errors import PluginError
from orderdesk_sdk.plugin.routes import Button

__all__ = ["ManualPollTests"]


_NO_POLL = "the integration declares no poll"
"""What the core says where a poll makes no call and knows nothing."""


class ManualPollTests(StandardTests):
    """A person asks for a look at a case that an e-mail or a portal is to settle."""

    def test_a_poll_of_what_a_person_does_decides_nothing(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path
    ) -> None:
        """The order stands at the service, and the case waits for the person as before."""
        if isinstance(baseline.route, Button) or baseline.route is None:
            pytest.skip(f"{plugin_under_test.slug} is canceled by a call, whose polls are tried for themselves")
        if not plugin_under_test.registry().load(plugin_under_test.slug).manager.hook.orderdesk_poll.get_hookimpls():
            pytest.skip(f"{plugin_under_test.slug} cannot be polled")
        found: list[str] = []
        with plugin_under_test.open_harness(tmp_path) as harness:
            harness.cancel()
            before = harness.follow_up()
            try:
                harness.desk.cases.poll(before.id)
            except PluginError as error:
                if not str(error.message).startswith(_NO_POLL):
                    found.append(str(error))
            case = harness.case
            if case.state is State.CANCELED or case.plugin_error is not None:
                found.append(f"it is {case.state.value}: {case.message}; {case.plugin_error or 'no error'}")
        require(Requirement.EVIDENCE, found)
