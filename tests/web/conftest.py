"""A shop behind a real server on loopback, for tests of pages and of the API."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import httpx
import pytest
from attrs import frozen

from orderdesk_devkit.testing.raw_server import RawServer, responding
from orderdesk_sdk.cases.access import Role
from orderdesk_sdk.clock import SystemClock, VirtualClock, hours
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.desk.messages.config import MessageConfig
from orderdesk_sdk.desk.web_config import WebConfig
from orderdesk_sdk.orders.order import Order, OrderLine
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.opening import LedgerLocation
from orderdesk_sdk.web.server import serving
from tests.support.fake_services import (
    FakeCart,
    FakeFulfillmentService,
    FakeManualService,
    FakeServices,
    open_fake_desk,
)

MESSAGE_SECRET = Secret("the-paths-of-messages-are-made-of-this")
ORDER = Order("id-1042", "1042", lines=(OrderLine(1, code="MUG"), OrderLine(2, code="TEE")))


@frozen
class WebShop:
    """A desk with the fake services cart, mill and phone, served at `url`."""

    desk: Desk
    url: str
    services: FakeServices

    def client(self) -> httpx.Client:
        """A client that follows no redirect and has no session; close it."""
        return httpx.Client(base_url=self.url, timeout=120, trust_env=False)

    def signed_in(self, role: Role, name: str = "Ann") -> httpx.Client:
        """A client with the session of a user of this role, who is added; close it."""
        access = self.desk.access
        access.users.add(name, role=role, password=None, by="a test")
        signed_in = access.use_sign_in_link(access.make_sign_in_link(name, by="a test").reveal())
        client = self.client()
        client.cookies.set("orderdesk", signed_in.token.reveal())
        client.headers["Sec-Fetch-Site"] = "same-origin"  # As browsers say of what a page of the console sends.
        return client

    def api(self, role: Role, *connections: str) -> httpx.Client:
        """A client below /api/v1/ with a new token of this role, of these connections or of all; close it."""
        _, secret = self.desk.access.api_tokens.create(
            f"{role.value}-{secrets.token_hex(4)}",
            role=role,
            connections=connections,
            expires_at=SystemClock().now() + hours(1),
            by="a test",
        )
        headers = {"Authorization": f"Bearer {secret.reveal()}"}
        return httpx.Client(base_url=f"{self.url}/api/v1/", headers=headers, timeout=120, trust_env=False)


class WebShopOpener(Protocol):
    """Opens and serves a shop.

    orders: imported; `at`: where each of them is registered. works: whether the server does what is due.
    """

    def __call__(
        self,
        *,
        orders: Sequence[Order] = (ORDER,),
        at: Sequence[str] = ("mill",),
        web: WebConfig | None = None,
        messages: MessageConfig | None = None,
        works: bool = False,
        ledger: LedgerLocation | None = None,
    ) -> WebShop: ...


@pytest.fixture
def open_web_shop(fake_services: FakeServices, tmp_path: Path, clock: VirtualClock) -> Iterator[WebShopOpener]:
    with ExitStack() as stack:
        service_url = stack.enter_context(RawServer(responding(fake_services))).url

        def open_(
            *,
            orders: Sequence[Order] = (ORDER,),
            at: Sequence[str] = ("mill",),
            web: WebConfig | None = None,
            messages: MessageConfig | None = None,
            works: bool = False,
            ledger: LedgerLocation | None = None,
        ) -> WebShop:
            desk = stack.enter_context(
                open_fake_desk(
                    ledger or tmp_path / "desk.db",
                    clock,
                    service_url,
                    (FakeCart(), FakeFulfillmentService(), FakeManualService()),
                    orders=orders,
                    messages=messages,
                    web=web or WebConfig(message_secret=MESSAGE_SECRET),
                )
            )
            for order in orders:
                for connection in at:
                    desk.orders.register(f"id:{order.id}", connection=connection, by="a test")
            server = stack.enter_context(serving(desk, works=works))
            return WebShop(desk, server.url, fake_services)

        yield open_


@pytest.fixture
def web_shop(open_web_shop: WebShopOpener) -> WebShop:
    return open_web_shop()


@pytest.fixture
def client(web_shop: WebShop) -> Iterator[httpx.Client]:
    """Nobody in particular, at the shop."""
    with web_shop.client() as opened:
        yield opened
