"""Hosts, URLs and numbers are read whole with the configuration: what cannot be used, or harms, is refused there."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderdesk_sdk.desk.config import read_config
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.connection_settings import secret, setting, settings, url
from orderdesk_sdk.plugin.urls import is_loopback, read_base_url, read_host
from orderdesk_sdk.runtime.connection_config import ConnectionConfig, make_settings
from orderdesk_sdk.secret import Secret

PLACE = "desk.toml: [connections.shop].settings.endpoint"
PASSWORD = "hunter22"
PEM = "-----BEGIN KEY-----\nb\n-----END KEY-----\n"


@settings
class AcmeSettings:
    """Acme."""

    endpoint: str = url(help="Acme's API")
    key: Secret = secret(help="its key", default=Secret(""))
    pieces: int = setting(int, help="pieces a box", default=3, minimum=1, maximum=12)
    count: int = setting(int, help="any", default=0)
    name: str = setting(str, help="our name there", default="")


def made(insecure: bool = False, /, **given: object) -> AcmeSettings:
    connection = ConnectionConfig("shop", "acme", given, "desk.toml: [connections.shop]", insecure)
    found = make_settings(AcmeSettings, connection, {"KEY": PASSWORD, "LINE": f"{PASSWORD}\n", "PEM": PEM})
    assert isinstance(found, AcmeSettings)
    return found


def refused(name: str = "endpoint", /, **given: object) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        made(False, **given)
    assert caught.value.location == f"desk.toml: [connections.shop].settings.{name}"
    assert caught.value.hint
    assert PASSWORD not in f"{caught.value}{caught.value!r}"
    return caught.value


@pytest.mark.parametrize(
    "url",
    [
        "http://a..b",
        "https://a..b",
        "http://[::1",
        "https://::1",
        "https://[::1]x",
        "https://",
        "https:///path",
        "ftp://a.b",
        "https://a.b:0",
        "https://a.b:65536",
        "https://a.b:-1",
        "https://a.b:",
        "https://a.b:x",
        "https://a.b:\u0663",
        f"https://shop:{PASSWORD}@a.b",
        f"https://{PASSWORD}@a.b",
        f"https://a.b?key={PASSWORD}",
        "https://a.b#x",
        "https://a.b/x?",
        "https://a b",
        "https://a.b/x y",
        "https://a.b/x\n",
        "https://a.b\\@evil.example",
        "https://a\x00.b",
        "https://a.b/\u202e",
        "https://b\u00fccher.example",
        "https://xn--",
        "https://xn--.b",
        "https://-a.b",
        f"https://{'a' * 64}.b",
        f"https://{'a.' * 130}b",
        "https://1.2.3",
        "https://2130706433",
        "https://0x7f.1",
        "https://256.1.1.1",
        "https://a%2eb",
        "https://a.b,https://c.d",
        "https://[fe80::1%25eth0]",
        "https://*",
        "https://*.b",
        "http://*.a.b",
        "https://a*.b.c",
        "https://*.a..b",
        "https://*.a.b/c",
        "https://a.b/" + "x" * 2000,
        5,
        "",
        None,
        ["https://a.b"],
    ],
)
def test_what_cannot_be_called_is_refused_where_it_stands_and_not_shown(url: object) -> None:
    refused(endpoint=url)


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("https://api.acme.example", "https://api.acme.example"),
        ("HTTPS://API.Acme.Example:8443/V1/", "https://api.acme.example:8443/V1"),
        ("https://a_b.example.", "https://a_b.example."),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://192.0.2.1/a@b", "https://192.0.2.1/a@b"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://*.Amazonaws.com/", "https://*.amazonaws.com"),
        ("http://127.0.0.1:8001/x", "http://127.0.0.1:8001/x"),
        ("http://127.1.2.3", "http://127.1.2.3"),
        ("http://localhost:8001", "http://localhost:8001"),
        ("http://[::1]:8001", "http://[::1]:8001"),
    ],
)
def test_what_can_be_called_is_taken(url: str, read: str) -> None:
    assert made(endpoint=url).endpoint == read


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.example",
        "http://10.0.0.7",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "HTTP://[2001:db8::1]",
    ],
)
def test_http_goes_to_this_machine_or_where_somebody_says_so(url: str) -> None:
    assert "insecure = true" in str(refused(endpoint=url).hint)
    assert made(True, endpoint=url).endpoint == url.lower()
    with pytest.raises(ConfigurationError):
        made(True, endpoint=f"http://shop:{PASSWORD}@acme.example")


def test_insecure_is_said_in_the_connections_table(tmp_path: Path) -> None:
    path = tmp_path / "desk.toml"
    path.write_text('[connections.a]\nintegration = "x"\ninsecure = true\n[connections.b]\nintegration = "x"')
    config = read_config(path)
    assert (config.connections["a"].insecure, config.connections["b"].insecure) == (True, False)
    path.write_text('[connections.a]\nintegration = "x"\ninsecure = 1')
    with pytest.raises(ConfigurationError, match="true or false"):
        read_config(path)


@pytest.mark.parametrize("bad", ["http://api.careless.example", "https://a..b", "https://u:p@a.b", "somewhere"])
def test_the_default_of_a_plugin_is_held_against_the_same_where_it_is_declared(bad: str) -> None:
    with pytest.raises(TypeError, match=r"Careless\.url"):

        @settings
        class Careless:
            url: str = url(help="where", default=bad)


def test_a_default_number_is_in_its_range() -> None:
    with pytest.raises(TypeError, match=r"Careless\.count: 13 is out of range"):

        @settings
        class Careless:
            count: int = setting(int, help="pieces", default=13, maximum=12)


@given(st.text(st.sampled_from("https:/.@[]%*ab1-_?#\\ \u00fc\u0663\n"), max_size=25))
def test_whatever_is_taken_a_call_can_be_made_to(text: str) -> None:
    for candidate in (text, f"https://{text}", f"http://{text}"):
        try:
            taken = read_base_url(candidate, PLACE, insecure=True)
        except ConfigurationError:
            continue
        if "*" not in taken:
            assert httpx.Request("GET", f"{taken}/orders").url.host


@pytest.mark.parametrize(
    "name", ["smtp..example.com", "a b", "", "[::1]", "a:25", "u:p@a", "2130706433", "\u00fc.example", 5]
)
def test_what_is_no_host_is_refused(name: object) -> None:
    with pytest.raises(ConfigurationError):
        read_host(name, PLACE)


def test_this_machine_is_known_by_its_own_names_only() -> None:
    assert all(map(is_loopback, ("localhost", "LOCALHOST.", "127.0.0.1", "127.9.9.9", "::1")))
    assert not any(map(is_loopback, ("localhost.example", "10.0.0.1", "127.0.0.1.example", "", "::2")))


# Numbers and secrets


@pytest.mark.parametrize(
    ("name", "value"),
    [("pieces", 0), ("pieces", 13), ("pieces", -1), ("pieces", 10**20), ("count", -1), ("count", 10**4000)],
)
def test_every_number_has_a_range(name: str, value: int) -> None:
    assert "give " in str(refused(name, endpoint="https://a.b", **{name: value}).hint)


@pytest.mark.parametrize("text", ["a\nb", "a\0b", "a\x1b[2J", "a\u202eb", "a\t"])
def test_a_text_is_one_line(text: str) -> None:
    assert "line" in refused("name", endpoint="https://a.b", name=text).message


def test_a_number_that_cannot_even_be_shown_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "desk.toml"
    for number in (str(2**63), "0x" + "f" * 6000, "9" * 4000):
        path.write_text(f"[connections.a.settings]\nx = [1, {{ y = {number} }}]")
        with pytest.raises(ConfigurationError) as caught:
            read_config(path)
        assert caught.value.location == f"{path}: [connections].a.settings.x[1].y"


def test_the_mark_that_some_editors_write_before_a_text_is_no_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "desk.toml"
    path.write_text('[ledger]\nurl = "sqlite:///here.db"', encoding="utf-8-sig")
    assert read_config(path).ledger == tmp_path / "here.db"


@pytest.mark.parametrize("text", ["a = " + "9" * 5000, "a = " + "[" * 100_000, "a" + ".a" * 2000 + " = 1"])
def test_toml_that_cannot_be_read_is_said_to_be_so(tmp_path: Path, text: str) -> None:
    path = tmp_path / "desk.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_config(path)
    assert str(path) in str(caught.value.location)


def test_a_secret_with_a_line_break_of_its_file_is_refused_and_one_of_many_lines_is_not() -> None:
    assert "printf" in str(refused("key", endpoint="https://a.b", key={"env": "LINE"}).hint)
    refused("key", endpoint="https://a.b", key={"text": f"{PASSWORD}\r\n"})
    refused("key", endpoint="https://a.b", key={"text": "\n"})
    refused("key", endpoint="https://a.b", key={"text": f"{PASSWORD}\0"})
    refused("key", endpoint="https://a.b", key={"text": f"{PASSWORD}\nmore"})
    refused("key", endpoint="https://a.b", key={"text": f"{PEM}\x1b"})
    assert made(endpoint="https://a.b", key={"env": "PEM"}).key.reveal() == PEM


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[ledger]\nurl = "sqlite:///a\\u0000b"', "[ledger].url"),
        (f'[ledger]\nurl = "sqlite:///{"x" * 300}"', "[ledger].url"),
        (f'[orders]\ntimezone = "{"x" * 5000}"', "[orders].timezone"),
        ('[orders]\ntimezone = "a\\u0000b"', "[orders].timezone"),
        ('[sandbox]\nclock = "http://127.0.0.1:99999"', "[sandbox].clock"),
        ('[sandbox]\nclock = "http://127.0.0.1:0"', "[sandbox].clock"),
    ],
)
def test_what_no_system_takes_is_refused_in_the_file(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "desk.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_config(path)
    assert caught.value.location == f"{path}: {place}"
