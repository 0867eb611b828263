"""What a flow may depend on: the request and the replies, and no host, clock or chance of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from unittest.mock import patch

import pytest

from orderdesk_devkit.testing.conformance.base import Count, Standard, needs_calls
from orderdesk_devkit.testing.conformance.baseline_run import Rehearsal
from orderdesk_devkit.testing.conformance.recorded_flows import takes_of
from orderdesk_devkit.testing.conformance.requirement import Law, NotConformant, demand
from orderdesk_devkit.testing.conformance.second_process import Call, calls_of, played_elsewhere
from orderdesk_devkit.testing.network import no_network
from orderdesk_devkit.testing.plugin_under_test import Subject
from orderdesk_sdk.errors import PluginFault

__all__ = ["Repeats"]

_LATER = 2_000_000_000.0
"""Seconds since 1970 at the second play, for whoever asks `time.time()`: years from any first one."""


class Repeats(Standard):
    """Each flow played with its real replies, without a network."""

    def test_the_same_replies_lead_to_the_same_calls(
        self, subject: Subject, rehearsal: Rehearsal, tmp_path: Path, count: Count
    ) -> None:
        """By method, URL and body, as the core compares them after a crash."""
        needs_calls(rehearsal, subject)
        found: list[str] = []
        with subject.on_stage(tmp_path) as stage:
            for take in takes_of(stage, rehearsal):
                once = calls_of(take)
                with patch("time.time", lambda: _LATER):
                    again = calls_of(take)
                found += _differences(take.name, once, again, "when it was played again")
                count("flows replayed", 1)
        demand(Law.REPEATS, found)

    def test_another_process_makes_the_same_calls(self, subject: Subject, rehearsal: Rehearsal, tmp_path: Path) -> None:
        """As after a crash: on the ledger of this one, with another order of sets and another zone of time."""
        needs_calls(rehearsal, subject)
        if subject.plugin is not None:
            pytest.skip(f"{subject.slug} is registered in code, where no other process finds it")
        with subject.on_stage(tmp_path) as stage:
            here = [(take.name, calls_of(take)) for take in takes_of(stage, rehearsal)]
            try:
                there = played_elsewhere(stage, rehearsal.heard)
            except PluginFault as fault:
                raise NotConformant(Law.REPEATS, [fault.text]) from None
        demand(
            Law.REPEATS,
            [
                said
                for (name, once), again in zip_longest(here, there, fillvalue=("", ()))
                for said in _differences(name, once, again[1], "in another process")
            ],
        )

    def test_no_call_leaves_the_declared_hosts(self, subject: Subject, rehearsal: Rehearsal, tmp_path: Path) -> None:
        """Neither by a request that a flow yields nor by a connection that it opens itself."""
        needs_calls(rehearsal, subject)
        found = []
        with subject.on_stage(tmp_path) as stage:
            client = stage.desk.connections.get(stage.connection).client
            for take in takes_of(stage, rehearsal):
                with no_network() as tried:
                    played = take.play(take.replies)
                found += [f"{take.name}: {error}" for error in tried]
                for request in played.requests:
                    if request.url.netloc.decode() == rehearsal.origin:
                        continue  # The service itself, by an address that it told when the replies were heard.
                    try:
                        client.only_own_hosts(request)
                    except PluginFault as fault:
                        found.append(f"{take.name}: {fault.text}")
        demand(Law.OWN_HOSTS, found)


def _differences(take: str, once: Sequence[Call], again: Sequence[Call], when: str) -> Iterator[str]:
    for number, (one, other) in enumerate(zip_longest(once, again), start=1):
        if one != other:
            yield f"{take}: call {number} was {one or 'none'}, and {other or 'none'} {when}"
