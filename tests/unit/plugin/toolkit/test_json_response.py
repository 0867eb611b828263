"""Reading responses: the value at its path, or an error that names the path; never a guess."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest
from attrs import field, frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from orderdesk_sdk.plugin.answer import EXCHANGE_NUMBER, Outcome
from orderdesk_sdk.plugin.toolkit.json_response import (
    EndFlow,
    MalformedResponseError,
    auth_or_rate_limit_answer,
    datetime_at,
    error_message,
    get_path,
    integer_at,
    json_object,
    not_processed_answer,
    number_or_text_at,
    object_list,
    objects_at,
    require_success,
    text_at,
    texts_at,
    value_at,
    values_at,
    values_in,
)


@frozen
class FakeResponse:
    """A response as far as reading goes."""

    content: bytes = b""
    status_code: int = 200
    extensions: Mapping[str, object] = field(factory=lambda: {EXCHANGE_NUMBER: 3})
    headers: Mapping[str, str] = field(factory=dict)


REPLY = FakeResponse(
    b'{"order": {"status": "Cancelled", "empty": " ", "count": 0, "none": null, "lines": [{"n": 1}, 5]}}'
)
ODD = st.one_of(
    st.binary(max_size=30), st.sampled_from([b"", b"<html>", b"[]", b'"x"', b"NaN", b"\xff", b"[" * 99_999])
)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON (0 bytes)"),
        (b"<html>ok</html>", "is not JSON (15 bytes)"),
        (b"\xff\xfe\xfd", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"9" * 5000, "is not JSON"),
        (b"[]", "an object was expected, not a list"),
        (b"null", "not null"),
        (b'"canceled"', "not a text"),
        (b"5", "not a number"),
        (b"true", "not a boolean"),
    ],
)
def test_a_body_that_is_no_object_is_malformed(content: bytes, said: str) -> None:
    with pytest.raises(MalformedResponseError) as raised:
        json_object(FakeResponse(content, 201))
    assert said in raised.value.message
    assert raised.value.location == "reply 201, $"


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert json_object(FakeResponse(b'\xef\xbb\xbf{"a": 1}')) == {"a": 1}


def test_values_are_read_at_their_path() -> None:
    assert value_at(REPLY, "order", "none") is None
    assert value_at(REPLY, "order", "count") == 0
    assert text_at(REPLY, "order", "status") == "Cancelled"
    assert number_or_text_at(REPLY, "order", "status") == "Cancelled"
    assert number_or_text_at(REPLY, "order", "count") == "0"
    assert value_at(REPLY) == json_object(REPLY)
    assert objects_at(FakeResponse(b'{"a": [{"b": 1}, {}]}'), "a") == ({"b": 1}, {})


@pytest.mark.parametrize(
    ("read", "place", "said"),
    [
        (lambda: value_at(REPLY, "ordre"), "$.ordre", "is missing"),
        (lambda: value_at(REPLY, "order", "state"), "$.order.state", "is missing"),
        (lambda: value_at(REPLY, "order", "status", "x"), "$.order.status", "object was expected, not a text"),
        (lambda: value_at(REPLY, "order", "lines", "x"), "$.order.lines", "object was expected, not a list"),
        (lambda: text_at(REPLY, "order", "empty"), "$.order.empty", "not an empty text"),
        (lambda: text_at(REPLY, "order", "count"), "$.order.count", "not a number"),
        (lambda: text_at(REPLY, "order"), "$.order", "not an object"),
        (lambda: number_or_text_at(REPLY, "order"), "$.order", "not an object"),
        (lambda: number_or_text_at(REPLY, "order", "empty"), "$.order.empty", "not an empty text"),
        (lambda: objects_at(REPLY, "order"), "$.order", "a list was expected, not an object"),
        (lambda: objects_at(REPLY, "order", "lines"), "$.order.lines[1]", "an object was expected, not a number"),
    ],
)
def test_what_is_missing_or_misshapen_is_named_with_its_path(read: Callable[[], object], place: str, said: str) -> None:
    with pytest.raises(MalformedResponseError) as raised:
        read()
    assert raised.value.location == f"reply 200, {place}"
    assert said in raised.value.message


@pytest.mark.parametrize(
    ("value", "count"),
    [(0, 0), (7, 7), ("2", 2), (" 12 ", 12), ("007", 7), (2.0, 2), (0.0, 0), ("2.0", 2), ("1.00", 1)],
)
def test_counts_are_whole_numbers_also_as_text_and_with_a_fraction_of_zero(value: object, count: int) -> None:
    assert integer_at(REPLY, {"n": value}, "n") == count


@pytest.mark.parametrize(
    "value",
    [
        None,
        -1,
        "-1",
        "",
        "2.5",
        2.5,
        -2.0,
        1e16,
        float("inf"),
        "2.",
        ".0",
        "1e3",
        True,
        "two",
        "²",
        "\u0661",
        "2.\u0660",
        [],
        {},
        "9" * 5000,
    ],
)
def test_everything_else_is_no_count(value: object) -> None:
    with pytest.raises(MalformedResponseError, match=r"\$[.]+n: a whole number was expected"):
        integer_at(REPLY, {"n": value}, "n")


def test_a_missing_count_is_its_default_or_malformed() -> None:
    assert integer_at(REPLY, {}, "n", default=0) == 0
    with pytest.raises(MalformedResponseError):
        integer_at(REPLY, {}, "n")
    with pytest.raises(MalformedResponseError):
        integer_at(REPLY, {"n": None}, "n", default=0)


def test_a_complaint_is_what_the_service_says_or_its_status() -> None:
    errors = FakeResponse(b'{"errors": [{"code": "E1", "message": "too late"}, {"code": 2, "message": null}]}', 400)
    assert error_message(errors) == "E1: too late; 2"
    assert error_message(FakeResponse(b'{"faults": [{"code": "E1", "message": "x"}]}', 400), "faults") == "E1: x"
    for content in (b"", b"<html>", b"{}", b'{"errors": []}', b'{"errors": "no"}', b'{"errors": [5]}'):
        assert error_message(FakeResponse(content, 409)) == "the service answered 409"
    assert len(error_message(FakeResponse(b'{"errors": [{"code": "E", "message": "' + b"x" * 9999 + b'"}]}'))) == 500


def test_a_complaint_is_also_one_object_with_details() -> None:
    told = (
        b'{"error": {"code": 208, "message": "no", "list": [{"path": "a.b", "message": "is missing"}, {"path": "c"}]}}'
    )
    assert error_message(FakeResponse(told, 400), "error") == "208: no"
    assert error_message(FakeResponse(told, 400), "error", details="list") == "208: no: a.b: is missing; c"
    assert error_message(FakeResponse(b'{"error": {"list": [{"path": "a"}]}}', 400), "error", details="list") == "a"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b'{"n": 1}', [{"n": 1}]),
        (b'[{"n": 1}, {"n": 2}]', [{"n": 1}, {"n": 2}]),
        (b"[]", []),
        (b'{"order": {"n": 1}, "success": true}', [{"n": 1}]),
        (b'{"data": [{"n": 1}]}', [{"n": 1}]),
        (b'{"order": {"n": 1}, "data": []}', [{"n": 1}]),
    ],
)
def test_one_object_or_many_are_read_bare_or_under_a_key(content: bytes, found: list[object]) -> None:
    assert list(object_list(FakeResponse(content), "order", "data")) == found


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"null", b"5", b'"x"', b"[1]", b'[{"n": 1}, null]', b'{"order": 3}']
)
def test_what_is_neither_an_object_nor_a_list_of_them_is_malformed(content: bytes) -> None:
    with pytest.raises(MalformedResponseError):
        object_list(FakeResponse(content), "order", "data")


def test_a_path_may_begin_within_an_object_of_the_reply() -> None:
    inner = {"a": {"b": "text", "c": [{"d": 1}]}}
    assert text_at(REPLY, "a", "b", within=inner) == "text"
    assert objects_at(REPLY, "a", "c", within=inner) == ({"d": 1},)
    with pytest.raises(MalformedResponseError, match="is missing"):
        value_at(REPLY, "order", within={})


@pytest.mark.parametrize("status", [401, 403, 429])
def test_being_turned_away_proves_that_nothing_was_done(status: int) -> None:
    answer = auth_or_rate_limit_answer(FakeResponse(status_code=status), access_hint="look at the token")
    assert answer is not None
    assert (answer.outcome, answer.exchange) == (Outcome.NOT_PROCESSED, 3)
    assert (answer.hint == "look at the token") == (status != 429)


@pytest.mark.parametrize("status", [200, 202, 204, 302, 400, 404, 409, 418, 500, 502, 503, 504])
def test_no_other_status_proves_that(status: int) -> None:
    assert auth_or_rate_limit_answer(FakeResponse(status_code=status), access_hint="x") is None


@pytest.mark.parametrize("status", [404, 405])
@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"message": "No"}', b'{"errors": []}', b'"errors"'])
def test_a_404_in_none_of_the_services_own_words_is_a_matter_of_the_configuration(status: int, content: bytes) -> None:
    answer = auth_or_rate_limit_answer(
        FakeResponse(content, status), access_hint="look at the role", error_key="errors"
    )
    assert answer is not None
    assert (answer.outcome, answer.exchange) == (Outcome.NOT_PROCESSED, 3)
    assert answer.hint == "check the base URL of the connection; look at the role"
    with pytest.raises(EndFlow) as ended:
        require_success(FakeResponse(content, status), access_hint="look at the role", error_key="errors")
    assert ended.value.answer == answer


@pytest.mark.parametrize(
    ("status", "content"),
    [(404, b'{"errors": [{"code": 1}]}'), (404, b'{"errors": "no order"}'), (400, b"<html>"), (200, b""), (500, b"")],
)
def test_what_the_service_itself_says_is_no_matter_of_the_configuration(status: int, content: bytes) -> None:
    assert auth_or_rate_limit_answer(FakeResponse(content, status), access_hint="x", error_key="errors") is None


@given(ODD)
@settings(max_examples=200)
def test_whatever_the_body_is_reading_ends_in_a_value_or_a_malformed_reply(content: bytes) -> None:
    response = FakeResponse(content, 500)
    for read in (json_object, lambda said: text_at(said, "a", "b"), lambda said: objects_at(said, "a")):
        try:
            read(response)
        except MalformedResponseError as error:
            assert str(error.location).startswith("reply 500, $")  # noqa: PT017 - it may also be read
    assert error_message(response) == "the service answered 500"


@pytest.mark.parametrize(
    "items",
    ["[]", "{}", '[{"id": 1}]', '[{"id": "1"}, {"id": ""}]', '[{"id": "1"}, {}]', '[{"id": "a\\u0000"}]', '["1"]'],
)
def test_texts_of_a_list_are_all_there_or_none(items: str) -> None:
    with pytest.raises(MalformedResponseError, match=r"\$\.order"):
        texts_at(FakeResponse(f'{{"order": {items}}}'.encode()), "order", key="id")
    assert texts_at(FakeResponse(b'{"order": [{"id": "1"}, {"id": "2"}]}'), "order", key="id") == ("1", "2")


def test_what_lies_inside_a_value_is_found_or_is_none() -> None:
    assert get_path({"a": {"b": "c"}}, "a", "b") == "c"
    nothing: tuple[object, ...] = (None, 7, {}, {"a": "b"}, {"a": {}}, [])
    assert [get_path(value, "a", "b") for value in nothing] == [None] * len(nothing)


def test_each_value_inside_is_found_through_lists_or_there_are_none() -> None:
    document = {"a": [{"b": {"c": 1}}, {"b": {"c": 2}}, {"b": None}, 7], "d": {"e": "f"}}
    assert values_in(document, "a", "*", "b", "c") == (1, 2)
    assert values_in(document, "d", "e") == ("f",)
    assert values_at(FakeResponse(json.dumps(document).encode()), "a", "*", "b", "c") == (1, 2)
    for path in (("d", "*"), ("a", "b"), ("a", "*", "x"), ("x", "*", "y"), ("d", "e", "f")):
        assert values_in(document, *path) == ()


@pytest.mark.parametrize("status", [200, 202, 299])
def test_a_needed_reply_is_given_on_where_it_is_a_success(status: int) -> None:
    said = FakeResponse(status_code=status)
    assert require_success(said, access_hint="the key") is said


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (301, Outcome.UNKNOWN),
        (404, Outcome.UNKNOWN),
        (500, Outcome.UNKNOWN),
        (403, Outcome.NOT_PROCESSED),
        (429, Outcome.NOT_PROCESSED),
    ],
)
def test_a_needed_reply_that_is_none_ends_the_flow_with_its_answer(status: int, outcome: Outcome) -> None:
    with pytest.raises(EndFlow) as ended:
        require_success(FakeResponse(status_code=status), access_hint="the key")
    assert ended.value.answer.outcome is outcome


def test_a_reply_after_which_nothing_was_done_tells_its_complaint() -> None:
    told = not_processed_answer(FakeResponse(b'{"errors": [{"code": "Busy", "message": "later"}]}', status_code=503))
    assert (told.outcome, told.message, told.exchange) == (Outcome.NOT_PROCESSED, "Busy: later", 3)


def test_half_a_character_never_gets_further() -> None:
    """It would be raised on by whoever puts it into a request or the ledger."""
    found = json_object(FakeResponse(b'{"c": "x\\ud83dy \\ud83d\\ude00", "d": 1.5}'))
    assert found == {"c": "x\ufffdy \U0001f600", "d": 1.5}


@pytest.mark.parametrize(
    "body",
    [
        b'{"status": "Open", "status": "Cancelled"}',
        b'{"order": {"status": "Open", "status": "Open"}}',
        b'{"\\ud800": 1, "\\ud801": 2}',
        b'{"a": NaN}',
        b'{"a": [-Infinity]}',
        b'{"a": 1e999}',
        b'{"status": "Cancelled"} {"status": "Open"}',
        b'{"status": "Cancelled"}]',
    ],
)
def test_what_json_does_not_have_is_malformed(body: bytes) -> None:
    """Nobody could tell which of two values is meant, or what a number that is none stands for."""
    with pytest.raises(MalformedResponseError, match="the body is not JSON"):
        json_object(FakeResponse(body))


@pytest.mark.parametrize("text", ["2026-01-05T09:00:00Z", "2026-01-05T10:00:00.5+01:00", "2026-01-05T09:00Z"])
def test_a_moment_is_parsed(text: str) -> None:
    found = datetime_at(FakeResponse(json.dumps({"at": text}).encode()), "at")
    assert found.replace(microsecond=0).astimezone(UTC) == datetime(2026, 1, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "0000-00-00T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "2026-13-05T09:00:00Z",
        "2026-01-05T09:00:00",
        "2026-01-05",
        "soon",
        1767603600,
        None,
        "",
    ],
)
def test_what_is_no_moment_is_malformed(value: object) -> None:
    with pytest.raises(MalformedResponseError):
        datetime_at(FakeResponse(json.dumps({"at": value}).encode()), "at")
