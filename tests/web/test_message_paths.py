"""Messages in, over HTTP: taken by unguessable paths; whoever does not know one learns nothing."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest

from orderdesk_sdk.cases.messages import MessageSource
from orderdesk_sdk.desk.message_paths import message_paths
from orderdesk_sdk.desk.messages.config import MessageConfig
from orderdesk_sdk.desk.web_config import WebConfig
from orderdesk_sdk.plugin.webhooks import NotificationKind
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.web.inbound import ADDRESS_SOURCES
from tests.support.fake_services import fake_webhook
from tests.web.conftest import MESSAGE_SECRET, WebShop, WebShopOpener


def path_of(connection: str) -> str:
    paths = message_paths(MESSAGE_SECRET, ["mill", "phone"])
    return next(path for path, source in paths.items() if source == MessageSource.webhook(connection))


def post(client: httpx.Client, path: str, key: str = "the-town-crier-4f1d") -> httpx.Response:
    webhook = fake_webhook("1042", NotificationKind.CANCELED, key=key)
    return client.post(path, content=webhook.body, headers=dict(webhook.headers))


def test_a_message_is_stored_before_it_is_answered(client: httpx.Client, web_shop: WebShop) -> None:
    assert post(client, path_of("mill")).status_code == 202
    assert [message.source for message in web_shop.desk.messages.list()] == [MessageSource.webhook("mill")]


def test_the_same_message_again_is_known(client: httpx.Client, web_shop: WebShop) -> None:
    statuses = [post(client, path_of("mill")).status_code for _ in range(3)]
    assert (statuses, len(web_shop.desk.messages.list())) == ([202, 200, 200], 1)


def test_unknown_forged_and_not_taken_have_one_answer(client: httpx.Client, web_shop: WebShop) -> None:
    answers = [
        post(client, path_of("mill"), key="forged"),
        post(client, "/in/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        post(client, "/in/mill"),
        post(client, path_of("mill")[:-1]),
    ]
    told = {(answer.status_code, answer.content, tuple(sorted(set(answer.headers) - {"date"}))) for answer in answers}
    assert len(told) == 1
    assert not web_shop.desk.messages.list()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_only_posts_are_taken(client: httpx.Client, method: str) -> None:
    known, unknown = (client.request(method, path) for path in (path_of("mill"), "/in/aaaa"))
    assert known.status_code == unknown.status_code == 405


def test_without_a_secret_there_are_no_paths(open_web_shop: WebShopOpener) -> None:
    with open_web_shop(web=WebConfig()).client() as client:
        assert post(client, path_of("mill")).status_code == 404


def test_the_paths_change_with_the_secret_and_are_not_guessed_from_names(tmp_path: Path) -> None:
    first, second = (set(message_paths(Secret(letter * 32), ["mill"])) for letter in "ab")
    assert not first & second
    assert all("mill" not in path and len(path) >= 36 for path in first)


def test_from_one_address_come_only_so_many(open_web_shop: WebShopOpener) -> None:
    web = WebConfig(message_secret=MESSAGE_SECRET, trusted_proxies=(ip_network("127.0.0.1"),))
    with open_web_shop(web=web, messages=MessageConfig(per_minute=1)).client() as client:
        flood = {"X-Forwarded-For": "192.0.2.1"}
        statuses = [client.post("/in/unknown", headers=flood).status_code for _ in range(ADDRESS_SOURCES + 2)]
        assert set(statuses[:ADDRESS_SOURCES]) == {404}
        assert statuses[-1] == 429
        assert client.post(path_of("mill"), headers=flood).status_code == 429
        assert client.post("/in/unknown", headers={"X-Forwarded-For": "192.0.2.2"}).status_code == 404
