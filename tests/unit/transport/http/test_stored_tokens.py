"""Refresh tokens that a service gives in place of earlier ones: used, and kept where the declaration says so."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_sdk.clock import VirtualClock, hours
from orderdesk_sdk.desk.config import Config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.connection_settings import RefreshTokenSettings, settings, url
from orderdesk_sdk.plugin.hookspecs import hookimpl
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.refresh_tokens import refresh_token_auth
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.plugin.routes import ManualConfirmation, Portal
from orderdesk_sdk.plugin.token_store import TokenStore
from orderdesk_sdk.runtime.connection_config import ConnectionConfig
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.postgres.connection_state import shared_connection_state
from orderdesk_sdk.stores.postgres.pool import PostgresPool
from orderdesk_sdk.transport.http.client import HttpClient
from orderdesk_sdk.transport.http.connection_state import LocalConnectionState
from orderdesk_sdk.transport.http.stored_tokens import token_store_beside
from orderdesk_sdk.transport.redaction import Redactor
from tests.support.http_calls import put_order
from tests.support.postgres import VERSIONS
from tests.support.postgres_fixtures import shared_server

if TYPE_CHECKING:
    from orderdesk_devkit.testing.canary import Finder


class OnceService:
    """Takes each refresh token once, and gives the next one; an older one ends the consent, as reuse does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.good = "refresh-0000"
        self.issued = 0
        self.asked: list[str] = []
        self.broken = False

    def __call__(self, request: bytes) -> bytes:
        if not request.startswith(b"POST /token "):
            return http_response()
        with self._lock:
            form = parse_qs(request.partition(b"\r\n\r\n")[2].decode())
            self.asked.append(form["refresh_token"][0])
            if self.asked[-1] != self.good:
                self.good = "none, the consent has ended"
                return http_response(200, b'{"error": "invalid_grant"}')
            self.issued += 1
            self.good = f"refresh-{self.issued:04}"
            document = {"access_token": f"access-{self.issued:04}", "expires_in": "3600", "refresh_token": self.good}
            if self.broken:
                del document["access_token"]
            return http_response(200, json.dumps(document).encode())


@settings
class OwnerSettings(RefreshTokenSettings):
    token_url: str = url(help="where tokens are given out")
    base_url: str = url(help="the API")


def integration(*, rotates: bool) -> Integration:
    return Integration(
        slug="acme",
        title="Acme",
        settings=OwnerSettings,
        base_url="base_url",
        cancel=(Portal("Call them.", ManualConfirmation()),),
        auth=refresh_token_auth("token_url", rotates=rotates),
    )


class Plugin:
    @hookimpl
    def orderdesk_integration(self) -> Integration:
        return integration(rotates=True)


@pytest.fixture
def service() -> OnceService:
    return OnceService()


@pytest.fixture
def service_url(service: OnceService) -> Iterator[str]:
    with RawServer(responding(service)) as server:
        yield server.url


class Processes:
    """Opens the connection's client in a process of its own, each time."""

    def __init__(
        self, url: str, keeper_in: Callable[[Path], TokenStore | None], folder: Path, clock: VirtualClock
    ) -> None:
        self._url, self._keeper_in, self._folder, self._clock = url, keeper_in, folder, clock
        self.opened: list[HttpClient] = []

    def __call__(
        self, configured: str = "refresh-0000", *, folder: Path | None = None, rotates: bool = True
    ) -> HttpClient:
        its = OwnerSettings(
            token_url=f"{self._url}/token",
            base_url=self._url,
            refresh_token=Secret(configured),
            client_id=Secret("the-client"),
            client_secret=Secret("its-secret"),
        )
        keeper = self._keeper_in(folder or self._folder)
        self.opened.append(
            HttpClient(
                integration(rotates=rotates),
                its,
                Redactor.of_settings((), its),
                self._clock,
                state=LocalConnectionState(self._clock, keeper),
            )
        )
        return self.opened[-1]

    def close(self) -> None:
        for client in self.opened:
            client.close()


def keeper_in_file(folder: Path) -> TokenStore:
    return token_store_beside(folder / "desk.db", "my acme")


@pytest.fixture(params=["file", *VERSIONS], ids=str)
def process(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    service_url: str,
    tmp_path: Path,
    clock: VirtualClock,
) -> Iterator[Processes]:
    """Processes with a file beside the ledger, or with a database that they share."""
    if request.param == "file":
        with closing(Processes(service_url, keeper_in_file, tmp_path, clock)) as made:
            yield made
        return
    server = shared_server(request.param, tmp_path_factory)
    with server.database() as url, closing(PostgresPool(Secret(url))) as pool:
        state_of = shared_connection_state(pool, clock)
        with closing(Processes(service_url, lambda _: state_of("my acme").token_store, tmp_path, clock)) as made:
            yield made


@pytest.fixture
def process_with_file(service_url: str, tmp_path: Path, clock: VirtualClock) -> Iterator[Processes]:
    with closing(Processes(service_url, keeper_in_file, tmp_path, clock)) as made:
        yield made


def test_a_refresh_token_that_rotates_is_used_by_the_next_process_and_by_the_one_beside(
    service: OnceService, service_url: str, process: Processes, clock: VirtualClock
) -> None:
    first, beside = process(), process()
    assert [put_order(client, service_url).status for client in (first, beside)] == [200, 200]
    clock.advance(hours(2))
    assert [put_order(client, service_url).status for client in (first, process(), beside)] == [200, 200, 200]
    assert service.asked == [f"refresh-{number:04}" for number in range(5)]


def test_processes_that_renew_at_once_use_no_refresh_token_twice(
    service: OnceService, service_url: str, process: Processes, clock: VirtualClock
) -> None:
    clients = [process() for _ in range(6)]
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda client: put_order(client, service_url).status, clients))
    assert found == [200] * 6
    assert service.asked == [f"refresh-{number:04}" for number in range(6)]


def test_the_file_is_for_its_owner_only_and_nothing_else_holds_the_token(
    service_url: str, tmp_path: Path, clock: VirtualClock, finder: type[Finder]
) -> None:
    its = {
        "token_url": f"{service_url}/token",
        "base_url": service_url,
        **{name: {"text": "refresh-0000"} for name in ("refresh_token", "client_id", "client_secret")},
    }
    config = Config(tmp_path / "desk.db", {"my acme": ConnectionConfig("my acme", "acme", its, "[connections]")})
    registry = PluginRegistry(find=lambda group: [])
    registry.register(Plugin(), "acme")
    with Desk(config, clock=clock, registry=registry) as desk:
        client = desk.connections.get("my acme").client
        put_order(client, service_url)
        shown = client.redactor.redact_text("it is refresh-0001")
    (kept,) = [path for path in tmp_path.iterdir() if path.name.endswith(".token")]
    assert kept.name == "desk.db.my%20acme.token"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert shown == "it is [hidden]"
    others = [path.read_bytes() for path in tmp_path.iterdir() if path != kept]
    assert finder("refresh-0001", "access-0001").found(*others) == set()


def test_a_refresh_token_that_is_configured_anew_takes_the_place_of_the_kept_one(
    service: OnceService, service_url: str, process: Processes, clock: VirtualClock
) -> None:
    put_order(process(), service_url)
    service.good = "of-a-new-consent"
    assert put_order(process("of-a-new-consent"), service_url).status == 200
    assert service.asked == ["refresh-0000", "of-a-new-consent"]
    assert put_order(process("of-a-new-consent"), service_url).status == 200
    assert service.asked[-1] == "refresh-0002"


def test_a_new_refresh_token_is_kept_even_where_the_rest_of_the_reply_is_broken(
    service: OnceService, service_url: str, process: Processes, clock: VirtualClock
) -> None:
    service.broken = True
    failure = put_order(process(), service_url).failure
    assert failure is not None
    service.broken = False
    assert put_order(process(), service_url).status == 200


def test_a_consent_that_has_ended_is_a_refused_credential_although_the_status_is_200(
    service: OnceService, service_url: str, process: Processes, clock: VirtualClock
) -> None:
    service.good = "another"
    with pytest.raises(ConfigurationError, match="the service rejected the credentials: invalid_grant"):
        put_order(process(), service_url)


@pytest.mark.parametrize("what", ["a folder", "no folder", "junk"])
def test_where_it_cannot_be_kept_nothing_is_asked_and_the_place_is_told(
    what: str, service: OnceService, service_url: str, tmp_path: Path, process_with_file: Processes
) -> None:
    path = tmp_path / "desk.db.my%20acme.token"
    if what == "a folder":
        path.mkdir()
    elif what == "junk":
        path.write_bytes(b"junk" * 4096)
    folder = tmp_path / "none" if what == "no folder" else tmp_path
    with pytest.raises(ConfigurationError, match="cannot be kept") as caught:
        put_order(process_with_file(folder=folder), service_url)
    assert (caught.value.location or "").endswith(path.name)
    assert service.asked == [], "the token would be spent, and the new one lost"


def test_without_rotates_a_new_refresh_token_is_used_until_the_process_ends(
    service: OnceService, service_url: str, process_with_file: Processes, clock: VirtualClock, tmp_path: Path
) -> None:
    client = process_with_file(rotates=False)
    assert put_order(client, service_url).status == 200
    clock.advance(hours(2))
    assert put_order(client, service_url).status == 200
    assert service.asked == ["refresh-0000", "refresh-0001"]
    assert client.redactor.redact_text("refresh-0002") == "[hidden]"
    assert list(tmp_path.iterdir()) == []
