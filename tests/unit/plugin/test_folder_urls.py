"""The URL of a folder, and the login by SFTP, as they are configured."""

from __future__ import annotations

import re

import pytest
from attrs import evolve

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.settings_schema import settings_schema
from orderdesk_sdk.plugin.sftp_settings import read_host_keys
from orderdesk_sdk.plugin.transports import folder_of, transports_of
from orderdesk_sdk.plugin.urls import read_folder_url
from orderdesk_sdk.transport.http.public_addresses import may_connect, require_reachable_url
from orderdesk_sdk.transport.http.reach import Reach
from tests.support.filing_toy import Filing, FilingSettings

KEY = "SHA256:uNiVztksCsDhcc0u9e8BrrrVdu2nwpzvC1Ru4QyLdRE"
DECLARED = Filing().orderdesk_integration()
TAKEN = (
    ("sftp://files.example.com", "sftp://files.example.com"),
    ("SFTP://Files.Example.com:2222/Shop 7/".replace(" ", "%20"), "sftp://files.example.com:2222/Shop%207"),
    ("file:///srv/acme/", "file:///srv/acme"),
    ("http://127.0.0.1:8401", "http://127.0.0.1:8401"),
)
REFUSED = (
    "ftp://files.example.com",
    "https://files.example.com",
    "http://files.example.com",
    "sftp://user:hunter22@files.example.com",
    "sftp:///in",
    "sftp://a..b/in",
    "sftp://files.example.com/in?x=1",
    "sftp://files.example.com/in//out",
    "sftp://files.example.com/../etc",
    "file:///srv/%2e%2e/etc",
    "file://server/share",
    "file:///",
    "",
    7,
)


@pytest.mark.parametrize(("url", "read"), TAKEN)
def test_a_folder_is_taken(url: str, read: str) -> None:
    assert read_folder_url(url, "folder") == read


@pytest.mark.parametrize("url", REFUSED)
def test_what_is_no_folder_is_refused_and_not_shown(url: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_folder_url(url, "folder")
    assert "hunter22" not in str(caught.value)


def test_the_schema_takes_the_same() -> None:
    properties = settings_schema(FilingSettings, "Filing")["properties"]
    assert isinstance(properties, dict)
    pattern = re.compile(properties["folder"]["pattern"])
    assert all(pattern.search(read) for _, read in TAKEN)
    assert not any(pattern.search(url) for url in ("ftp://a", "https://a", "sftp://u@a", "sftp://a/in?x=1"))


def test_what_is_configured_at_run_time_leads_to_public_sftp_servers_alone() -> None:
    def reach(url: str, *ports: int) -> str:
        return require_reachable_url(url, "folder", Reach.PUBLIC, ports, of_files=True)

    assert reach("sftp://files.example.com/in") == "sftp://files.example.com/in"
    assert reach("sftp://files.example.com:2222", 2222) == "sftp://files.example.com:2222"
    for url in ("file:///srv", "sftp://127.0.0.1", "sftp://10.0.0.1", "sftp://files.example.com:2222", "http://[::1]"):
        with pytest.raises(ConfigurationError):
            reach(url)
    assert (may_connect(Reach.PUBLIC, "sftp", "8.8.8.8"), may_connect(Reach.PUBLIC, "sftp", "10.0.0.1")) == (
        True,
        False,
    )


def test_fingerprints_are_read_one_or_several() -> None:
    assert (read_host_keys(KEY, "host_key"), read_host_keys([KEY, KEY], "host_key")) == ((KEY,), (KEY, KEY))


@pytest.mark.parametrize("given", ["", [], 7, "MD5:00:11", f"{KEY}=", KEY[:-1], "ssh-rsa AAAA"])
def test_what_is_no_fingerprint_is_refused(given: object) -> None:
    with pytest.raises(ConfigurationError):
        read_host_keys(given, "host_key")


def test_the_scheme_of_the_folder_is_the_transport() -> None:
    its = FilingSettings(folder="file:///srv/acme")
    assert (transports_of(DECLARED), transports_of(DECLARED, its)) == (("sftp", "file"), ("file",))
    assert folder_of(DECLARED, its) == "file:///srv/acme"
    assert (transports_of(evolve(DECLARED, base_url=None)), folder_of(evolve(DECLARED, base_url=None), its)) == (
        (),
        None,
    )
