"""What every part of the suite stands on: the attributes of a test class, and the guard of the standard tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from attrs import evolve

from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun, run_baseline
from orderdesk_devkit.testing.conformance.requirement import ConformanceError
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest, sample_order
from orderdesk_devkit.testing.report_keys import CONFORMANCE
from orderdesk_sdk.clock import Clock
from orderdesk_sdk.plugin.routes import Button

__all__ = ["Count", "StandardTests"]

Count = Callable[[str, int], None]
"""Adds to the summary at the end of the run: what was counted, and how many of it."""

_BASELINES: dict[type, BaselineRun | ConformanceError] = {}


class StandardTests:
    """The attributes that tell what the declaration and the simulator cannot."""

    integration: ClassVar[str]
    """The slug of the installed integration."""
    settings: ClassVar[Mapping[str, object]] = {}
    """Settings in place of the simulator's, flat, secrets as texts."""
    options: ClassVar[Mapping[str, str]] = {}
    """Choices of the simulator's switches."""
    reason: ClassVar[str | None] = None
    """Why the order is canceled; None takes the first reason that the declaration allows."""
    remote_id: ClassVar[str] = ""
    """The order's number at the service; "" is the order's own, 1042."""
    line_metadata: ClassVar[Mapping[str, object]] = {}
    """What a resubmission needs to find on each line of the order."""
    wait: ClassVar[timedelta] = timedelta(0)
    """What must pass after submitting before the service takes a cancel."""
    why_unresolved: ClassVar[str] = ""
    """Why a cancel whose response was lost cannot be found by polling, so that a person gets it; "" where it can."""
    plugin: ClassVar[object | None] = None
    """A plugin registered in code in place of the installed one."""
    simulator: ClassVar[Callable[[Clock], Simulator] | None] = None
    """Makes the simulator, in place of the installed one."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.__module__.startswith(__name__.rpartition(".")[0]):
            return
        if not isinstance(getattr(cls, "integration", None), str):
            raise TypeError(f'{cls.__name__}: say which integration it is about: integration = "acme-ship"')
        for name, value in vars(cls).items():
            standard = any(name in vars(base) for base in cls.__mro__[1:-1])
            if name.startswith("test_") and standard and not _is_expected_failure(value):
                raise TypeError(
                    f"{cls.__name__}.{name} is a standard test, which no plugin replaces or drops; mend the plugin, or "
                    'mark it @pytest.mark.xfail(reason="why") and let it call super()'
                )
            if not (standard or name in StandardTests.__annotations__ or name.startswith(("_", "test_"))):
                known = ", ".join(sorted(StandardTests.__annotations__))
                raise TypeError(f"{cls.__name__}.{name}: the suite knows no such attribute; it knows {known}")

    @pytest.fixture
    def plugin_under_test(self) -> PluginUnderTest:
        """The integration under test, with its order."""
        order = sample_order()
        lines = tuple(evolve(line, metadata={**line.metadata, **self.line_metadata}) for line in order.lines)
        made = PluginUnderTest(
            slug=self.integration,
            order=evolve(order, lines=lines),
            remote_id=self.remote_id,
            reason=self.reason,
            settings=self.settings,
            options=self.options,
            wait=self.wait,
            why_unresolved=self.why_unresolved,
            plugin=self.plugin,
            simulator=type(self).simulator,
        )
        if made.unavailable_reason:
            pytest.skip(f"{made.slug} makes no call with these settings: {made.unavailable_reason}")
        return evolve(made, reason=made.default_reason)

    @pytest.fixture
    def baseline(self, plugin_under_test: PluginUnderTest, tmp_path_factory: pytest.TempPathFactory) -> BaselineRun:
        """What an undisturbed cancel looks like; run once for a class."""
        known = _BASELINES.get(type(self))
        if known is None:
            folder: Path = tmp_path_factory.mktemp("baseline")
            try:
                known = run_baseline(plugin_under_test, folder)
            except ConformanceError as verdict:  # The same for every test; one that hangs must not be tried for each.
                known = verdict
            _BASELINES[type(self)] = known
        if isinstance(known, ConformanceError):
            raise known.with_traceback(None)
        return known

    @pytest.fixture
    def count(self, record_property: Callable[[str, object], None]) -> Count:
        """Adds to the summary."""
        return lambda what, number: record_property(CONFORMANCE, (self.integration, what, number))


def skip_without_calls(baseline: BaselineRun, plugin: PluginUnderTest) -> None:
    """Skip, with the reason, what is about calls where the way to cancel makes none."""
    if not isinstance(baseline.route, Button):
        way = baseline.route.label if baseline.route is not None else "none"
        pytest.skip(f"{plugin.slug} is asked by no call: its first way to cancel is {way}")
    if not plugin.has_service:
        pytest.fail(f"{plugin.slug} has a button and no simulator under orderdesk.simulators to press it at")


def _is_expected_failure(value: object) -> bool:
    marks = getattr(value, "pytestmark", [])
    return any(mark.name == "xfail" and mark.kwargs.get("reason") for mark in marks)
