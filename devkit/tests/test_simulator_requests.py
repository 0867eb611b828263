"""What the simulator kit reads out of calls, and how it keeps orders and tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from attrs import define
from starlette.requests import Request

from orderdesk_devkit.simulators.http_requests import (
    basic_authorization,
    bearer_token,
    format_datetime,
    names_language,
    parse_datetime,
    parse_form_body,
    parse_json_body,
    parse_object_body,
    path_below,
    raw_path,
    secrets_match,
)
from orderdesk_devkit.simulators.orders import Orders
from orderdesk_devkit.simulators.tokens import Tokens
from orderdesk_sdk.clock import hours
from orderdesk_sdk.errors import NotFoundError, ValidationError

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def request(raw: bytes = b"/", **headers: str) -> Request:
    """A request as a server hands it on."""
    listed = [(name.encode(), text.encode()) for name, text in headers.items()]
    return Request({"type": "http", "path": "/", "raw_path": raw, "headers": listed})


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        (b"/api/orders", []),
        (b"/api/orders/", []),
        (b"/api/orders/7/cancel", ["7", "cancel"]),
        (b"/api/orders/7/", ["7"]),
        (b"/api/orders//cancel", ["", "cancel"]),
        (b"/api/orders/A%2F1%20b?page=/2", ["A/1 b"]),
        (b"/api/ordersheet", None),
        (b"/", None),
    ],
)
def test_the_parts_below_a_path_are_split_before_they_are_decoded(raw: bytes, parts: list[str] | None) -> None:
    assert path_below(request(raw), "/api/orders") == parts


def test_a_raw_path_is_as_it_was_sent_without_its_query() -> None:
    assert raw_path(request(b"/A%2F1?x=1")) == "/A%2F1"


@pytest.mark.parametrize(
    ("body", "document", "as_object"),
    [
        (b'{"a": 1}', {"a": 1}, {"a": 1}),
        (b"[1]", [1], {}),
        (b"{", None, {}),
        (b"", None, {}),
        (b"\xff", None, {}),
    ],
)
def test_a_body_is_read_as_json_whatever_it_is(body: bytes, document: object, as_object: object) -> None:
    assert (parse_json_body(body), parse_object_body(body)) == (document, as_object)


@pytest.mark.parametrize(
    ("body", "form"),
    [(b"a=1&b=x+y%21&a=2&c=", {"a": "2", "b": "x y!"}), (b"a=\xff", {"a": "\N{REPLACEMENT CHARACTER}"})],
)
def test_a_form_is_read_whatever_it_is(body: bytes, form: dict[str, str]) -> None:
    assert parse_form_body(body) == form


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-05T12:00:00Z", NOON),
        ("2026-01-05T13:00:00+01:00", NOON),
        ("2026-01-05T12:00:00", None),
        ("noon", None),
    ],
)
def test_a_moment_has_a_zone_or_is_none(text: str, moment: datetime | None) -> None:
    assert parse_datetime(text) == moment


@pytest.mark.parametrize(
    ("authorization", "token"), [("Bearer abc", "abc"), ("bearer abc", "abc"), ("abc", ""), ("Basic abc", ""), ("", "")]
)
def test_a_bearer_token_needs_its_scheme(authorization: str, token: str) -> None:
    assert bearer_token(request(authorization=authorization)) == token


def test_a_header_is_compared_whole() -> None:
    assert secrets_match(basic_authorization("user", "secret"), "Basic dXNlcjpzZWNyZXQ=")
    assert not secrets_match("Basic dXNlcjpzZWNyZXQ", "Basic dXNlcjpzZWNyZXQ=")
    assert not secrets_match(None, "")


def test_a_moment_is_stamped_in_utc() -> None:
    moment = datetime(2026, 1, 5, 13, 0, 0, 42_000, tzinfo=timezone(timedelta(hours=1)))
    assert (format_datetime(moment), format_datetime(moment, "milliseconds")) == (
        "2026-01-05T12:00:00Z",
        "2026-01-05T12:00:00.042Z",
    )


def test_a_number_is_used_once_and_an_unknown_one_is_told() -> None:
    orders = Orders[str]()
    assert orders.add("7", "a pot") == orders.require("7") == "a pot"
    with pytest.raises(ValidationError, match="7: the number is used"):
        orders.add("7", "another")
    with pytest.raises(NotFoundError, match="8: the simulator has no such order"):
        orders.require("8")
    assert list(orders.values()) == ["a pot"]


@define
class Pot:
    stage: int
    since: datetime


def test_orders_take_every_step_that_is_due_each_at_its_time() -> None:
    orders = Orders[Pot]()
    orders.add("7", Pot(0, NOON))
    orders.add("8", Pot(2, NOON))
    steps: list[tuple[int, datetime]] = []

    def following(pot: Pot) -> tuple[int, datetime] | None:
        return (pot.stage + 1, pot.since + hours(1)) if pot.stage < 2 else None

    def enter(pot: Pot, stage: int, at: datetime) -> None:
        steps.append((stage, at))
        pot.stage, pot.since = stage, at

    orders.advance(NOON + hours(1) - timedelta(seconds=1), following, enter)
    assert steps == []
    orders.advance(NOON + hours(9), following, enter)
    assert steps == [(1, NOON + hours(1)), (2, NOON + hours(2))]


def test_a_token_is_good_until_it_has_lasted_or_is_ended() -> None:
    tokens = Tokens(hours(1), "token-{}".format)
    first, second = tokens.issue(NOON), tokens.issue(NOON)
    assert (first, second) == ("token-1", "token-2")
    tokens.expire(first)
    tokens.expire("made up")
    before = NOON + hours(1) - timedelta(seconds=1)
    assert [tokens.is_valid(token, before) for token in (first, second, "made up")] == [False, True, False]
    assert not tokens.is_valid(second, NOON + hours(1))


def test_a_token_that_was_ended_is_never_given_again() -> None:
    tokens = Tokens(hours(1), "token-{}".format)
    first = tokens.issue(NOON)
    tokens.expire_all()
    assert not tokens.is_valid(first, NOON)
    assert tokens.issue(NOON) != first


@pytest.mark.parametrize(
    ("agent", "names"),
    [
        ("App/1 (Language=Python/3.12; Platform=Linux)", True),
        ("App/1 (Platform=Linux; Language=Go)", True),
        ("App/1 (Language=)", False),
        ("App/1 Language=Go", False),
        ("python-sp-api-2.1.35", False),
        ("", False),
        (f"App/1 (Language=Python) {'x' * 500}", False),
    ],
)
def test_a_user_agent_names_its_language_or_not(agent: str, names: bool) -> None:
    assert names_language(request(b"/", **{"user-agent": agent})) == names
