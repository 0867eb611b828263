"""Log records as JSON: what stands in a line, and what never does."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest

from orderdesk_sdk.cases.log_records import LogSubject, RoomLogger
from orderdesk_sdk.desk.log_format import JsonLogFormatter

CANARY = "canary-secret-text"


@pytest.fixture
def lines() -> Any:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLogFormatter())
    logger = logging.getLogger("orderdesk_sdk")
    logger.addHandler(handler)
    before = logger.level
    logger.setLevel(logging.DEBUG)
    yield lambda: stream.getvalue().splitlines()
    logger.removeHandler(handler)
    logger.setLevel(before)


def test_a_record_is_one_line_with_what_it_is_about(lines: Any) -> None:
    RoomLogger("runtime").warning("waits\nfor %s", "mww", about=LogSubject("case-1", "1042", "mcf"))
    (line,) = lines()
    document = json.loads(line)
    assert document.pop("time").endswith("Z")
    assert document == {
        "level": "warning",
        "room": "runtime",
        "message": "order 1042 at mcf: waits\nfor mww",
        "case_id": "case-1",
        "order_number": "1042",
        "connection": "mcf",
        "error": None,
    }


def test_what_a_record_is_not_about_is_null(lines: Any) -> None:
    logging.getLogger("orderdesk_sdk.of_a_plugin").info("begun")
    document = json.loads(lines()[0])
    assert (document["room"], document["case_id"], document["connection"]) == ("of_a_plugin", None, None)


def test_of_an_exception_only_its_class_is_told(lines: Any) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("orderdesk_sdk.runtime").exception("failed")
    (line,) = lines()
    assert json.loads(line)["error"] == "ValueError"
    assert CANARY not in line
    assert "Traceback" not in line


def test_half_a_surrogate_pair_is_escaped() -> None:
    # Not logged: what pytest captures goes to another process, which takes no half of a pair.
    record = logging.makeLogRecord({"name": "orderdesk_sdk.desk", "msg": "order %s", "args": ("\ud800",)})
    assert JsonLogFormatter().format(record).isascii()
