"""The `[single_sign_on]` table: each mistake is named with its place before anybody is led to a login."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderdesk_sdk.desk.config import read_config
from orderdesk_sdk.errors import ConfigurationError

WEB = '[web]\nurl = "https://desk.example.com"\n'
CLIENT = 'client_id = "orderdesk"\nclient_secret = { env = "LOGIN_SECRET" }\n'
ISSUER = 'issuer = "https://login.example.com"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "orderdesk.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGIN_SECRET", "a secret of the login")


@pytest.mark.parametrize(
    ("issuer", "is_here"),
    [
        ("https://login.example.com", False),
        ("https://login.example.com:8443/realms/shop", False),
        ("http://127.0.0.1:8080/x", True),
    ],
)
def test_a_table_names_a_login(tmp_path: Path, issuer: str, is_here: bool) -> None:
    config = read_config(written(tmp_path, f'{WEB}[single_sign_on]\nissuer = "{issuer}"\n{CLIENT}')).single_sign_on
    assert config is not None
    assert (config.issuer, config.is_on_this_machine, config.identity) == (issuer, is_here, "email")
    assert "a secret of the login" not in repr(config)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"[single_sign_on]\n{ISSUER}{CLIENT}", "[single_sign_on]"),
        (f'{WEB}[single_sign_on]\nissuer = "http://login.example.com"\n{CLIENT}', "[single_sign_on].issuer"),
        (f'{WEB}[single_sign_on]\nissuer = "https://a:b@login.example.com"\n{CLIENT}', "[single_sign_on].issuer"),
        (f'{WEB}[single_sign_on]\nissuer = "https://login.example.com/?x"\n{CLIENT}', "[single_sign_on].issuer"),
        (f"{WEB}[single_sign_on]\nissuer = 7\n{CLIENT}", "[single_sign_on].issuer"),
        (f"{WEB}[single_sign_on]\n{CLIENT}", "[single_sign_on].issuer"),
        (f'{WEB}[single_sign_on]\n{ISSUER}client_id = "orderdesk"', "[single_sign_on].client_secret"),
        (f'{WEB}[single_sign_on]\n{ISSUER}{CLIENT}identity = "name"', "[single_sign_on].identity"),
        (f'{WEB}[single_sign_on]\n{ISSUER}{CLIENT}scope = "all"', "[single_sign_on]"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_config(written(tmp_path, text))
    assert str(caught.value.location).endswith(place)
