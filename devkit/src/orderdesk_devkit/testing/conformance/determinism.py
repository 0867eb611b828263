"""What a flow may depend on: the request and the responses, and no host, clock or chance of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from unittest.mock import patch

import pytest

from orderdesk_devkit.testing.conformance.base import Count, StandardTests, skip_without_calls
from orderdesk_devkit.testing.conformance.baseline_run import BaselineRun
from orderdesk_devkit.testing.conformance.recorded_flows import recorded_flows_of
from orderdesk_devkit.testing.conformance.requirement import ConformanceError, Requirement, require
from orderdesk_devkit.testing.conformance.second_process import Call, calls_in_second_process, calls_of
from orderdesk_devkit.testing.network import no_network
from orderdesk_devkit.testing.plugin_under_test import PluginUnderTest
from orderdesk_sdk.errors import PluginError

__all__ = ["DeterminismTests"]

_LATER = 2_000_000_000.0
"""Seconds since 1970 at the second play, for whoever asks `time.time()`: years from any first one."""


class DeterminismTests(StandardTests):
    """Each flow played with its real responses, without a network."""

    def test_the_same_responses_lead_to_the_same_calls(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path, count: Count
    ) -> None:
        """By method, URL and body, as the core compares them after a crash."""
        skip_without_calls(baseline, plugin_under_test)
        found: list[str] = []
        with plugin_under_test.open_harness(tmp_path) as stage:
            for take in recorded_flows_of(stage, baseline):
                once = calls_of(take)
                with patch("time.time", lambda: _LATER):
                    again = calls_of(take)
                found += _differences(take.name, once, again, "when it was played again")
                count("flows replayed", 1)
        require(Requirement.DETERMINISTIC, found)

    def test_another_process_makes_the_same_calls(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path
    ) -> None:
        """As after a crash: on the ledger of this one, with another order of sets and another zone of time."""
        skip_without_calls(baseline, plugin_under_test)
        if plugin_under_test.plugin is not None:
            pytest.skip(f"{plugin_under_test.slug} is registered in code, where no other process finds it")
        with plugin_under_test.open_harness(tmp_path) as stage:
            here = [(take.name, calls_of(take)) for take in recorded_flows_of(stage, baseline)]
            try:
                there = calls_in_second_process(stage, baseline.conversation)
            except PluginError as fault:
                raise ConformanceError(Requirement.DETERMINISTIC, [fault.message]) from None
        require(
            Requirement.DETERMINISTIC,
            [
                said
                for (name, once), again in zip_longest(here, there, fillvalue=("", ()))
                for said in _differences(name, once, again[1], "in another process")
            ],
        )

    def test_no_call_leaves_the_declared_hosts(
        self, plugin_under_test: PluginUnderTest, baseline: BaselineRun, tmp_path: Path
    ) -> None:
        """Neither by a request that a flow yields nor by a connection that it opens itself."""
        skip_without_calls(baseline, plugin_under_test)
        found = []
        with plugin_under_test.open_harness(tmp_path) as stage:
            client = stage.desk.connections.get(stage.connection).client
            for take in recorded_flows_of(stage, baseline):
                with no_network() as tried:
                    played = take.play(take.responses)
                found += [f"{take.name}: {error}" for error in tried]
                for request in played.requests:
                    if request.url.netloc.decode() == baseline.origin:
                        continue  # The service itself, by an address that it told when the responses were heard.
                    try:
                        client.require_allowed_origin(request)
                    except PluginError as fault:
                        found.append(f"{take.name}: {fault.message}")
        require(Requirement.OWN_HOSTS, found)


def _differences(flow: str, once: Sequence[Call], again: Sequence[Call], when: str) -> Iterator[str]:
    for number, (one, other) in enumerate(zip_longest(once, again), start=1):
        if one != other:
            yield f"{flow}: call {number} was {one or 'none'}, and {other or 'none'} {when}"
