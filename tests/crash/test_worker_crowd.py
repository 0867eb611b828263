"""Many workers on one ledger serve a whole shop while they are killed: judged by what the services themselves logged.

A small crowd plays in every run. The one of the promise, of 200 deaths and 20,000 cases, is asked for by `--kills 200`,
and a larger one by a larger number.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orderdesk_devkit.testing.report_keys import FAILPOINTS
from tests.support.postgres import VERSIONS, binaries_of, open_server
from tests.support.worker_crowd import CrowdResult, WorkerCrowd

pytestmark = pytest.mark.crash

SMALL = (8, 150)
LARGE_FROM = 200
CASES_FOR_A_DEATH = 100
FAST, SLOWER = 10.0, 4.0
"""Seconds of the shop in a real one, of a small crowd and of a large one, whose orders wait longer for their cancel."""


@pytest.fixture
def deaths_and_cases(kills: int) -> tuple[int, int]:
    return (kills, kills * CASES_FOR_A_DEATH) if kills >= LARGE_FROM else SMALL


def pace(cases: int) -> float:
    return SLOWER if cases >= LARGE_FROM * CASES_FOR_A_DEATH else FAST


def judged(result: CrowdResult, cases: int, record_property: Callable[[str, object], None], where: str) -> None:
    record_property(FAILPOINTS, f"a crowd of workers on {where}: {result}")
    assert result.failures == ()
    assert result.cases == cases
    assert result.states["canceled"] > cases / 2, "on a slow machine some are asked too late"


@pytest.mark.parametrize("version", VERSIONS)
def test_eight_workers_on_postgres_lose_and_double_nothing(
    version: int,
    deaths_and_cases: tuple[int, int],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """Killed at random, with two restarts of the server between them."""
    if binaries_of(version) is None:
        pytest.skip(f"PostgreSQL {version} is not installed on this machine")
    deaths, cases = deaths_and_cases
    server = open_server(tmp_path / "servers", version, max_connections="600")
    with server.database() as url:
        crowd = WorkerCrowd(tmp_path, url, cases, 8, deaths, restart=server.restart, restarts=2, speed=pace(cases))
        judged(crowd.play(), cases, record_property, f"PostgreSQL {version}")


def test_four_workers_on_one_file_lose_and_double_nothing(
    deaths_and_cases: tuple[int, int], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    deaths, cases = deaths_and_cases
    crowd = WorkerCrowd(tmp_path, str(tmp_path / "desk.db"), cases, 4, deaths, speed=pace(cases))
    judged(crowd.play(), cases, record_property, "SQLite")
