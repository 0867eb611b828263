"""Side effects: off unless somebody said so, and then done, each alone; by a setting or for one cancellation."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import pytest
from attrs import evolve

from orderdesk_devkit.testing.conformance.base import StandardTests, new_folder, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_sdk.plugin.integration import SideEffect, SideEffectSwitch

__all__ = ["SideEffectTests"]


class SideEffectTests(StandardTests):
    """What the simulator did besides a cancel, beside what was asked for."""

    def test_a_side_effect_is_done_only_where_somebody_said_so(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path
    ) -> None:
        """Nothing without a word; each declared one by its setting, and by a person where that is offered."""
        skip_without_calls(baseline, plugin_under_test)
        switches = plugin_under_test.integration.side_effects
        found = list[str]()
        for effect, switch, asked in [(None, None, False), *_ways(switches.items())]:
            done = _done(plugin_under_test, tmp_path, effect, None if asked or switch is None else switch.setting)
            if done is None:
                pytest.skip(f"{plugin_under_test.slug}: its simulator does not tell its `side_effects`")
            wanted = set() if effect is None else {effect}
            if set(done) != wanted:
                how = "asked for nothing" if effect is None else f"asked for {effect.value}"
                by = "" if effect is None else " for one cancellation" if asked else " by its setting"
                found.append(f"{how}{by}: the service did {_words(done)}")
        require(Requirement.SIDE_EFFECTS, found)


def _ways(
    switches: Collection[tuple[SideEffect, SideEffectSwitch]],
) -> Iterator[tuple[SideEffect, SideEffectSwitch, bool]]:
    """Each way to turn one on, and whether it is by a person, for one cancellation."""
    for effect, switch in switches:
        if switch.setting is not None:
            yield effect, switch, False
        if switch.per_cancel:
            yield effect, switch, True


def _done(
    plugin: PluginUnderTest, folder: Path, effect: SideEffect | None, setting: str | None
) -> Collection[SideEffect] | None:
    """What the simulator did besides, of a cancel with this side effect alone.

    Args:
        setting: what turns it on; None: it is asked for, for this cancellation.
    """
    off = {one.setting: False for one in plugin.integration.side_effects.values() if one.setting is not None}
    chosen = evolve(plugin, settings={**plugin.settings, **off, **({setting: True} if setting is not None else {})})
    with chosen.open_harness(new_folder(folder)) as harness:
        wanted = () if effect is None or setting is not None else (effect,)
        token = harness.desk.cancellations.plan(harness.order, side_effects=wanted).token
        harness.desk.cancel(
            harness.order, by="conformance", reason=harness.reason, plan_token=token, side_effects=wanted
        )
        harness.follow_up()
        return harness.service.side_effects(chosen.number)


def _words(effects: Collection[SideEffect]) -> str:
    return ", ".join(effect.value for effect in effects) or "nothing"
