"""What tests of the devkit share: tables as wide as they want, whatever terminal the tests are started from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def _screen_of_no_width() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COLUMNS", raising=False)
        yield
