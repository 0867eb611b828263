"""Log records as JSON, one object a line, for whatever collects them.

handler = logging.StreamHandler()
handler.setFormatter(JsonLogFormatter())
logging.getLogger("orderdesk_sdk").addHandler(handler)
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from orderdesk_sdk.cases.log_records import LOGGER_NAME

__all__ = ["JsonLogFormatter"]

SUBJECT = ("case_id", "order_number", "connection")
"""The attributes of every record of the SDK, as `cases.log_records` sets them."""


class JsonLogFormatter(logging.Formatter):
    """A record as an object with time (UTC), level, room, message, case_id, order_number, connection and error.

    error: the class of the exception that a record was logged with, null without one. Neither its text nor its
    traceback is written: both may quote what a person, a service or a plugin wrote.
    """

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        kind = record.exc_info[0] if record.exc_info else None
        document = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "room": record.name.removeprefix(f"{LOGGER_NAME}."),
            "message": record.getMessage(),
            **{name: getattr(record, name, None) for name in SUBJECT},
            "error": kind.__name__ if kind is not None else None,
        }
        return json.dumps(document)
