"""What is configured at run time reaches public addresses by https, and nothing else, whatever its name resolves to."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import httpx
import pytest

from orderdesk_devkit.testing.raw_server import RawServer, http_response, responding
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.transport.http.connection import Origin, open_connection
from orderdesk_sdk.transport.http.deadline import CallTimes
from orderdesk_sdk.transport.http.pool import ConnectionPool, PooledTransport
from orderdesk_sdk.transport.http.public_addresses import is_public, may_connect, require_reachable_url
from orderdesk_sdk.transport.http.reach import Reach

if TYPE_CHECKING:
    from collections.abc import Sequence

TIMES = CallTimes({"timeout": {"connect": 2.0}})

PUBLIC = ("93.184.215.14", "8.8.8.8", "100.63.255.255", "172.32.0.1", "2606:2800:21f:cb07:6820:80da:af6b:8b2c")
PUBLIC_BY_TRANSLATION = ("::ffff:8.8.8.8", "64:ff9b::808:808")
OWN_NETWORK = "127.0.0.1 127.8.8.8 0.0.0.0 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1"
OF_A_CLOUD = "169.254.0.1 169.254.169.254 100.100.100.200 168.63.129.16 192.0.0.192 fd00:ec2::254 100.64.0.1"
SPECIAL = "192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.1 192.88.99.1 224.0.0.1 239.255.255.255 240.0.0.1"
SPECIAL_IPV6 = ":: ::1 fe80::1 fe80::1%eth0 fec0::1 fc00::1 ff02::1 100::1 2001::1 2001:db8::1 3fff::1 5f00::1"
CARRYING = "::ffff:127.0.0.1 ::ffff:169.254.169.254 ::169.254.169.254 ::ffff:0:169.254.169.254 2002:a9fe:a9fe::1"
TRANSLATED = "64:ff9b::a9fe:a9fe 64:ff9b::7f00:1 64:ff9b:1::808:808 2606:2800:21f::1%eth0 2002:808:808::1"
NO_ADDRESS = "localhost 2130706433 0x7f000001 0177.0.0.1"
NOT_PUBLIC = f"{OWN_NETWORK} {OF_A_CLOUD} {SPECIAL} {SPECIAL_IPV6} {CARRYING} {TRANSLATED} {NO_ADDRESS}".split()


@pytest.mark.parametrize("address", PUBLIC + PUBLIC_BY_TRANSLATION)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)
    assert may_connect(Reach.PUBLIC, "https", address)
    assert not may_connect(Reach.PUBLIC, "http", address)
    assert not may_connect(Reach.SANDBOX, "http", address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_of_a_network_of_ones_own_or_of_a_cloud_is_not(address: str) -> None:
    assert not is_public(address)
    assert not may_connect(Reach.PUBLIC, "https", address)
    assert may_connect(Reach.ANYWHERE, "http", address)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("169.254.169.254", False), ("10.0.0.1", False)],
)
def test_in_a_sandbox_this_machine_may_be_called_and_its_network_may_not(address: str, allowed: bool) -> None:
    assert may_connect(Reach.SANDBOX, "http", address) is allowed


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://ann:secret@api.example.com",
        "https://api.example.com@127.0.0.1",
        "https://127.0.0.1",
        "https://[::1]/v1",
        "https://[::ffff:169.254.169.254]",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433",
        "https://0x7f000001",
        "https://0177.0.0.1",
        "https://127.1",
        "https://localhost",
        "https://localhost.:443",
        "https://shop.localhost",
        "https://api.example.com:22",
        "https://api.example.com:8443",
        "https://10.0.0.1:443",
        "https://api.example.com\\@10.0.0.1",
    ],
)
def test_a_hostile_url_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        require_reachable_url(url, "settings.base_url", Reach.PUBLIC)
    assert "secret" not in str(caught.value)


def test_a_url_of_the_internet_is_taken_and_a_port_where_it_is_allowed() -> None:
    assert require_reachable_url("https://API.example.com/v1/", "x", Reach.PUBLIC) == "https://api.example.com/v1"
    assert require_reachable_url("https://api.example.com:443", "x", Reach.PUBLIC) == "https://api.example.com:443"
    allowed = require_reachable_url("https://api.example.com:8443", "x", Reach.PUBLIC, (8443,))
    assert allowed == "https://api.example.com:8443"
    assert require_reachable_url("https://*.example.com", "x", Reach.PUBLIC) == "https://*.example.com"


def test_a_sandbox_takes_a_simulator_of_this_machine_and_no_other_machine_by_http() -> None:
    assert require_reachable_url("http://127.0.0.1:8080", "x", Reach.SANDBOX) == "http://127.0.0.1:8080"
    with pytest.raises(ConfigurationError, match="https"):
        require_reachable_url("http://10.0.0.1:8080", "x", Reach.SANDBOX)


class Resolver:
    """A name server that gives other addresses at each look-up, as one of an attacker does."""

    def __init__(self, *look_ups: Sequence[str]) -> None:
        self.answers = list(look_ups)
        self.asked = 0

    def getaddrinfo(self, host: str, port: int, **_: object) -> list[object]:
        self.asked += 1
        found = self.answers[min(self.asked, len(self.answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


def test_a_name_that_leads_into_a_private_network_is_not_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(responding(lambda _: http_response())) as server:
        port = int(server.url.rpartition(":")[2])
        for addresses in (["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"]):
            monkeypatch.setattr(socket, "getaddrinfo", Resolver(addresses).getaddrinfo)
            with pytest.raises(httpx.ConnectError, match="private network"):
                open_connection(Origin("https", "api.example.com", port), None, TIMES, Reach.PUBLIC)
        assert not server.connections


def test_a_name_is_looked_up_once_and_what_was_judged_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the first answer is public, the second would be this machine."""
    resolver = Resolver(["8.8.8.8"], ["127.0.0.1"])
    monkeypatch.setattr(socket, "getaddrinfo", resolver.getaddrinfo)
    connected: list[object] = []

    class Recording(socket.socket):
        def connect(self, address: object) -> None:
            connected.append(address)
            raise ConnectionRefusedError("refused")

    monkeypatch.setattr(socket, "socket", Recording)
    with pytest.raises(httpx.ConnectError, match="refused"):
        open_connection(Origin("https", "api.example.com", 443), None, TIMES, Reach.PUBLIC)
    assert (connected, resolver.asked) == ([("8.8.8.8", 443)], 1)


def test_a_redirect_into_a_private_network_is_not_followed_and_would_not_be_connected_to() -> None:
    """A transport of this reach refuses it also under a client that follows redirects, as httpx's may."""
    metadata = "http://169.254.169.254/latest/meta-data"
    answer = http_response(302, b"", location=metadata)
    with RawServer(responding(lambda _: answer)) as server:
        pool = ConnectionPool(2, tls=False, max_response_bytes=1000, reach=Reach.SANDBOX)
        client = httpx.Client(transport=PooledTransport(pool), follow_redirects=True)
        with pytest.raises(httpx.ConnectError, match="private network"):
            client.get(f"{server.url}/orders")
        client.close()
