"""The examples of docs/examples: apps of their own, each run in a process of its own, at a simulated shop."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.ledgers import DATABASE_PARAMS
from tests.support.postgres_fixtures import shared_server

ROOT = Path(__file__).resolve().parent.parent.parent.parent
EXAMPLES = ROOT / "docs" / "examples"

ExampleRunner = Callable[..., Mapping[str, int]]


@pytest.fixture
def run_example(tmp_path: Path) -> ExampleRunner:
    """Runs tests of an example with pytest, with more variables in the environment; how many ended how."""

    def run(tests: Path, **environment: str) -> Mapping[str, int]:
        path = os.pathsep.join(map(str, (EXAMPLES, tmp_path)))
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", ROOT / "pyproject.toml", tests],
            check=False,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": path, **environment},
        )
        assert ran.returncode == 0, f"{ran.stdout}{ran.stderr}"
        return {word: int(count) for count, word in re.findall(r"(\d+) (passed|skipped)", ran.stdout.splitlines()[-1])}

    return run


@pytest.fixture(params=DATABASE_PARAMS)
def postgres_or_none(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str | None]:
    """The URL of an empty PostgreSQL database of each version; None for SQLite."""
    if request.param == "sqlite":
        yield None
        return
    with shared_server(int(request.param.removeprefix("postgres")), tmp_path_factory).database() as url:
        yield url
