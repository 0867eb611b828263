"""The log on stderr, for a command that runs for long."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from orderdesk_sdk.cases.log_records import LOGGER_NAME

__all__ = ["log_to_stderr"]


@contextmanager
def log_to_stderr(level: int | None) -> Iterator[None]:
    """Within the block, write records of this level and above to stderr, a line each. level: None writes nothing."""
    if level is None:
        yield
        return
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logger = logging.getLogger(LOGGER_NAME)
    level_before = logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level_before)
