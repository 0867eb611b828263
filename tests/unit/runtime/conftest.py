"""What the tests of flows stand on."""

from __future__ import annotations

import pytest

from orderdesk_devkit.testing.fake_client import FakeClient, FakeJournal
from tests.support.flows import SECRET


@pytest.fixture
def client() -> FakeClient:
    return FakeClient([SECRET])


@pytest.fixture
def journal() -> FakeJournal:
    return FakeJournal()
