"""The log on stderr, for a command that runs for long."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from orderdesk_sdk.cases.log_records import LOGGER_NAME, RoomLogger
from orderdesk_sdk.desk.log_format import JsonLogFormatter

__all__ = ["log_to_stderr", "problem_logger"]


def _line_formatter() -> logging.Formatter:
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    return formatter


@contextmanager
def log_to_stderr(level: int | None, *, as_json: bool = False) -> Iterator[None]:
    """Within the block, write records of this level and above to stderr, a line each. level: None writes nothing."""
    if level is None:
        yield
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLogFormatter() if as_json else _line_formatter())
    logger = logging.getLogger(LOGGER_NAME)
    level_before = logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level_before)


def problem_logger() -> Callable[[str], None]:
    """Reports each problem of a worker as a record of the room `cli`, where stderr holds nothing but records."""
    log = RoomLogger("cli")
    return lambda problem: log.warning("%s", problem)
