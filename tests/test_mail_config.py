"""The `[mail]` table: each mistake is named with its place and hint before a mail is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderdesk_sdk.desk.config import Config, read_config
from orderdesk_sdk.desk.desk import Desk
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.email.smtp import EmailConfig, SmtpTransport

LOGIN = 'sender = "a@b.example"\nusername = "shop"\npassword = { text = "plain" }\n'
SENDER = 'sender = "Shop <orders@example.com>"\n'


def written(folder: Path, table: str) -> Path:
    path = folder / "orderdesk.toml"
    path.write_text(f"[mail]\n{table}", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("table", "place"),
    [
        ("", "[mail].sender"),
        ('sender = "nobody"', "[mail].sender"),
        ('sender = "a@example.com, b@example.com"', "[mail].sender"),
        ('sender = ["a@example.com"]', "[mail].sender"),
        (f'{SENDER}mode = "redirect"', "[mail].redirect_to"),
        (f'{SENDER}mode = "redirect"\nredirect_to = "a@example.com, b@example.com"', "[mail].redirect_to"),
        (f'{SENDER}mode = "sent"', "[mail].mode"),
        (f"{SENDER}timeout = 0", "[mail].timeout"),
        (f"{SENDER}timeout = -5", "[mail].timeout"),
        (f'{SENDER}ca_file = "nowhere.pem"', "[mail].ca_file"),
        (f'{SENDER}username = "shop"', "[mail].password"),
        (f'{SENDER}username = "shop"\npassword = "plain"', "[mail].password"),
        (f'{SENDER}password = {{ text = "plain" }}', "[mail].username"),
        (f"{SENDER}timeout = 601", "[mail].timeout"),
        (f"{SENDER}timeout = 99999999999999999999", "[mail].timeout"),
        (f"{SENDER}port = -1", "[mail].port"),
        (f"{SENDER}port = 0", "[mail].port"),
        (f"{SENDER}port = 65536", "[mail].port"),
        (f'{SENDER}host = "smtp..example.com"', "[mail].host"),
        (f'{SENDER}host = "smtp.example.com:25"', "[mail].host"),
        (f'{SENDER}host = "shop:plain@smtp.example.com"', "[mail].host"),
        (f'{SENDER}host = "smtp://smtp.example.com"', "[mail].host"),
        (f'{SENDER}host = "smtp.b\u00fccher.example"', "[mail].host"),
        (f'{SENDER}host = ""', "[mail].host"),
        (f'{SENDER}host = "{"x" * 300}"', "[mail].host"),
        (f'{SENDER}ca_file = "a\\u0000b"', "[mail].ca_file"),
        (f'{SENDER}ca_file = "{"x" * 5000}"', "[mail].ca_file"),
        (f'{LOGIN}host = "smtp.example.com"', "[mail].starttls"),
        (f'{LOGIN}host = "localhost.example.com"', "[mail].starttls"),
        (f'{SENDER}username = "sh\u00f6p"\npassword = {{ text = "plain-\u00fc" }}\nstarttls = true', "[mail].username"),
        (f'{SENDER}username = "shop"\npassword = {{ text = "plain-\u00fc" }}\nstarttls = true', "[mail].password"),
        (f'{SENDER}username = "shop"\npassword = {{ text = "plain\\rRSET" }}\nstarttls = true', "[mail].password"),
        (f'{SENDER}username = "shop"\npassword = {{ text = "plain\\n" }}\nstarttls = true', "[mail].password"),
        ('sender = "a@b..example"', "[mail].sender"),
        ('sender = "=?utf-8?q?a=0D=0Ab?= <a@b.example>"', "[mail].sender"),
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
def test_what_is_made_in_code_is_held_against_the_same(made: EmailConfig) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Desk(Config(Path("never-made.db"), email=made))
    assert str(caught.value.location).startswith("[mail].")
    assert "plain" not in f"{caught.value}{caught.value!r}"
