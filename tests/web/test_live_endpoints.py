"""Live events of a served desk: who may read them, and what each reader gets."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.web.live.endpoints import API_EVENTS_PATH, EVENTS_PATH, STREAMS_PER_CALLER
from orderdesk_sdk.web.server import VANISHED_AFTER, _bind, serving
from tests.web.conftest import WebShop, WebShopOpener


@contextmanager
def reading(client: httpx.Client, path: str, **headers: str) -> Iterator[Iterator[Mapping[str, Any]]]:
    """The events of a stream as they come."""
    with client.stream("GET", path, headers=headers) as response:
        assert response.status_code == 200, response.read()
        yield _events(response.iter_lines())


def _events(lines: Iterator[str]) -> Iterator[Mapping[str, Any]]:
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            fields[name] = value
        elif fields.get("data"):
            yield {"id": fields.get("id"), "event": fields["event"], **json.loads(fields["data"])}
            fields = {}


def token_headers(shop: WebShop, name: str = "robot", connections: tuple[str, ...] = ()) -> dict[str, str]:
    access = shop.desk.access
    _, text = access.api_tokens.create(
        name, role=Role.VIEWER, connections=connections, expires_at=access.clock.now() + timedelta(days=1), by="a test"
    )
    return {"Authorization": f"Bearer {text.reveal()}"}


def test_a_page_hears_of_a_cancel_and_a_program_too(web_shop: WebShop) -> None:
    with (
        web_shop.signed_in(Role.VIEWER) as browser,
        web_shop.client() as program,
        reading(browser, f"{EVENTS_PATH}?order=id-1042&after=0") as of_page,
        reading(program, f"{API_EVENTS_PATH}?after=0", **token_headers(web_shop)) as of_program,
    ):
        (case,) = web_shop.desk.cancel("1042", by="Ann").cases
        for events in (of_page, of_program):
            first = next(events)
            assert (first["event"], first["id"], first["sequence"]) == ("case", "1", 1)
            assert (first["order"], first["number"], first["case"]) == ("id-1042", "1042", case.id)
            assert (first["connection"], first["summary"], first["kind"]) == ("mill", "opened", "cancel")
            states = [first["state"], *(next(events)["state"] for _ in range(3))]
            assert states[-1] == case.state.value
            assert set(first) == {
                *("id", "event", "sequence", "at", "order", "number", "case", "kind", "connection", "state", "summary"),
                "due_at",
            }


def test_a_program_sees_its_connections_alone(open_web_shop: WebShopOpener) -> None:
    shop = open_web_shop(at=("mill", "phone"))
    with (
        shop.client() as program,
        reading(program, f"{API_EVENTS_PATH}?after=0", **token_headers(shop, connections=("phone",))) as events,
    ):
        shop.desk.cancel("1042", by="Ann")
        assert {next(events)["connection"] for _ in range(2)} == {"phone"}


def test_a_place_beyond_the_ledger_is_its_end(web_shop: WebShop) -> None:
    """As a reader has it of a ledger that was restored from an older copy."""
    with (
        web_shop.signed_in(Role.VIEWER) as browser,
        reading(browser, EVENTS_PATH, **{"Last-Event-ID": "9" * 18}) as events,
    ):
        web_shop.desk.cancel("1042", by="Ann", send_now=False)
        assert next(events)["order"] == "id-1042"


@pytest.mark.parametrize("path", [EVENTS_PATH, API_EVENTS_PATH])
def test_nobody_hears_nothing(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 401


def test_what_is_no_place_or_order_is_refused(web_shop: WebShop) -> None:
    with web_shop.signed_in(Role.VIEWER) as browser:
        for query, status in (("after=x", 400), ("after=-1", 400), ("order=~", 404), ("bulk=", 400)):
            assert browser.get(f"{EVENTS_PATH}?{query}").status_code == status, query
        assert browser.get(EVENTS_PATH, headers={"Last-Event-ID": "9" * 30}).status_code == 400
        assert browser.head(EVENTS_PATH).headers["content-type"].startswith("text/event-stream")


def test_a_person_has_only_so_many_streams(web_shop: WebShop) -> None:
    with web_shop.signed_in(Role.VIEWER) as browser:
        streams = [browser.stream("GET", EVENTS_PATH) for _ in range(STREAMS_PER_CALLER)]
        assert {stream.__enter__().status_code for stream in streams} == {200}
        assert browser.get(EVENTS_PATH).status_code == 429
        for stream in streams:
            stream.__exit__(None, None, None)


def test_fifty_programs_hear_the_same_and_others_are_answered(web_shop: WebShop) -> None:
    with ExitStack() as stack:
        streams = [
            stack.enter_context(
                reading(
                    stack.enter_context(web_shop.client()),
                    f"{API_EVENTS_PATH}?after=0",
                    **token_headers(web_shop, f"r{number}"),
                )
            )
            for number in range(50)
        ]
        (case,) = web_shop.desk.cancel("1042", by="Ann").cases
        assert {(first["id"], first["case"]) for first in map(next, streams)} == {("1", case.id)}
        with web_shop.client() as other:
            assert other.get("/readyz").status_code == 200


def test_a_look_at_who_still_counts_uses_nothing(web_shop: WebShop) -> None:
    access = web_shop.desk.access
    headers = token_headers(web_shop)
    token = access.api_tokens.find(headers["Authorization"].removeprefix("Bearer "))
    assert token is not None
    assert access.still_counts("robot", None, token)
    access.api_tokens.revoke("robot", by="a test")
    assert not access.still_counts("robot", None, token)
    access.users.add("Ben", role=Role.VIEWER, password=None, by="a test")
    signed_in = access.use_sign_in_link(access.make_sign_in_link("Ben", by="a test").reveal())
    assert access.still_counts("Ben", signed_in.session, None)
    access.sign_out(signed_in.token.reveal())
    assert not access.still_counts("Ben", signed_in.session, None)
    assert access.still_counts("Ben", None, None), "as a trusted proxy says"
    assert not access.still_counts("Nobody", None, None)


def test_a_server_that_ends_waits_for_no_stream(web_shop: WebShop) -> None:
    with ExitStack() as served, web_shop.signed_in(Role.VIEWER) as browser:
        url = served.enter_context(serving(web_shop.desk, works=False)).url
        with reading(browser, f"{url}{EVENTS_PATH}?after=0") as events:
            ending = threading.Thread(target=served.close)
            ending.start()
            assert [event["reason"] for event in events] == ["shutting down"]
            ending.join(120)
            assert not ending.is_alive()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux knows how long a client may be silent")
def test_a_client_whose_network_is_lost_is_noticed() -> None:
    with _bind("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == VANISHED_AFTER
