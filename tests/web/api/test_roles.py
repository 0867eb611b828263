"""Each operation with each role, with nobody's token, and with a token of some connections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import httpx
import pytest

from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.web.api.operation import KeyUse, Method, Operation
from orderdesk_sdk.web.api.operations import OPERATIONS

if TYPE_CHECKING:
    from tests.web.conftest import WebShop

ANSWERED_HERE = [operation for operation in OPERATIONS if operation.handler is not None]
"""The stream of events has tests of its own."""
VALUES = {"order": "1042", "case": "c0ffee", "bulk": "none", "slug": "mill", "link": "none"}


def call(client: httpx.Client, operation: Operation) -> httpx.Response:
    """An operation with parameters of a right shape."""
    path = operation.path.lstrip("/").format_map(VALUES)
    if operation.method is Method.GET:
        return client.get(path)
    headers = {"Idempotency-Key": operation.name} if operation.key_use is not KeyUse.NONE else {}
    return client.post(path, json={}, headers=headers)


def test_each_operation_for_each_role(web_shop: WebShop) -> None:
    wrong: list[str] = []
    clients: Mapping[Role, httpx.Client] = {role: web_shop.api(role) for role in Role}
    for operation in ANSWERED_HERE:
        for role, client in clients.items():
            reply = call(client, operation)
            if (reply.status_code == 403) == role.allows(operation.role):
                wrong.append(f"{operation.name} as {role.value}: {reply.status_code} {reply.text}")
            if reply.status_code in (401, 405) or reply.status_code >= 500:
                wrong.append(f"{operation.name} as {role.value}: {reply.status_code} {reply.text}")
            if reply.status_code not in (operation.status, *operation.all_errors()):
                wrong.append(f"{operation.name} as {role.value} answered with {reply.status_code}, which it never says")
    for client in clients.values():
        client.close()
    assert wrong == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer odsk_nothing"},
        {"Authorization": "Basic b2Rzazo="},
        {"Authorization": "Bearer odsk_one odsk_two"},
        {"Cookie": "orderdesk=odsk_nothing"},
    ],
)
def test_nobody_may_do_anything(web_shop: WebShop, headers: dict[str, str]) -> None:
    with httpx.Client(base_url=f"{web_shop.url}/api/v1/", headers=headers, trust_env=False) as client:
        for operation in ANSWERED_HERE:
            reply = call(client, operation)
            assert (operation.name, reply.status_code) == (operation.name, 401)
            assert reply.headers["www-authenticate"].startswith("Bearer")
            assert set(reply.json()["error"]) == {"code", "id", "message"}


def test_a_session_is_no_token(web_shop: WebShop) -> None:
    with web_shop.signed_in(Role.ADMIN) as client:
        for operation in ANSWERED_HERE:
            path = f"/api/v1{operation.path.format_map(VALUES)}"
            assert client.request(operation.method.value, path).status_code == 401


def test_a_token_in_the_address_or_the_body_is_none(web_shop: WebShop) -> None:
    with web_shop.api(Role.ADMIN) as client:
        token = client.headers["authorization"].removeprefix("Bearer ")
    with httpx.Client(base_url=f"{web_shop.url}/api/v1/", trust_env=False) as client:
        assert client.get(f"orders?access_token={token}").status_code == 401
        assert client.post("bulk", json={"access_token": token}).status_code == 401


def test_a_revoked_and_an_expired_token_count_no_more(web_shop: WebShop) -> None:
    with web_shop.api(Role.VIEWER) as client:
        assert client.get("orders").status_code == 200
        (token,) = web_shop.desk.access.api_tokens.list()
        web_shop.desk.access.api_tokens.revoke(token.name, by="Ann")
        assert client.get("orders").status_code == 401


def test_what_is_about_the_whole_desk_is_not_for_a_token_of_some_connections(web_shop: WebShop) -> None:
    with web_shop.api(Role.ADMIN, "mill") as client:
        for operation in ANSWERED_HERE:
            assert (call(client, operation).status_code == 403) == operation.about_whole_desk, operation.name
