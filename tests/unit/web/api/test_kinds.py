"""What a request may hold: read strictly, and as its schema says."""

from __future__ import annotations

import jsonschema
import pytest
from attrs import field, frozen

from orderdesk_sdk.errors import ValidationError
from orderdesk_sdk.orders.order import ConnectionRole
from orderdesk_sdk.web.api.fields import ObjectOf, described, read_body, read_query, request_schema
from orderdesk_sdk.web.api.kinds import Boolean, Choice, Integer, Kind, ListOf, MapOf, Nullable, Text


@frozen
class Inner:
    """Something within."""

    name: str = field(metadata=described(Text(), "Its name."))


@frozen
class Sample:
    """A request of every kind."""

    text: str = field(metadata=described(Text(10), "A text."))
    number: int = field(default=3, metadata=described(Integer(1, 9), "A number."))
    flag: bool = field(default=False, metadata=described(Boolean(), "A flag."))
    role: ConnectionRole | None = field(
        default=None, metadata=described(Nullable(Choice(tuple(ConnectionRole))), "A role.")
    )
    names: tuple[str, ...] = field(default=(), metadata=described(ListOf(Text(), 2), "Names."))
    inner: tuple[Inner, ...] = field(default=(), metadata=described(ListOf(ObjectOf(Inner), 2), "Objects."))
    counts: dict[str, int] = field(factory=dict, metadata=described(MapOf(Integer(1, 9), 2), "Counts."))


def test_a_whole_request_is_read() -> None:
    document = {
        "text": "é ü",
        "number": 9,
        "flag": True,
        "role": "cart",
        "names": ["a", "b"],
        "inner": [{"name": "x"}],
        "counts": {"MUG": 1},
    }
    jsonschema.validate(document, request_schema(Sample))
    assert read_body(Sample, document) == Sample(
        "é ü", 9, True, ConnectionRole.CART, ("a", "b"), (Inner("x"),), {"MUG": 1}
    )


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "an object is expected"),
        (None, "an object is expected"),
        ({}, "'text' is missing"),
        ({"text": "a", "by": "Ann"}, "'by' is not known"),
        ({"text": 1}, "a text is expected"),
        ({"text": None}, "a text is expected"),
        ({"text": ""}, "1 to 10 characters"),
        ({"text": "a" * 11}, "1 to 10 characters"),
        ({"text": "  "}, "blank"),
        ({"text": "a\nb"}, "cannot be shown"),
        ({"text": "a\u202eb"}, "cannot be shown"),
        ({"text": "a", "number": True}, "a whole number from 1 to 9"),
        ({"text": "a", "number": "3"}, "a whole number from 1 to 9"),
        ({"text": "a", "number": 0}, "a whole number from 1 to 9"),
        ({"text": "a", "flag": 1}, "true or false"),
        ({"text": "a", "role": "CART"}, "one of these is expected: cart, fulfillment"),
        ({"text": "a", "names": "ab"}, "a list of at most 2"),
        ({"text": "a", "names": ["a", "b", "c"]}, "a list of at most 2"),
        ({"text": "a", "names": ["a", "a"]}, "given twice"),
        ({"text": "a", "names": [None]}, r"names\[0\]: a text is expected"),
        ({"text": "a", "inner": [{"name": "x", "more": 1}]}, "'more' is not known"),
        ({"text": "a", "inner": [3]}, r"inner\[0\]: an object"),
        ({"text": "a", "counts": []}, "an object of at most 2 keys"),
        ({"text": "a", "counts": {"a": 1, "b": 1, "c": 1}}, "an object of at most 2 keys"),
        ({"text": "a", "counts": {"": 1}}, "characters is expected"),
        ({"text": "a", "counts": {"a": 1.5}}, "a whole number"),
    ],
)
def test_anything_else_is_refused_with_its_place(document: object, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        read_body(Sample, document)


def test_a_note_may_have_lines() -> None:
    assert Text(20, has_lines=True).read("a\n\tb", "$") == "a\n\tb"
    with pytest.raises(ValidationError, match="cannot be shown"):
        Text(20, has_lines=True).read("a\x00b", "$")


@frozen
class Wanted:
    """A query."""

    limit: int = field(default=5, metadata=described(Integer(1, 9), "How many."))
    flag: bool = field(default=False, metadata=described(Boolean(), "A flag."))
    role: tuple[ConnectionRole, ...] = field(
        default=(), metadata=described(ListOf(Choice(tuple(ConnectionRole)), 2), "Roles.")
    )
    after: str | None = field(default=None, metadata=described(Nullable(Text()), "A text."))


def test_a_query_is_read() -> None:
    pairs = [("limit", "9"), ("role", "cart"), ("role", "fulfillment"), ("flag", "true"), ("after", "x")]
    assert read_query(Wanted, pairs) == Wanted(9, True, tuple(ConnectionRole), "x")
    assert read_query(Wanted, []) == Wanted()
    assert read_query(None, []) is None


@pytest.mark.parametrize(
    "pairs",
    [
        [("limit", "09")],
        [("limit", "1e1")],
        [("limit", "٣")],
        [("limit", "")],
        [("limit", "9"), ("limit", "9")],
        [("flag", "True")],
        [("role", "cart"), ("role", "cart")],
        [("after", "")],
        [("unknown", "1")],
    ],
)
def test_any_other_query_is_refused(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(ValidationError):
        read_query(Wanted, pairs)


def test_a_query_of_an_operation_without_one_is_refused() -> None:
    with pytest.raises(ValidationError, match="is not known"):
        read_query(None, [("debug", "1")])


@pytest.mark.parametrize("kind", [MapOf(Integer(1, 2), 1), ObjectOf(Inner)])
def test_no_object_stands_in_a_query(kind: Kind) -> None:
    with pytest.raises(ValidationError, match="cannot stand in a query"):
        kind.read_parameter(["{}"], "query.x")
