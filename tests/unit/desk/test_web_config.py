"""The table `[web]`: what would let strangers in is refused when it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderdesk_sdk.desk.config import read_config
from orderdesk_sdk.errors import ConfigurationError

LONG = "s" * 43


@pytest.mark.parametrize(
    ("table", "location"),
    [
        (f'message_secret = "{LONG[:31]}"', "message_secret"),
        ('user_header = "X-Remote-User"', "user_header"),
        ('user_header = "X Remote"\ntrusted_proxies = ["10.0.0.7/32"]', "user_header"),
        ('trusted_proxies = ["10.0.0.7/8"]', "trusted_proxies"),
        ('trusted_proxies = ["proxy.example.com"]', "trusted_proxies"),
        ('hosts = ["*"]', "hosts"),
        ('hosts = ["*.example.com"]', "hosts"),
        ('hosts = ["desk.example.com:443"]', "hosts"),
        ('url = "desk.example.com"', "url"),
        ('url = "ftp://desk.example.com"', "url"),
        ('url = "https://desk.example.com/console"', "url"),
        ('url = "https://ann@desk.example.com"', "url"),
        ('url = "https://desk.example.com?x"', "url"),
        ("max_upload_bytes = 1000000000", "max_upload_bytes"),
        ("api_calls_per_minute = 0", "api_calls_per_minute"),
    ],
)
def test_what_would_let_strangers_in_is_refused(tmp_path: Path, table: str, location: str) -> None:
    file = tmp_path / "orderdesk.toml"
    file.write_text(f"[web]\n{table}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_config(file)
    assert location in str(caught.value.location)
    assert caught.value.hint
    assert LONG[:31] not in str(caught.value)
