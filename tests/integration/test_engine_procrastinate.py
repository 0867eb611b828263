"""The engine procrastinate, judged by the suite of engines, and by each trap that its queue has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from orderdesk_devkit.testing.engines.suite import EngineConformance
from tests.support.engines import own_server, postgres_options
from tests.support.postgres import VERSIONS, PostgresServer


@pytest.fixture(scope="module", params=VERSIONS, ids=lambda version: f"postgres{version}")
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> PostgresServer:
    """A server of each version."""
    return own_server(request.param, tmp_path_factory)


class TestProcrastinate(EngineConformance):
    opener = "tests.support.engines:open_procrastinate"

    @pytest.fixture
    def new_options(self, server: PostgresServer, tmp_path: Path) -> Iterator[Callable[[], Mapping[str, str]]]:
        self.restart = lambda _: server.restart()
        with postgres_options(server, tmp_path) as options:
            yield options
