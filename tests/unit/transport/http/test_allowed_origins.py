"""Hosts that a connection may call: those it names, and subdomains for calls without credentials."""

from __future__ import annotations

import httpx
import pytest

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.connection_settings import settings, url
from orderdesk_sdk.runtime.connection_config import ConnectionConfig, make_settings
from orderdesk_sdk.transport.http.allowed_origins import AllowedOrigins

HOSTS = AllowedOrigins(["https://api.example.com/v1", "http://127.0.0.1:8000", "https://*.store.example"])


@settings
class StoreSettings:
    store: str = url(help="where files lie")


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("url", ["https://api.example.com/x", "https://API.example.com:443", "http://127.0.0.1:8000/"])
def test_a_host_that_is_named_may_be_called_signed_or_not(url: str, signed: bool) -> None:
    assert HOSTS.allow(httpx.URL(url), signed=signed)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com",
        "https://api.example.com:8443",
        "https://example.com",
        "https://a.api.example.com",
        "https://store.example",
        "https://evilstore.example",
        "https://a.store.example.evil.com",
        "https://evil.com/a.store.example",
        "https://a.store.example@evil.com/",
        "http://a.store.example",
        "https://a.store.example:444",
        "http://127.0.0.1:8001",
    ],
)
@pytest.mark.parametrize("signed", [True, False])
def test_no_other_host_may_be_called(url: str, signed: bool) -> None:
    assert not HOSTS.allow(httpx.URL(url), signed=signed)


@pytest.mark.parametrize("url", ["https://a.store.example/file?x=1", "https://b.a.STORE.example:443/"])
def test_a_subdomain_may_be_called_without_credentials_only(url: str) -> None:
    assert HOSTS.allow(httpx.URL(url), signed=False)
    assert not HOSTS.allow(httpx.URL(url), signed=True)


def made(store: str) -> object:
    return make_settings(StoreSettings, ConnectionConfig("acme", "acme", {"store": store}, "[connections.acme]"))


def test_a_host_setting_may_stand_for_subdomains() -> None:
    assert made("https://*.store.example") == StoreSettings(store="https://*.store.example")


@pytest.mark.parametrize(
    "store", ["https://*", "https://*.com", "http://*.a.example", "https://a*.b.example", "https://*.a.b/c"]
)
def test_a_star_that_stands_for_anything_else_is_refused(store: str) -> None:
    with pytest.raises(ConfigurationError, match="stands for all subdomains"):
        made(store)
