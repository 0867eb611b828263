"""The simulated store of these tests, and a script that its rules post to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.simulated_store import Script, Store, posted_script, simulated_store


@pytest.fixture
def store() -> Iterator[Store]:
    with simulated_store() as found:
        yield found


@pytest.fixture
def script() -> Iterator[Script]:
    with posted_script() as found:
        yield found
