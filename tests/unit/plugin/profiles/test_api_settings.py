"""Settings of a service that documents nothing: what is lacking is told, and what is there signs the requests."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.connection_settings import read_header_name
from orderdesk_sdk.plugin.profiles.api_profile import read_api_profile
from orderdesk_sdk.plugin.profiles.api_settings import CustomApiSettings
from orderdesk_sdk.plugin.routes import Button, ManualConfirmation
from orderdesk_sdk.secret import Secret

WIRE = read_api_profile({"cancel": {"method": "POST", "path": "/{remote_id}", "accepted": [200]}}, "api")
WHOLE: dict[str, Any] = {
    "base_url": "https://acme.example",
    "auth_mode": "basic",
    "api_user": "ann",
    "api_secret": Secret("open sesame"),
    "user_header": "x-user",
    "secret_header": "x-key",
    "api": WIRE,
}


def made(**changed: object) -> CustomApiSettings:
    """Settings that lack nothing, but for what is changed; None leaves a setting out."""
    return CustomApiSettings(**{name: value for name, value in {**WHOLE, **changed}.items() if value is not None})


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        (CustomApiSettings(), "base_url, auth_mode, api"),
        (made(api=None), "api"),
        (made(api_user=None, api_secret=None), "api_user, api_secret"),
        (made(auth_mode="headers", user_header=None, secret_header=None), "user_header, secret_header"),
        (made(auth_mode="header", api_user=None, user_header=None, secret_header=None), "secret_header"),
    ],
)
def test_what_is_lacking_is_told_and_gives_no_profile(settings: CustomApiSettings, missing: str) -> None:
    assert (settings.missing() or "").startswith(f"API format not configured: {missing} missing; ask the service")
    with pytest.raises(ConfigurationError, match=f"{missing} missing"):
        settings.profile()


@pytest.mark.parametrize(
    ("mode", "headers"),
    [
        ("basic", {"authorization": "Basic YW5uOm9wZW4gc2VzYW1l"}),
        ("headers", {"x-user": "ann", "x-key": "open sesame"}),
        ("header", {"x-key": "open sesame"}),
    ],
)
def test_a_request_is_signed_as_it_is_configured(mode: str, headers: dict[str, str]) -> None:
    settings = made(auth_mode=mode)
    assert (settings.missing(), settings.profile()) == (None, WIRE)
    request = next(settings.auth().auth_flow(httpx.Request("GET", "https://acme.example")))
    known = {"authorization", "x-user", "x-key"}
    assert {name: value for name, value in request.headers.items() if name in known} == headers


def test_the_ladder_is_one_button_with_the_proof_that_the_profile_has() -> None:
    (button,) = made().routes()
    assert isinstance(button, Button)
    assert isinstance(button.confirm, ManualConfirmation)


@pytest.mark.parametrize("name", ["X Key", "x-key:", "x-key\r\nHost", "b\u00fc", "Host", "content-length", 5])
def test_a_header_that_no_request_can_have_is_refused_in_the_configuration(name: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_header_name(name, "desk.toml: secret_header")
    assert (caught.value.location, bool(caught.value.hint)) == ("desk.toml: secret_header", True)
    assert read_header_name("x-api-key", "") == "x-api-key"
