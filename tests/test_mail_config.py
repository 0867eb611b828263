"""The `[mail]` table: each mistake is named with its place and remedy before a mail is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderdesk_sdk.config import read_config
from orderdesk_sdk.errors import ConfigurationError

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
    ],
)
def test_each_mistake_is_named_with_place_and_remedy(table: str, place: str, tmp_path: Path) -> None:
    path = written(tmp_path, table)
    with pytest.raises(ConfigurationError) as caught:
        read_config(path)
    assert caught.value.place == f"{path}: {place}"
    assert caught.value.remedy
    assert "plain" not in str(caught.value)


def test_what_is_not_said_has_its_default(tmp_path: Path) -> None:
    config = read_config(written(tmp_path, SENDER)).mail
    assert config is not None
    assert (config.sender, config.mode, config.starttls, config.ca_file, config.timeout) == (
        "Shop <orders@example.com>", "send", False, "", 20,
    )  # fmt: skip
