"""Choices of settings: what one may choose is taken by the service, each of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from orderdesk_devkit.testing.conformance.base import Count, StandardTests, Untested, new_folder, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.errors import OrderDeskError
from orderdesk_sdk.plugin.connection_settings import settings_fields
from orderdesk_sdk.plugin.integration import NoResubmission

__all__ = ["SettingChoiceTests"]


class SettingChoiceTests(StandardTests):
    """A cancel and a resubmission with each choice of each setting that has some."""

    def test_each_choice_of_a_setting_is_taken_by_the_service(
        self,
        plugin_under_test: PluginUnderTest,
        baseline: BaselineRun,
        tmp_path: Path,
        count: Count,
        untested: Untested,
    ) -> None:
        """The words of the service among them: a choice that it does not know is none."""
        skip_without_calls(baseline, plugin_under_test)
        declared = plugin_under_test.registry().load(plugin_under_test.slug).integration.settings
        choices = [(one.name, choice) for one in settings_fields(declared) for choice in one.choices]
        if not choices:
            pytest.skip(f"{plugin_under_test.slug} has no setting with choices")
        found: list[str] = []
        for name, choice in choices:
            chosen = evolve(
                plugin_under_test, settings={**plugin_under_test.settings, name: choice}, reason=self.reason
            )
            try:
                found += [f"with {name} {choice!r}, {said}" for said in _failures(chosen, new_folder(tmp_path))]
            except OrderDeskError as error:  # Alone it makes no connection; a class of its own tests it.
                untested(f"the choice {choice!r} of the setting {name}, beside which others are needed: {error}")
                continue
            count("choices of settings", 1)
        require(Requirement.SETTING_CHOICES, found)


def _failures(plugin: PluginUnderTest, folder: Path) -> Iterator[str]:
    """What goes otherwise than without the choice. Raises OrderDeskError where there is no connection with it."""
    with plugin.open_harness(folder) as harness:
        wanted = plugin.expected_state(plugin.route(harness))
        harness.cancel()
        case = harness.follow_up()
        if case.state is not wanted:
            yield f"the cancel ended {case.state.value}, not {wanted.value}: {case.message}"
        elif case.state is State.CANCELED and not isinstance(plugin.integration.resubmission, NoResubmission):
            resubmitted = harness.resubmit()
            if resubmitted.state is not State.DONE:
                yield f"the resubmission ended {resubmitted.state.value}: {resubmitted.message}"
