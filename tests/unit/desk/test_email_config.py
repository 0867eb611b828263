"""The `[email]` table: each mistake is named with its place and hint before a mail is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderdesk_sdk.desk.config import Config, read_config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.email.config import EmailConfig
from orderdesk_sdk.transport.email.smtp import SmtpTransport

LOGIN = 'sender = "a@b.example"\nusername = "shop"\npassword = { text = "plain" }\n'
SENDER = 'sender = "Shop <orders@example.com>"\n'


def written(folder: Path, table: str) -> Path:
    path = folder / "orderdesk.toml"
    path.write_text(f"[email]\n{table}", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("table", "place"),
    [
        ("", "[email].sender"),
        ('sender = "nobody"', "[email].sender"),
        ('sender = "a@example.com, b@example.com"', "[email].sender"),
        ('sender = ["a@example.com"]', "[email].sender"),
        (f'{SENDER}mode = "redirect"', "[email].redirect_to"),
        (f'{SENDER}mode = "redirect"\nredirect_to = "a@example.com, b@example.com"', "[email].redirect_to"),
        (f'{SENDER}mode = "sent"', "[email].mode"),
        (f"{SENDER}timeout = 0", "[email].timeout"),
        (f"{SENDER}timeout = -5", "[email].timeout"),
        (f'{SENDER}ca_file = "nowhere.pem"', "[email].ca_file"),
        (f'{SENDER}username = "shop"', "[email].password"),
        (f'{SENDER}username = "shop"\npassword = "plain"', "[email].password"),
        (f'{SENDER}password = {{ text = "plain" }}', "[email].username"),
        (f"{SENDER}timeout = 601", "[email].timeout"),
        (f"{SENDER}timeout = 99999999999999999999", "[email].timeout"),
        (f"{SENDER}port = -1", "[email].port"),
        (f"{SENDER}port = 0", "[email].port"),
        (f"{SENDER}port = 65536", "[email].port"),
        (f'{SENDER}host = "smtp..example.com"', "[email].host"),
        (f'{SENDER}host = "smtp.example.com:25"', "[email].host"),
        (f'{SENDER}host = "shop:plain@smtp.example.com"', "[email].host"),
        (f'{SENDER}host = "smtp://smtp.example.com"', "[email].host"),
        (f'{SENDER}host = "smtp.b\u00fccher.example"', "[email].host"),
        (f'{SENDER}host = ""', "[email].host"),
        (f'{SENDER}host = "{"x" * 300}"', "[email].host"),
        (f'{SENDER}ca_file = "a\\u0000b"', "[email].ca_file"),
        (f'{SENDER}ca_file = "{"x" * 5000}"', "[email].ca_file"),
        (f'{LOGIN}host = "smtp.example.com"', "[email].starttls"),
        (f'{LOGIN}host = "localhost.example.com"', "[email].starttls"),
        (
            f'{SENDER}username = "sh\u00f6p"\npassword = {{ text = "plain-\u00fc" }}\nstarttls = true',
            "[email].username",
        ),
        (f'{SENDER}username = "shop"\npassword = {{ text = "plain-\u00fc" }}\nstarttls = true', "[email].password"),
        (f'{SENDER}username = "shop"\npassword = {{ text = "plain\\rRSET" }}\nstarttls = true', "[email].password"),
        (f'{SENDER}username = "shop"\npassword = {{ text = "plain\\n" }}\nstarttls = true', "[email].password"),
        ('sender = "a@b..example"', "[email].sender"),
        ('sender = "=?utf-8?q?a=0D=0Ab?= <a@b.example>"', "[email].sender"),
    ],
)
def test_each_mistake_is_named_with_place_and_remedy(table: str, place: str, tmp_path: Path) -> None:
    path = written(tmp_path, table)
    with pytest.raises(ConfigurationError) as caught:
        read_config(path)
    assert caught.value.location == f"{path}: {place}"
    assert caught.value.hint
    assert "plain" not in f"{caught.value}{caught.value!r}"


def test_what_is_not_said_has_its_default(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, SENDER)).email
    assert config is not None
    assert (config.sender, config.mode, config.starttls, config.ca_file, config.timeout) == (
        "Shop <orders@example.com>",
        "send",
        False,
        "",
        20,
    )


@pytest.mark.parametrize(
    "more",
    [
        'host = "127.0.0.1"',
        'host = "::1"',
        'host = "localhost"',
        'host = "s.example"\nstarttls = true',
        'host = "s.example"\ninsecure = true',
    ],
)
def test_a_login_goes_to_this_machine_or_by_tls_or_where_somebody_says_so(more: str, tmp_path: Path) -> None:
    config = read_config(written(tmp_path, LOGIN + more)).email
    assert config is not None
    assert "plain" not in repr(config)
    SmtpTransport(config)


@pytest.mark.parametrize(
    "made",
    [
        EmailConfig(sender="a@b.example", host="smtp..example.com"),
        EmailConfig(sender="a@b.example", port=-1),
        EmailConfig(sender="a@b.example", timeout=10**20),
        EmailConfig(sender="a@b.example", mode="sent"),
        EmailConfig(sender="nobody"),
        EmailConfig(sender="a@b.example", host="s.example", username="shop", password=Secret("plain")),
        EmailConfig(sender="a@b.example", username="shop", password=Secret("plain-\u00fc")),
    ],
)
def test_what_is_made_in_code_is_held_against_the_same(made: EmailConfig, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Desk(Config(tmp_path / "never-made.db", email=made))
    assert list(tmp_path.iterdir()) == []
    assert str(caught.value.location).startswith("[email].")
    assert "plain" not in f"{caught.value}{caught.value!r}"
