"""What several test modules stand on: clients of a made-up integration, and a local host with the sample orders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import httpx
import pytest

from orderdesk_sdk.clock import Clock, VirtualClock
from orderdesk_sdk.declaration import Button, ByReply, Integration, Limit
from orderdesk_sdk.hosts.local import LocalHost
from orderdesk_sdk.hosts.samples import SAMPLE_ORDERS
from orderdesk_sdk.http.client import CallLimits, ConnectionClient
from orderdesk_sdk.order_reader import read_order_text
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.settings import host, secret, settings
from orderdesk_sdk.testing.canary import Finder


@settings
class AcmeSettings:
    endpoint: str = host(help="Acme's API")
    api_key: Secret = secret(help="Acme > Account", default=Secret("acme-api-key"))


class ClientMaker(Protocol):
    """Makes a client of the connection to `url`; `rates` and `declared` are arguments of its Integration."""

    def __call__(
        self,
        url: str,
        limits: CallLimits | None = None,
        clock: Clock | None = None,
        auth: Callable[..., httpx.Auth] | None = None,
        rates: Mapping[str, Limit] | None = None,
        **declared: object,
    ) -> ConnectionClient: ...


@pytest.fixture
def client_of() -> Iterator[ClientMaker]:
    made: list[ConnectionClient] = []

    def make(
        url: str,
        limits: CallLimits | None = None,
        clock: Clock | None = None,
        auth: Callable[..., httpx.Auth] | None = None,
        rates: Mapping[str, Limit] | None = None,
        **declared: object,
    ) -> ConnectionClient:
        integration = Integration(
            slug="acme",
            title="Acme",
            settings=AcmeSettings,
            base_url="endpoint",
            cancel=(Button(ByReply()),),
            auth=auth,
            limits=rates or {},
            **declared,  # type: ignore[arg-type]  # each test names what it is about
        )
        client = ConnectionClient(integration, AcmeSettings(endpoint=url), clock or VirtualClock(), limits)
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def finder() -> type[Finder]:
    return Finder


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.sqlite"


@pytest.fixture
def local_host(path: Path, clock: VirtualClock) -> Iterator[LocalHost]:
    with LocalHost(path, clock=clock) as opened:
        opened.import_orders(read_order_text(SAMPLE_ORDERS, place="samples"), by="mara")
        yield opened
