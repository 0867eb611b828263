"""Takes secrets out of what httpx and httpcore log about our calls: URLs, and the headers of replies.

Only records of a call of ours, in its own thread, are touched; other users of httpx in the process log as ever.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from orderdesk_sdk.redaction import Redactor

__all__ = ["guarded_logs"]

_LOGGERS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks")


class _Present(threading.local):
    redactor: Redactor | None = None


_present = _Present()


class _Guard(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if _present.redactor is not None:
            record.msg, record.args = _present.redactor.text(record.getMessage()), ()
        return True


_guard = _Guard()
for _name in _LOGGERS:
    logging.getLogger(_name).addFilter(_guard)


@contextmanager
def guarded_logs(redactor: Redactor) -> Iterator[None]:
    """Within this, records of this thread are logged without the redactor's secrets."""
    _present.redactor = redactor
    try:
        yield
    finally:
        _present.redactor = None
