"""The base of every part of the suite: the attributes of a test class, and the guard of the standard tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import ClassVar, Protocol

import pytest
from attrs import evolve

from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun, run_baseline
from orderdesk_devkit.testing.conformance.requirement import ConformanceError
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest, sample_order
from orderdesk_devkit.testing.report_keys import CONFORMANCE, UNTESTED
from orderdesk_sdk.clock import Clock, VirtualClock
from orderdesk_sdk.plugin.routes import Button

__all__ = ["Count", "StandardTests", "Untested"]

Count = Callable[[str, int], None]
"""Adds to the summary at the end of the run: what was counted, and how many of it."""


class Untested(Protocol):
    """Tells the summary at the end of the run what is declared and could not be tried.

    Args:
        what: with the hint, where nobody has said why.
        why: why it cannot be tried, where the test class says it; "" counts against the plugin's level.
    """

    def __call__(self, what: str, *, why: str = "") -> None: ...


_EACH: Mapping[str, str] = {
    "ending": "endings",
    "answer_ending": "answer_endings",
    "status_ending": "status_endings",
    "resubmission": "resubmissions",
}
"""By an argument of tests: the attribute of the class that holds what each is run with."""
_BASELINES: dict[type, BaselineRun | ConformanceError] = {}


class StandardTests:
    """The attributes that say what the declaration and the simulator cannot."""

    integration: ClassVar[str]
    """The slug of the installed integration."""
    settings: ClassVar[Mapping[str, object]] = {}
    """Settings in place of the simulator's, flat, secrets as texts."""
    options: ClassVar[Mapping[str, str]] = {}
    """Choices of the simulator's options."""
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

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One test for each thing of a kind that the class declares, or one of None, so that each is told by itself."""
        for argument, attribute in _EACH.items():
            if argument in metafunc.fixturenames:
                declared = getattr(self, attribute)
                names = [f"{number} {one.short_label}" for number, one in enumerate(declared, 1)]
                metafunc.parametrize(argument, declared or (None,), ids=names or ("none",))

    @pytest.fixture
    def plugin_under_test(self) -> PluginUnderTest:
        """The integration under test, with its order."""
        order = sample_order()
        lines = tuple(evolve(line, metadata={**line.metadata, **self.line_metadata}) for line in order.lines)
        plugin = PluginUnderTest(
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
        if plugin.unavailable_reason:
            pytest.skip(f"{plugin.slug} makes no call with these settings: {plugin.unavailable_reason}")
        return evolve(plugin, reason=plugin.default_reason)

    @pytest.fixture
    def baseline(self, plugin_under_test: PluginUnderTest, tmp_path_factory: pytest.TempPathFactory) -> BaselineRun:
        """What an undisturbed cancel looks like; played once for a class."""
        baseline = _BASELINES.get(type(self))
        if baseline is None:
            folder: Path = tmp_path_factory.mktemp("baseline")
            try:
                baseline = run_baseline(plugin_under_test, folder)
            except ConformanceError as error:  # The same for every test; one that hangs must not be tried for each.
                baseline = error
            _BASELINES[type(self)] = baseline
        if isinstance(baseline, ConformanceError):
            raise baseline.with_traceback(None)
        return baseline

    @pytest.fixture
    def count(self, record_property: Callable[[str, object], None]) -> Count:
        """Adds to the summary."""
        return lambda what, number: record_property(CONFORMANCE, (self.integration, what, number))

    @pytest.fixture
    def untested(self, record_property: Callable[[str, object], None]) -> Untested:
        """Tells the summary what is declared and was not tried."""

        def tell(what: str, *, why: str = "") -> None:
            record_property(UNTESTED, (self.integration, f"{what}: {why}" if why else what, bool(why)))

        return tell


def new_folder(parent: Path) -> Path:
    """A folder in this one that was not there yet."""
    made = parent / f"{len(list(parent.iterdir()))}"
    made.mkdir()
    return made


def option_choices(tested: PluginUnderTest) -> Iterator[Mapping[str, str]]:
    """The simulator as it is, and with each other choice of each of its options."""
    yield {}
    simulator = tested.new_simulator(VirtualClock())
    for option in simulator.options if simulator is not None else ():
        for choice in option.choices[1:]:
            yield {option.name: choice}


def skip_without_calls(baseline: BaselineRun, plugin: PluginUnderTest) -> None:
    """Skip, with the reason, a test about calls where the route to cancel makes none."""
    if not isinstance(baseline.route, Button):
        route = baseline.route.label if baseline.route is not None else "none"
        pytest.skip(f"{plugin.slug} is canceled by no call: its first route is {route}")
    if not plugin.has_service:
        pytest.fail(f"{plugin.slug} has a button and no simulator under orderdesk.simulators to call")


def _is_expected_failure(value: object) -> bool:
    marks = getattr(value, "pytestmark", [])
    return any(mark.name == "xfail" and mark.kwargs.get("reason") for mark in marks)
