"""Buttons with names: the service is asked by each in its own way."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from orderdesk_devkit.simulators.simulator import Simulator
from orderdesk_devkit.testing.conformance.base import Count, StandardTests, new_folder
from orderdesk_devkit.testing.conformance.fallback_routes import with_single_route
from orderdesk_devkit.testing.conformance.requirement import Requirement, require
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_devkit.testing.request_recorder import RequestRecorder
from orderdesk_sdk.plugin.routes import Button

__all__ = ["NamedRouteTests"]

Sent = list[tuple[str, str, str, bytes]]
"""Method, path, query and body of each request."""


class NamedRouteTests(StandardTests):
    """Each named button by itself, and what reached the service then."""

    def test_named_buttons_send_different_requests(
        self, plugin_under_test: PluginUnderTest, tmp_path: Path, count: Count
    ) -> None:
        """No two of them ask the same of the same order."""
        buttons = [route for route in plugin_under_test.integration.cancel if isinstance(route, Button)]
        named = {button.name: button for button in buttons if button.name is not None}
        if len(named) < 2:
            pytest.skip(f"{plugin_under_test.slug} declares no two buttons with names")
        sent = {name: _requests_of(plugin_under_test, button, new_folder(tmp_path)) for name, button in named.items()}
        count("named buttons", len(sent))
        found = [f"{name!r} sends nothing" for name, requests in sent.items() if not requests]
        found += [
            f"{one!r} and {other!r} send the same: {' '.join(sent[one][0][:2])}"
            for one, other in combinations(sent, 2)
            if sent[one] and sent[one] == sent[other]
        ]
        require(Requirement.NAMED_ROUTES, found)


def _requests_of(tested: PluginUnderTest, route: Button, folder: Path) -> Sent:
    """What reaches the service by one button alone, with the cancellation's own id taken out."""
    recorders: list[RequestRecorder] = []

    def record(simulator: Simulator) -> ASGIApp:
        recorders.append(RequestRecorder(simulator.app))
        return recorders[0]

    with with_single_route(tested, route).open_harness(folder, wrap=record) as harness:
        own_id = harness.cancel().cancellation_id
    return [
        (
            request.method,
            request.path.replace(own_id, "ID"),
            request.query.replace(own_id, "ID"),
            request.body.replace(own_id.encode(), b"ID"),
        )
        for request in recorders[0].requests
    ]
