"""The ways that come after the first button: each is tried by itself, as if it were the only one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from attrs import evolve

from orderdesk_devkit.testing.conformance.base import StandardTests
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import ConformanceHarness, PluginUnderTest
from orderdesk_sdk.cases.cancellation import CancelCase
from orderdesk_sdk.cases.case import State
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.routes import Always, Button, Email, Route

__all__ = ["FallbackRouteTests", "with_single_route"]

_CANCEL_HOOKS = ("orderdesk_cancel", "orderdesk_cancel_many")
"""The hooks that only a button has."""


class FallbackRouteTests(StandardTests):
    """An e-mail, a portal, a second button: what the other tests come to only where the first way is closed."""

    def test_every_fallback_route_works(self, plugin_under_test: PluginUnderTest, tmp_path: Path) -> None:
        """It ends as its confirmation says, an e-mail names the order, and who has to act is told what to do."""
        first, *others = plugin_under_test.integration.cancel or (None,)
        further = others if isinstance(first, Button) or first is None else [first, *others]
        if not further:
            pytest.skip(f"{plugin_under_test.slug} declares nothing but a button")
        found: list[str] = []
        for number, route in enumerate(further):
            folder = tmp_path / str(number)
            folder.mkdir()
            with with_single_route(plugin_under_test, route).open_harness(folder) as stage:
                stage.cancel()
                told = _failures(stage, stage.follow_up(), route, plugin_under_test.expected_state(route))
                found += [f"{route.label}: {complaint}" for complaint in told]
        require(Requirement.ROUTES, found)


def with_single_route(tested: PluginUnderTest, route: Route) -> PluginUnderTest:
    """The subject with one way to cancel, which is always open."""
    loaded = tested.registry().load(tested.slug)
    declared = evolve(loaded.integration, cancel=(evolve(route, window=Always()),), routes_for=None)
    plugin = loaded.manager.get_plugin(tested.slug)
    left_out = () if isinstance(route, Button) else _CANCEL_HOOKS
    hooks = {caller.name: getattr(plugin, caller.name) for caller in loaded.manager.get_hookcallers(plugin) or ()}
    kept = {name: hook for name, hook in hooks.items() if name not in left_out}
    return evolve(tested, plugin=SimpleNamespace(**{**kept, "orderdesk_integration": _declaring(declared)}))


def _declaring(declared: Integration) -> Callable[[], Integration]:
    @hookimpl
    def orderdesk_integration() -> Integration:
        return declared

    return orderdesk_integration


def _failures(harness: ConformanceHarness, case: CancelCase, route: Route, end: State) -> Iterator[str]:
    """What is wrong with how a way ended."""
    if case.state is not end:
        yield f"it ended {case.state.value} ({case.message}), and its confirmation means {end.value}"
    if case.plugin_error is not None:
        yield f"the plugin failed: {case.plugin_error}"
    if case.state is State.ACTION_REQUIRED and not (case.message or case.hint):
        yield "a person has it, and is not told what to do"
    if isinstance(route, Email):
        history = harness.desk.ledger.history(case.id)
        drafts = [str(entry.content) for entry in history if str(entry.content).startswith("draft:")]
        if not any(case.remote_id in draft for draft in drafts):
            yield f"its mail does not name the order {case.remote_id}"
