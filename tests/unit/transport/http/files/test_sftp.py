"""Files by SFTP, at a real server on loopback: what each failure proves, and who is spoken to."""

from __future__ import annotations

import io
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import paramiko
import pytest
from attrs import evolve

from orderdesk_devkit.simulators.files import DroppedFile
from orderdesk_devkit.simulators.sftp_server import PASSWORD, USER, SftpFault, SftpServer
from orderdesk_sdk import VirtualClock
from orderdesk_sdk.cases.exchange import Certainty, Exchange
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.http.client import HttpClient
from orderdesk_sdk.transport.http.files import requirements
from orderdesk_sdk.transport.http.limits import HttpLimits
from orderdesk_sdk.transport.redaction import Redactor
from tests.support.filing_toy import Filing, FilingSettings, FilingShop
from tests.support.http_calls import ignore_intent

PATH = "/in/cancel-1042.json"
ONE_TRY = HttpLimits(max_attempts=1, timeout=120, connect_timeout=60, read_timeout=60)

ClientMaker = Callable[..., HttpClient]


@pytest.fixture
def server() -> Iterator[SftpServer]:
    shop = FilingShop(VirtualClock())
    shop.add_order("1042")
    with SftpServer(shop) as served:
        yield served


@pytest.fixture
def client_of() -> Iterator[ClientMaker]:
    """Makes a client of a server, with settings in place of the right ones."""
    with ExitStack() as opened:

        def make(server: SftpServer, limits: HttpLimits = ONE_TRY, **its: object) -> HttpClient:
            login = {"user": USER, "password": Secret(PASSWORD), "host_key": (server.key.fingerprint,)}
            settings = FilingSettings(**{"folder": server.url, **login, **its})  # type: ignore[arg-type]  # see there
            redactor = Redactor.of_settings((), settings)
            client = HttpClient(Filing().orderdesk_integration(), settings, redactor, VirtualClock(), limits)
            opened.callback(client.close)
            return client

        yield make


def drop(client: HttpClient, server: SftpServer, content: bytes = b'{"order": "1042"}') -> Exchange:
    return client.call(httpx.Request("PUT", f"{server.url}{PATH}", content=content), 1, ignore_intent)[0]


def failure(exchange: Exchange) -> tuple[str, Certainty]:
    assert exchange.failure is not None
    return exchange.failure.kind, exchange.failure.certainty


def test_files_go_over_one_connection(server: SftpServer, client_of: ClientMaker) -> None:
    client = client_of(server)
    assert [drop(client, server).status for _ in range(2)] == [201, 200]
    listed = client.call(httpx.Request("GET", f"{server.url}/in/"), 1, ignore_intent)[0]
    read = client.call(httpx.Request("GET", f"{server.url}{PATH}"), 1, ignore_intent)[0]
    missing = client.call(httpx.Request("GET", f"{server.url}/in/other"), 1, ignore_intent)[0]
    assert (listed.status, read.body, missing.status) == (200, '{"order": "1042"}', 404)
    assert '"cancel-1042.json"' in listed.body
    assert (server.logins, read.intent.url) == (1, f"{server.url}{PATH}")


def test_a_long_file_arrives_whole(server: SftpServer, client_of: ClientMaker) -> None:
    content = b"x" * 300_000
    assert drop(client_of(server), server, content).status == 201
    assert server.simulator.files.read(PATH, 2**31) == content


@pytest.mark.parametrize(
    ("fault", "proved", "is_there"),
    [
        (SftpFault.LOST_IN_WRITE, ("FileNotDropped", Certainty.NOT_PROCESSED), False),
        (SftpFault.LOST_BEFORE_RENAME, ("ReadError", Certainty.UNKNOWN), False),
        (SftpFault.LOST_AFTER_RENAME, ("ReadError", Certainty.UNKNOWN), True),
    ],
)
def test_a_lost_connection_proves_what_it_can(
    server: SftpServer, client_of: ClientMaker, fault: SftpFault, proved: tuple[str, Certainty], *, is_there: bool
) -> None:
    client = client_of(server)
    server.fault = fault
    assert failure(drop(client, server)) == proved
    assert (PATH in server.simulator.files.paths) is is_there
    assert drop(client, server).status == (200 if is_there else 201)


@pytest.mark.parametrize(("fault", "status"), [(SftpFault.DISK_FULL, 507), (SftpFault.PERMISSION_DENIED, 403)])
def test_a_refused_drop_is_told_and_the_connection_goes_on(
    server: SftpServer, client_of: ClientMaker, fault: SftpFault, status: int
) -> None:
    client = client_of(server)
    server.fault = fault
    assert [drop(client, server).status for _ in range(2)] == [status, 201]
    assert server.logins == 1


def test_a_drop_that_broke_off_in_the_write_is_made_again_within_the_call(
    server: SftpServer, client_of: ClientMaker
) -> None:
    server.fault = SftpFault.LOST_IN_WRITE
    exchange = drop(client_of(server, evolve(ONE_TRY, max_attempts=2)), server)
    assert (exchange.status, exchange.attempts) == (201, 2)


def test_a_connection_that_the_server_ended_is_opened_anew(server: SftpServer, client_of: ClientMaker) -> None:
    client = client_of(server)
    assert drop(client, server).status == 201
    server.end_connections()
    for transport in threading.enumerate():
        if isinstance(transport, paramiko.Transport):
            transport.join(120)
    assert drop(client, server).status == 200
    assert server.logins == 2


def test_a_private_key_logs_in(server: SftpServer, client_of: ClientMaker) -> None:
    key = paramiko.RSAKey.generate(2048)
    text = io.StringIO()
    key.write_private_key(text)
    server.authorized_key = key
    assert drop(client_of(server, password=Secret(""), private_key=Secret(text.getvalue())), server).status == 201


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"host_key": ("SHA256:" + 43 * "A",)}, "shows the key SHA256:"),
        ({"password": Secret("not-the-password")}, "did not accept the SFTP login"),
        ({"private_key": Secret("-----BEGIN what is none")}, "private_key is no private key"),
    ],
)
def test_nothing_is_sent_where_key_or_login_are_wrong(
    server: SftpServer, client_of: ClientMaker, wrong: dict[str, object], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said) as told:
        drop(client_of(server, **wrong), server)
    assert (server.logins, server.simulator.files.paths, "not-the-password" in str(told.value)) == (0, (), False)


@pytest.mark.parametrize("missing", ["user", "password", "host_key"])
def test_a_folder_by_sftp_needs_a_login_and_a_known_key(
    server: SftpServer, client_of: ClientMaker, missing: str
) -> None:
    empty = {"user": "", "password": Secret(""), "host_key": ()}[missing]
    with pytest.raises(ConfigurationError, match=f"needs the setting {missing}"):
        client_of(server, **{missing: empty})


def test_without_paramiko_the_remedy_is_told(
    server: SftpServer, client_of: ClientMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requirements, "find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match=r"pip install 'orderdesk-sdk\[sftp\]'"):
        client_of(server)


def test_a_server_that_says_nothing_is_given_up_before_anything_is_sent(
    server: SftpServer, client_of: ClientMaker
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"sftp://127.0.0.1:{silent.getsockname()[1]}"
        client = client_of(server, evolve(ONE_TRY, connect_timeout=0.3), folder=url)
        exchange = client.call(httpx.Request("PUT", f"{url}{PATH}"), 1, ignore_intent)[0]
    assert failure(exchange) == ("ConnectTimeout", Certainty.NOT_SENT)


def test_a_server_that_is_away_was_sent_nothing(server: SftpServer, client_of: ClientMaker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"sftp://127.0.0.1:{gone.getsockname()[1]}"
    exchange = client_of(server, folder=url).call(httpx.Request("PUT", f"{url}{PATH}"), 1, ignore_intent)[0]
    assert failure(exchange) == ("ConnectError", Certainty.NOT_SENT)


@pytest.mark.parametrize("limits", [evolve(ONE_TRY, read_timeout=0.5), evolve(ONE_TRY, timeout=1.0)])
def test_a_rename_without_a_reply_is_unknown(client_of: ClientMaker, limits: HttpLimits) -> None:
    reached, released = threading.Event(), threading.Event()

    class Hanging(FilingShop):
        def take_file(self, path: str, content: bytes) -> DroppedFile:
            reached.set()
            released.wait(120)
            return super().take_file(path, content)

    with SftpServer(Hanging(VirtualClock())) as server:
        exchange = drop(client_of(server, limits), server)
        was_reached = reached.is_set()  # A slow machine may not come to the rename in time.
        released.set()
    assert exchange.failure is not None
    assert exchange.failure.certainty is Certainty.UNKNOWN or not was_reached


def test_no_path_and_no_login_stands_in_a_log(
    server: SftpServer, client_of: ClientMaker, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        drop(client_of(server), server)
    own = [record.getMessage() for record in caplog.records if not record.name.startswith("orderdesk_devkit")]
    assert own
    assert not [text for text in own if "1042" in text or PASSWORD in text]
