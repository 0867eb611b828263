"""What holds for every test, whatever it is about."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

__all__ = ["quick_passwords", "screen_of_no_width", "unchanged_log_levels"]


@pytest.fixture(scope="session", autouse=True)
def screen_of_no_width() -> Iterator[None]:
    """Tables are as wide as they want, whatever terminal the tests are started from."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COLUMNS", raising=False)
        yield


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes of passwords that cost next to nothing: what a real one costs is no matter of most tests."""
    monkeypatch.setattr("orderdesk_sdk.desk.access.passwords.MEMORY_COST", 8)
    monkeypatch.setattr("orderdesk_sdk.desk.access.passwords.TIME_COST", 1)
    monkeypatch.setattr("orderdesk_sdk.desk.access.passwords.PARALLELISM", 1)


@pytest.fixture(autouse=True)
def unchanged_log_levels() -> Iterator[None]:
    """A program that a test starts in this process, such as a worker of Celery, leaves the log as it found it."""
    loggers = [logging.getLogger(name) for name in (None, "orderdesk_sdk")]
    before = [(logger.level, logger.propagate, logger.disabled) for logger in loggers]
    yield
    for logger, state in zip(loggers, before, strict=True):
        level, logger.propagate, logger.disabled = state
        logger.setLevel(level)
