"""The connect timeout is one for all addresses of a host."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from orderdesk_sdk.transport.http import connection
from orderdesk_sdk.transport.http.connection import Origin, open_connection
from orderdesk_sdk.transport.http.deadline import CallTimes

ORIGIN = Origin("http", "shop.example", 80)
TIMES = CallTimes({"timeout": {"connect": 10.0}})


class Network:
    """Addresses of a host of which none answers but those in `open`; whoever waits for one lets time pass."""

    def __init__(self, count: int, *, look_up: float = 0.0) -> None:
        self.now = 100.0
        self.open: dict[str, socket.socket] = {}
        self.waited: dict[str, float | None] = {}
        self._count = count
        self._look_up = look_up

    def getaddrinfo(self, host: str, port: int, **_: object) -> list[object]:
        self.now += self._look_up
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"10.0.0.{n}", port)) for n in range(self._count)]


class FakeSocket(socket.socket):
    network: Network

    def connect(self, address: Any) -> None:  # Whatever the base class takes; here a host and a port.
        self.network.waited[address[0]] = self.gettimeout()
        if address[0] not in self.network.open:
            self.network.now += self.gettimeout() or 0.0
            raise TimeoutError("timed out")


def use(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeSocket, "network", network, raising=False)
    monkeypatch.setattr(connection, "time", SimpleNamespace(monotonic=lambda: network.now))
    monkeypatch.setattr(socket, "getaddrinfo", network.getaddrinfo)
    monkeypatch.setattr(socket, "socket", FakeSocket)


def test_a_host_of_many_addresses_that_do_not_answer_takes_no_longer_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(4)
    use(network, monkeypatch)
    with pytest.raises(httpx.ConnectTimeout):
        open_connection(ORIGIN, None, TIMES)
    assert network.now == pytest.approx(110.0)
    assert list(network.waited.values()) == pytest.approx([2.5] * 4)


def test_an_address_that_does_not_answer_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(2, look_up=1.0)
    use(network, monkeypatch)
    network.open["10.0.0.1"] = socket.socket()
    open_connection(ORIGIN, None, TIMES).close()
    network.open["10.0.0.1"].close()
    assert network.waited == pytest.approx({"10.0.0.0": 4.5, "10.0.0.1": 4.5})


def test_a_look_up_that_takes_all_the_time_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(2, look_up=11.0)
    use(network, monkeypatch)
    with pytest.raises(httpx.ConnectTimeout):
        open_connection(ORIGIN, None, TIMES)
    assert network.waited == {}
