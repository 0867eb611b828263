"""The file of a bulk is checked as a whole; what is wrong is named by its line, and nothing of it is done."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Sequence

import pytest

from orderdesk_sdk.desk.bulk.file import MAX_LINE, open_bulk_file
from orderdesk_sdk.desk.bulk.request import BulkRequest
from orderdesk_sdk.errors import ValidationError


def read(text: str | bytes, reason: str | None = None, at: Sequence[str] = ()) -> list[BulkRequest]:
    content = text.encode() if isinstance(text, str) else text
    with open_bulk_file(io.BytesIO(content), "orders.csv", reason, at) as file:
        found = list(file.requests())
        assert file.total == len(found)
        return found


def digest(text: str, reason: str | None = None, at: Sequence[str] = ()) -> str:
    with open_bulk_file(io.BytesIO(text.encode()), "orders.csv", reason, at) as file:
        return file.digest


def test_one_order_number_a_line_is_enough() -> None:
    assert read("1042\r\n\n  #1043 \n1044") == [
        BulkRequest("1042", number=1),
        BulkRequest("#1043", number=3),
        BulkRequest("1044", number=4),
    ]


def test_a_line_may_give_reason_and_lines() -> None:
    assert read('1042,out of stock\n1043,"late, sorry",MUG-11:1; CAP:2\n') == [
        BulkRequest("1042", "out of stock", number=1),
        BulkRequest("1043", "late, sorry", {"MUG-11": 1, "CAP": 2}, number=2),
    ]


def test_a_header_names_the_columns_in_any_order() -> None:
    assert read("\ufeffOrder,at,Reason\n1042,my-mcf;my-mww,address\n1043,,\n") == [
        BulkRequest("1042", "address", {}, ("my-mcf", "my-mww"), 2),
        BulkRequest("1043", number=3),
    ]


def test_a_header_may_name_the_plan_that_was_looked_at() -> None:
    assert read("order,plan\n1042,abvq3w3z\n1043,\n") == [
        BulkRequest("1042", number=2, plan_token="abvq3w3z"),
        BulkRequest("1043", number=3),
    ]
    with pytest.raises(ValidationError, match="5 columns where 4 are known"):
        read("1042,,,,abvq3w3z\n")


def test_lines_without_a_reason_or_a_connection_take_the_common_ones() -> None:
    assert read("1042\n1043,address\n", "out of stock", ["my-mcf"]) == [
        BulkRequest("1042", "out of stock", {}, ("my-mcf",), 1),
        BulkRequest("1043", "address", {}, ("my-mcf",), 2),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1042\n,address\n1043,,MUG\n", r"line 2: the order is missing; line 3: 'MUG' is not a line"),
        ("1042,,MUG:1;MUG:2\n", r"line 1: the line 'MUG' is given twice"),
        ("1042,,MUG:-1\n", r"line 1: 'MUG:-1' is not a line"),
        ("1042,a,M:1,b,c\n", r"line 1: 5 columns where 4 are known"),
        ("order,color\n1042,red\n", r"line 1: 'color' is not a column of a bulk"),
        ("order,order\n1042,1043\n", r"line 1: a column that is named twice"),
        ('1042\n1043,"never closed\n1044\n', r"line 3: unexpected end of data"),
        (b"1042\n\xff\n", r"line 2: not UTF-8 text"),
        ("1042\n" + "9" * (MAX_LINE + 1), r"line 2: longer than 100,000 bytes"),
    ],
)
def test_what_is_wrong_is_named_by_its_line(text: str | bytes, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        read(text)


def test_many_wrong_lines_are_not_all_told() -> None:
    with pytest.raises(ValidationError, match=r"line 20: .*; and 30 more") as found:
        read(",\n,x\n" * 50)
    assert "line 41" not in str(found.value)


def test_the_digest_names_the_content_and_what_is_common_to_its_lines() -> None:
    known = digest("1042\n")
    assert known == digest("1042\n")
    assert len({known, digest("1043\n"), digest("1042\n", "address"), digest("1042\n", None, ["my-mcf"])}) == 4


def test_a_pipe_is_read_once_and_kept_aside() -> None:
    reader, writer = os.pipe()
    text = "".join(f"{number}\n" for number in range(50_000)).encode()

    def fill() -> None:
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(text)

    filling = threading.Thread(target=fill)
    filling.start()
    with os.fdopen(reader, "rb") as stream, open_bulk_file(stream, "stdin") as file:
        assert file.total == 50_000
        assert sum(1 for _ in file.requests()) == 50_000
    filling.join()


def test_a_long_file_that_is_sorted_by_connection_gives_orders_of_all_soon() -> None:
    """Else the last connection has nothing to do until those of all others are recorded."""
    lines = [f"{connection}-{number}" for connection in "abcdefgh" for number in range(200)]
    found = read("\n".join(lines))
    assert {request.order[0] for request in found[:100]} == set("abcdefgh")
    assert sorted((request.number or 0, request.order) for request in found) == list(enumerate(lines, start=1))


def test_a_short_file_is_taken_in_its_order() -> None:
    lines = [f"o-{number}" for number in range(200)]
    assert [request.order for request in read("\n".join(lines))] == lines
