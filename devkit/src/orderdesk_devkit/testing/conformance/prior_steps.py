"""What is done before a cancel: the case tells of each step what the service did, and no step is done twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from attrs import evolve

from orderdesk_devkit.testing.conformance.base import Count, StandardTests, new_folder, option_choices
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.prior_steps import StepResult
from orderdesk_sdk.plugin.routes import Button
from orderdesk_sdk.plugin.steps import StepOutcome

__all__ = ["PriorStepTests"]


class PriorStepTests(StandardTests):
    """A cancel under every choice of the simulator's options, beside what the simulator truly did of each step."""

    def test_prior_steps_are_told_as_they_are(
        self, plugin_under_test: PluginUnderTest, tmp_path: Path, count: Count
    ) -> None:
        """Done is what was done, once; what was not is told as refused, or as unknown."""
        buttons = [route for route in plugin_under_test.integration.cancel if isinstance(route, Button)]
        declared = {step.name for button in buttons for step in button.prior}
        if not declared:
            pytest.skip(f"{plugin_under_test.slug} declares nothing that is done before a cancel")
        found: list[str] = []
        told: set[str] = set()
        for options, is_asked in _choices(plugin_under_test):
            tested = evolve(plugin_under_test, options={**plugin_under_test.options, **options})
            with (_switched_on(tested) if is_asked else tested).open_harness(new_folder(tmp_path)) as harness:
                case = _cancel_with_effects(harness) if is_asked else harness.cancel()
                told |= {step.name for step in case.steps}
                under = ", ".join(f"{name}={choice}" for name, choice in options.items()) or "no option"
                found += [f"{under}: {said}" for said in _failures(harness, case.steps)]
            count("runs with prior steps", 1)
        found += [f"{name!r} is declared, and no cancel does it" for name in sorted(declared - told)]
        require(Requirement.PRIOR_STEPS, found)


def _choices(tested: PluginUnderTest) -> Iterator[tuple[Mapping[str, str], bool]]:
    """What the simulator's options may be; and whether each side effect is asked for, of the options as they are."""
    for options in option_choices(tested):
        yield options, False
        if not options and tested.integration.side_effects:
            yield {}, True


def _switched_on(tested: PluginUnderTest) -> PluginUnderTest:
    switches = [one.setting for one in tested.integration.side_effects.values() if one.setting is not None]
    return evolve(tested, settings={**tested.settings, **dict.fromkeys(switches, True)})


def _cancel_with_effects(harness: ConformanceHarness) -> CancelCase:
    """The case of a cancel that asks for each side effect that is offered."""
    (entry,) = harness.desk.cancellations.plan(harness.order).entries
    token = harness.desk.cancellations.plan(harness.order, side_effects=entry.offered).token
    harness.desk.cancel(
        harness.order, by="conformance", reason=harness.reason, plan_token=token, side_effects=entry.offered
    )
    return harness.case


def _failures(harness: ConformanceHarness, steps: tuple[StepResult, ...]) -> Iterator[str]:
    truth = harness.service.prior_steps(harness.case.remote_id)
    if truth is None:
        yield f"{type(harness.service).__name__} tells no prior_steps(), so that nobody can compare: let it"
        return
    told = {(one.name, one.item): one.outcome for one in steps}
    for step, times in truth.items():
        name, item = step
        words = f"{name!r} for {item}" if item else repr(name)
        outcome = told.get(step)
        if times > 1:
            yield f"{words} was done {times} times"
        if outcome is None and times:
            yield f"{words} was done, and the case does not tell of it"
        if outcome is not None and (outcome is StepOutcome.DONE) != bool(times):
            yield f"{words} is called {outcome.value}, and was done {times} times"
    for one in steps:
        if (one.name, one.item) not in truth:
            yield f"the case tells of {one.name!r} for {one.item}, which the service does not know"
