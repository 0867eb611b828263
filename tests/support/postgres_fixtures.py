"""Fixtures of tests that need PostgreSQL; the suite's conftest imports them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.support.postgres import VERSIONS, PostgresServer, binaries_of, open_server

__all__ = ["postgres_server", "postgres_url", "missing_versions", "shared_server"]


def missing_versions() -> list[str]:
    """Lines for the head of a run: which of the versions are judged elsewhere."""
    return [
        f"PostgreSQL {version} is not installed here: every test of it is SKIPPED (Debian: postgresql-{version})"
        for version in VERSIONS
        if binaries_of(version) is None
    ]


def shared_server(version: int, paths: pytest.TempPathFactory) -> PostgresServer:
    """The server of a version that all processes of this run share, which no test may restart; skips without it."""
    if binaries_of(version) is None:
        pytest.skip(f"PostgreSQL {version} is not installed on this machine")
    base = paths.getbasetemp()
    return open_server(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base, version)


@pytest.fixture(scope="session", params=VERSIONS, ids=lambda version: f"postgres{version}")
def postgres_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> PostgresServer:
    """The server of each version; see `shared_server`."""
    return shared_server(request.param, tmp_path_factory)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """An empty database of the test's own."""
    with postgres_server.database() as url:
        yield url
