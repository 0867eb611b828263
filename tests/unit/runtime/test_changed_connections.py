"""Connections whose configuration changes while they are in use."""

from __future__ import annotations

import httpx
import pytest

from orderdesk_sdk.clock import VirtualClock
from orderdesk_sdk.errors import ConfigurationError, NotFoundError
from orderdesk_sdk.plugin.registry import PluginRegistry
from orderdesk_sdk.runtime import connections as module
from orderdesk_sdk.runtime.connection_config import ConnectionConfig, make_settings
from orderdesk_sdk.runtime.connections import Connection, Connections, WithheldConnection
from orderdesk_sdk.transport.http.limits import HttpLimits
from tests.support.toy_plugin import Toy


def config(number: int, name: str = "toys") -> ConnectionConfig:
    settings = {"endpoint": f"https://api{number}.toys.example", "api_key": {"text": f"key-{number}"}}
    return ConnectionConfig(name, "toy", settings, f"[connections.{name}]")


def opened(*configs: ConnectionConfig) -> Connections:
    registry = PluginRegistry()
    registry.register(Toy(), "toy")
    return Connections({one.name: one for one in configs}, registry, VirtualClock(), HttpLimits(), 5.0)


def endpoint(connection: Connection) -> str:
    return str(getattr(connection.settings, "endpoint"))  # noqa: B009 - of the toy's settings


def test_what_has_changed_is_made_anew_and_what_has_not_stays() -> None:
    connections = opened(config(1), config(1, "others"))
    first, other = connections.get("toys"), connections.get("others")
    connections.refresh({"toys": config(2), "others": config(1, "others")}, {})
    assert endpoint(connections.get("toys")) == "https://api2.toys.example"
    assert connections.get("others") is other
    with pytest.raises(httpx.ConnectError, match="closed"):
        first.client._transport.send(httpx.Request("GET", "https://api1.toys.example/"), 10)
    connections.close()


def test_a_connection_that_is_changed_while_it_is_made_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    connections = opened(config(1))
    changes = [config(2)]

    def changing(settings: type, configured: ConnectionConfig) -> object:
        made = make_settings(settings, configured)
        if changes:
            connections.refresh({"toys": changes.pop()}, {})
        return made

    monkeypatch.setattr(module, "make_settings", changing)
    assert endpoint(connections.get("toys")) == "https://api2.toys.example"
    connections.close()


def test_a_withheld_connection_says_why_and_keeps_its_integration() -> None:
    connections = opened(config(1))
    problem = ConfigurationError("there is no key", location="stored connection toys", hint="set it")
    connections.refresh({}, {"toys": WithheldConnection("toy", problem)})
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="there is no key") as caught:
            connections.get("toys")
        assert caught.value is not problem
        assert caught.value.hint == "set it"
    assert connections.names() == ()
    assert connections.integration_slug_or_empty("toys") == "toy"
    assert connections.integration("toys") == str(problem)
    connections.refresh({"toys": config(1)}, {})
    assert endpoint(connections.get("toys")) == "https://api1.toys.example"
    connections.refresh({}, {})
    with pytest.raises(NotFoundError, match="not configured"):
        connections.get("toys")
    connections.close()
