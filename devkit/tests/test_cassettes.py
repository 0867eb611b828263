"""The rules of cassettes: each exchange once, none left over, none unknown, no network, and a provenance."""

from __future__ import annotations

import socket
from contextlib import nullcontext
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest
from attrs import evolve
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from orderdesk_devkit.simulators.server import serve
from orderdesk_devkit.testing.cassettes import (
    CassetteHeader,
    CassetteMismatch,
    CassetteSetup,
    Provenance,
    Source,
    read_header,
    record,
    replay,
)
from orderdesk_devkit.testing.network import NetworkUsed
from orderdesk_devkit.testing.scrubbing import Scrubber
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.connection_settings import settings, url
from orderdesk_sdk.plugin.integration import Integration

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
SCENE = CassetteSetup(
    NOW,
    "1042",
    NOW,
    NOW,
    (("MUG", 2),),
    {"order_items": [{"metadata": {"a": 1}}]},
    {"speed": "fast", "api": {"b": [2]}},
)
HEAD = CassetteHeader(Provenance(Source.SIMULATOR, "acme", "orders v2", date(2026, 11, 23), "0.1.0"), SCENE)
STORED = "https://api.acme.example"


@settings
class AcmeSettings:
    endpoint: str = url(help="-", default=STORED)
    shop: str = url(help="-", default="https://none.acme.example")


ACME = Integration(slug="acme", title="Acme", settings=AcmeSettings, base_url="endpoint", cancel=())


class Counting:
    """A service whose every answer is another."""

    def __init__(self) -> None:
        self.answered = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await request.body()
        self.answered += 1
        itself = f"http://{request.headers['host']}/orders/1"
        await JSONResponse({"answer": self.answered, "self": itself})(scope, receive, send)


def talk(endpoint: str, *calls: tuple[str, str, object]) -> list[dict[str, object]]:
    with httpx.Client(base_url=endpoint, trust_env=False) as client:
        return [client.request(method, path, json=body).json() for method, path, body in calls]


GET, PUT = ("GET", "/orders/1?page=2", None), ("PUT", "/orders/1", {"a": 1, "b": [2]})


@pytest.fixture
def polls(tmp_path: Path) -> Path:
    """A cassette with two polls of one URL and a write between them."""
    made = tmp_path / "polls.yaml"
    with serve(Counting()) as served, record(made, HEAD, Scrubber(ACME, AcmeSettings(endpoint=served.url))):
        talk(served.url, GET, PUT, GET)
    return made


@pytest.fixture
def scrubber() -> Scrubber:
    return Scrubber(ACME, AcmeSettings())


def test_every_exchange_is_replayed_once_and_in_its_turn(polls: Path, scrubber: Scrubber) -> None:
    with replay(polls, scrubber):
        said = talk(STORED, GET, ("PUT", "/orders/1", {"b": [2], "a": 1}), GET)
    assert [response["answer"] for response in said] == [1, 2, 3]


def test_the_host_is_stored_as_the_default_one_in_urls_and_bodies(polls: Path, scrubber: Scrubber) -> None:
    with replay(polls, scrubber):
        said = talk(STORED, GET, PUT, GET)
    assert said[0]["self"] == f"{STORED}/orders/1"
    assert "127.0.0.1" not in polls.read_text(encoding="utf-8")


def test_a_recorded_exchange_that_nobody_asked_for_fails_by_name(polls: Path, scrubber: Scrubber) -> None:
    named = rf"(?s)GET {STORED}/orders/1\?page=2 is in the cassette, and was not asked"
    with pytest.raises(CassetteMismatch, match=named) as failed, replay(polls, scrubber):
        talk(STORED, GET, PUT)
    assert "PUT" not in str(failed.value)


@pytest.mark.parametrize(
    "call",
    [
        ("GET", "/orders/1?page=2", None),
        ("GET", "/orders/1?page=3", None),
        ("GET", "/orders/2?page=2", None),
        ("DELETE", "/orders/1?page=2", None),
        ("PUT", "/orders/1", {"a": 1, "b": [3]}),
        ("PUT", "/orders/1", None),
    ],
    ids=["once more", "another query", "another path", "another method", "another body", "no body"],
)
def test_a_request_that_was_not_recorded_fails_by_name(
    polls: Path, scrubber: Scrubber, call: tuple[str, str, object]
) -> None:
    with pytest.raises(CassetteMismatch, match=f"{call[0]} {STORED}/orders/") as failed, replay(polls, scrubber):
        talk(STORED, GET, PUT, GET, call)
    assert "was asked" in str(failed.value)


def test_requests_that_are_the_same_are_named_once(polls: Path, scrubber: Scrubber) -> None:
    def play() -> None:
        talk(STORED, GET, PUT, GET)
        for _ in range(40):
            with pytest.raises(Exception, match="DELETE"):
                talk(STORED, ("DELETE", "/orders/1", None))

    with pytest.raises(CassetteMismatch, match="40 times") as failed, replay(polls, scrubber):
        play()
    assert str(failed.value).count("DELETE") == 1


def test_a_request_that_a_thread_or_handler_swallowed_fails_all_the_same(polls: Path, scrubber: Scrubber) -> None:
    def play() -> None:
        talk(STORED, GET, PUT, GET)
        with pytest.raises(Exception, match="DELETE"):
            talk(STORED, ("DELETE", "/orders/1", None))

    with pytest.raises(CassetteMismatch, match="DELETE"), replay(polls, scrubber):
        play()


def test_a_replay_reaches_nothing_not_even_loopback(polls: Path, scrubber: Scrubber) -> None:
    def play(where: tuple[str, int]) -> None:
        talk(STORED, GET, PUT, GET)
        with socket.socket() as client, pytest.raises(NetworkUsed):
            client.connect(where)

    with socket.create_server(("127.0.0.1", 0)) as server:
        where = server.getsockname()
        with pytest.raises(CassetteMismatch, match="network is off"), replay(polls, scrubber):
            play(where)
        with socket.create_connection(where) as after:
            assert after.getpeername() == where


@pytest.mark.parametrize("source", list(Source))
def test_moments_in_bodies_are_compared_where_the_clock_was_virtual(
    tmp_path: Path, scrubber: Scrubber, source: Source
) -> None:
    file = tmp_path / "moments.yaml"
    head = evolve(HEAD, provenance=evolve(HEAD.provenance, source=source))
    with serve(Counting()) as served, record(file, head, Scrubber(ACME, AcmeSettings(endpoint=served.url))):
        talk(served.url, ("POST", "/orders", {"a": 1, "at": "2026-01-05T09:00:00Z"}))
    wrong = pytest.raises(CassetteMismatch) if source is Source.SIMULATOR else nullcontext()
    with wrong, replay(file, scrubber):
        talk(STORED, ("POST", "/orders", {"a": 1, "at": "2026-01-05T09:00:02.5Z"}))
    with pytest.raises(CassetteMismatch), replay(file, scrubber):
        talk(STORED, ("POST", "/orders", {"a": 2, "at": "2026-01-05T09:00:00Z"}))


def test_a_recording_that_fails_writes_nothing(polls: Path) -> None:
    def play(url: str) -> None:
        with record(polls, HEAD, Scrubber(ACME, AcmeSettings(endpoint=url))):
            talk(url, PUT)
            raise ZeroDivisionError

    before = polls.read_text(encoding="utf-8")
    with serve(Counting()) as served, pytest.raises(ZeroDivisionError):
        play(served.url)
    assert polls.read_text(encoding="utf-8") == before


def test_a_recording_of_nothing_is_an_error(tmp_path: Path, scrubber: Scrubber) -> None:
    with pytest.raises(CassetteMismatch, match="nothing"), record(tmp_path / "empty.yaml", HEAD, scrubber):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_new_recording_replaces_the_old_one(polls: Path, scrubber: Scrubber) -> None:
    with serve(Counting()) as served, record(polls, HEAD, Scrubber(ACME, AcmeSettings(endpoint=served.url))):
        talk(served.url, PUT)
    with replay(polls, scrubber):
        assert talk(STORED, PUT)[0]["answer"] == 1


def test_two_hosts_whose_names_begin_alike_stay_two(scrubber: Scrubber) -> None:
    near = Scrubber(ACME, AcmeSettings(endpoint="https://api.acme.ex", shop="https://api.acme.exact"))
    assert near.url("https://api.acme.ex/a") == f"{STORED}/a"
    assert near.url("https://api.acme.exact/a") == "https://none.acme.example/a"
    assert near.url(f"{STORED}/a") == f"{STORED}/a"


def test_a_cassette_says_where_it_comes_from(polls: Path) -> None:
    assert read_header(polls) == HEAD


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("source: simulator", "source: memory"),
        ("  source: simulator\n", ""),
        ("integration: acme", "integration: ''"),
        ("recorded_at: 2026-11-23", "recorded_at: yesterday"),
        ("sdk: 0.1.0", "sdk: 0.1.0\n  by: me"),
        ("  order: '1042'\n", ""),
        ("clock: 2026-01-05 09:00:00+00:00", "clock: 2026-01-05 09:00:00"),
        ("version: 1\n", ""),
        ("provenance:", "provenance: ["),
    ],
)
def test_a_cassette_with_a_bad_provenance_is_not_played(polls: Path, scrubber: Scrubber, old: str, new: str) -> None:
    text = polls.read_text(encoding="utf-8")
    assert old in text
    polls.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="record it again") as failed, replay(polls, scrubber):
        raise AssertionError("it was played")
    assert failed.value.location == str(polls)


def test_a_cassette_that_is_not_there_is_named(tmp_path: Path, scrubber: Scrubber) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.yaml"), replay(tmp_path / "none.yaml", scrubber):
        raise AssertionError("it was played")
