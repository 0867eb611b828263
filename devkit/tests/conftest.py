"""What tests of the devkit share: tables as wide as they want, and a Python that runs programs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.warm_python import WarmPython


@pytest.fixture(scope="session", autouse=True)
def _screen_of_no_width() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COLUMNS", raising=False)
        yield


@pytest.fixture(scope="session")
def warm_python() -> Iterator[WarmPython]:
    python = WarmPython()
    yield python
    python.close()
