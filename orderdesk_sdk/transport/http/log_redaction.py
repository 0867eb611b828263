"""Takes secrets out of what httpx and what it is made of log about our calls: URLs, headers, errors.

Only records of a call of ours, in its own thread, are touched; other users of httpx in the process log as ever.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from orderdesk_sdk.transport.redaction import Redactor

__all__ = ["LOGGERS", "redacted_logs"]

LOGGERS = (
    "httpx",
    "httpcore",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
    "h11",
    "h2",
    "hpack",
    "hpack.hpack",
    "hpack.table",
    "urllib3",
    "urllib3.connectionpool",
    "vcr",
    "vcr.cassette",
    "vcr.matchers",
    "vcr.patch",
    "vcr.request",
    "vcr.stubs",
    "vcr.stubs.httpcore_stubs",
    "vcr.stubs.httpx_stubs",
)
"""Those that may log in the midst of a call. A filter is asked for its own logger's records only, so each is named."""


class _ActiveRedactor(threading.local):
    redactor: Redactor | None = None


_active = _ActiveRedactor()
_formatter = logging.Formatter()


class _RedactingFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        redactor = _active.redactor
        if redactor is None:
            return True
        try:
            said = record.getMessage()
        except Exception as error:  # noqa: BLE001 - what is logged may be any object, whose words may not be had
            said = f"a record of {record.name} that cannot be shown ({type(error).__name__})"
        record.msg, record.args = redactor.redact_log(said), ()
        if record.exc_info:
            # As text: the exception itself holds what was sent, and the variables of every frame.
            record.exc_text = redactor.redact_log(record.exc_text or _formatter.formatException(record.exc_info))
            record.exc_info = None
        if record.stack_info:
            record.stack_info = redactor.redact_log(record.stack_info)
        return True


class _SafeLogger(logging.Logger):
    """Whatever a handler, a filter or a patched `logging` raises does not end the call that it tells of.

    Else a log that is full, or one plugin's handler, would make every service's responses look lost.
    """

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - logging's own name
        return bool(_make_safe(lambda: super(_SafeLogger, self).isEnabledFor(level)))

    def debug(self, msg: object, *args: object, **options: Any) -> None:
        _make_safe(lambda: super(_SafeLogger, self).debug(msg, *args, **options))

    def info(self, msg: object, *args: object, **options: Any) -> None:
        _make_safe(lambda: super(_SafeLogger, self).info(msg, *args, **options))

    def warning(self, msg: object, *args: object, **options: Any) -> None:
        _make_safe(lambda: super(_SafeLogger, self).warning(msg, *args, **options))


def _make_safe(log: Callable[[], object]) -> object:
    try:
        return log()
    except Exception:  # noqa: BLE001 - a handler, a filter, the file behind it: whatever fails there is no failed call
        return None


_filter = _RedactingFilter()
for _name in LOGGERS:
    _logger = logging.getLogger(_name)
    _logger.addFilter(_filter)
    if type(_logger) is logging.Logger:  # A host may have made it of a class of its own; that stays.
        _logger.__class__ = _SafeLogger


class redacted_logs:  # noqa: N801 - a context manager reads like a function; as a generator it costs twice as much
    """Within this, records of this thread are logged without the redactor's secrets."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._outer: Redactor | None = None

    def __enter__(self) -> None:
        self._outer, _active.redactor = _active.redactor, self._redactor

    def __exit__(self, *error: object) -> None:
        _active.redactor = self._outer
