"""People at the console of a shop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from orderdesk_sdk.cases.access import Role
from tests.support.html_pages import Element, read_page
from tests.web.conftest import WebShop

Visitor = Callable[[Role], httpx.Client]


@pytest.fixture
def visit(web_shop: WebShop) -> Iterator[Visitor]:
    """A signed-in person of a role, at the shop with one order at the mill."""
    with ExitStack() as stack:
        yield lambda role: stack.enter_context(web_shop.signed_in(role, f"Ann the {role.value}"))


def page_of(client: httpx.Client, path: str, status: int = 200) -> Element:
    """A page, read."""
    response = client.get(path)
    assert response.status_code == status, response.text[:500]
    return read_page(response.text)


def press(client: httpx.Client, page: Element, action: str, **changed: str) -> httpx.Response:
    """Send a form of a page, with some fields filled in."""
    return client.post(action, data=page.form(action).sent(**changed))
