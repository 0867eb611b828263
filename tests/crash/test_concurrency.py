"""The laws with several processes on one ledger, killed and paused at random: judged by what the services were told."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import asdict

from orderdesk_devkit.testing.report_keys import FAILPOINTS
from tests.support.concurrency import ConcurrencyResult, ConcurrencyRunner

pytestmark = pytest.mark.crash


def test_the_laws_hold_in_every_crowd(
    kills: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Crowds of two and of four processes in turns, until so many processes were killed."""
    told: list[ConcurrencyResult] = []
    with ConcurrencyRunner(2) as few, ConcurrencyRunner(4) as many:
        for seed in itertools.count():
            for crowds in (few, many):
                folder = tmp_path / f"{seed}-{crowds.processes}"
                folder.mkdir()
                told.append(crowds.play(folder, seed))
                assert told[-1].failures == (), f"seed {seed}, {crowds.processes} processes"
            if sum(each.kills for each in told) >= kills:
                break
    names = ("processes", "kills", "pauses", "orders", "cases")
    sums = ", ".join(f"{sum(int(asdict(each)[name]) for each in told)} {name}" for name in names)
    record_property(FAILPOINTS, f"{len(told)} crowds: {sums}, no complaint")
