"""Settings: each that is declared changes what is sent, signed, offered or believed, or the test class says why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from orderdesk_devkit.testing.conformance.base import Count, StandardTests, Untested
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.changed_settings import Trial, trials_of
from orderdesk_devkit.testing.conformance.observed_settings import SettingsObserver
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import NOWHERE, PluginUnderTest
from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.plugin.connection_settings import settings_fields
from orderdesk_sdk.plugin.sftp_settings import SftpSettings

__all__ = ["SettingTests"]


class SettingTests(StandardTests):
    """Everything that a plugin does, once with a setting as it is and once with another value of it."""

    other_settings: ClassVar[Mapping[str, Mapping[str, object]]] = {}
    """By a setting that means something only beside others, or whose other value nobody can guess: a table of settings
    with another value of it."""
    settings_not_tried: ClassVar[Mapping[str, str]] = {}
    """Settings that change nothing that this suite sees, each with why."""

    def test_each_setting_changes_something(
        self,
        plugin_under_test: PluginUnderTest,
        baseline: BaselineRun,
        tmp_path: Path,
        count: Count,
        untested: Untested,
    ) -> None:
        """A request, a signature, a route, a mail, a list of reasons, or which webhooks are believed."""
        declared = plugin_under_test.registry().load(plugin_under_test.slug).integration.settings
        logs_in = issubclass(declared, SftpSettings)  # Its settings are the core's; `file_transports` tries them.
        fields = [
            one
            for one in settings_fields(declared)
            if not (logs_in and one.name in {its.name for its in settings_fields(SftpSettings)})
        ]
        names = [one.name for one in fields]
        unknown = [name for name in (*self.settings_not_tried, *self.other_settings) if name not in names]
        found = [f"{name} is named in the test class, and the plugin has no such setting" for name in unknown]
        extra = {**getattr(self, "webhook_settings", {}), **getattr(self, "request_settings", {})}
        tables = [plugin_under_test.connection_settings(plugin_under_test.make_simulator(VirtualClock()), NOWHERE)]
        tables += [{**tables[0], **extra}] if extra else []
        with SettingsObserver(plugin_under_test, baseline, tmp_path) as observer:
            for one in fields:
                trials = trials_of(one, fields, tables, self.other_settings.get(one.name, {}))
                changed = _first_difference(observer, trials)
                reason = self.settings_not_tried.get(one.name)
                if changed and reason is not None:
                    found.append(f"{one.name} is named as not tried, and it changes {changed}")
                elif not changed and reason is None:
                    found.append(f"{one.name}: with another value of it, all that is sent, signed and read is the same")
        count("settings", len(names) - len(self.settings_not_tried))
        for name, why in self.settings_not_tried.items():
            untested(f"the setting {name}", why=why)
        require(Requirement.SETTING_USED, found)


def _first_difference(observer: SettingsObserver, trials: Iterator[Trial]) -> str | None:
    """What the first trial changes that changes anything; None where none does."""
    for trial in trials:
        before = observer.observe(trial.before)
        after = observer.observe(trial.after)
        if before is None and after is not None:
            return "whether the settings are taken"
        if before is None or after is None:
            continue  # The plugin takes no such value.
        for what in before:
            if before[what] != after.get(what):
                return what
    return None
