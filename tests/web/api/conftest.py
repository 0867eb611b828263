"""Calls of the API of a shop."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Protocol

import httpx
import pytest

from orderdesk_sdk.cases.access import Role

if TYPE_CHECKING:
    from tests.web.conftest import WebShop

Document = dict[str, Any]
"""A JSON document."""


class ApiOpener(Protocol):
    """Gives a client with a new token; it is closed after the test."""

    def __call__(self, role: Role = Role.ADMIN, *connections: str, shop: WebShop | None = None) -> httpx.Client: ...


@pytest.fixture
def open_api(request: pytest.FixtureRequest) -> Iterator[ApiOpener]:
    with ExitStack() as stack:

        def open_(role: Role = Role.ADMIN, *connections: str, shop: WebShop | None = None) -> httpx.Client:
            chosen: WebShop = shop or request.getfixturevalue("web_shop")
            return stack.enter_context(chosen.api(role, *connections))

        yield open_


@pytest.fixture
def post() -> Callable[..., httpx.Response]:
    """Posts a body with a key, a new one if none is given."""

    def post_(
        client: httpx.Client, path: str, body: Document | None = None, *, key: str | None = None
    ) -> httpx.Response:
        headers = {"Idempotency-Key": key or secrets.token_hex(8)}
        return client.post(path, json={} if body is None else body, headers=headers)

    return post_


@pytest.fixture
def cancel(post: Callable[..., httpx.Response]) -> Callable[..., httpx.Response]:
    """Reads the plan of an order and cancels with its token."""

    def cancel_(client: httpx.Client, order: str = "1042", *, key: str | None = None, **more: object) -> httpx.Response:
        plan = client.get(f"orders/{order}/plan")
        assert plan.status_code == 200, plan.text
        return post(client, f"orders/{order}/cancel", {"plan": plan.json()["token"], **more}, key=key)

    return cancel_
