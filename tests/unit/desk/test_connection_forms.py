"""The form of a connection: what its texts are read as."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from orderdesk_sdk.desk.connection_admin.forms import ConnectionForm, form_of, read_texts
from orderdesk_sdk.errors import ConfigurationError, ValidationError
from orderdesk_sdk.plugin.connection_settings import custom, read_string_list, secret, setting, settings, url
from orderdesk_sdk.plugin.integration import Integration
from orderdesk_sdk.plugin.order_numbers import NotStated
from orderdesk_sdk.plugin.routes import Portal
from orderdesk_sdk.secret import Secret


def _read_table(value: object, location: str) -> Mapping[str, object]:
    assert isinstance(value, Mapping), location
    return value


@settings
class EverySetting:
    endpoint: str = url(help="the API")
    key: Secret = secret(help="the key")
    speed: str = setting(str, help="how fast", default="slow", choices=("slow", "fast"))
    retries: int = setting(int, help="how often", default=3)
    strict: bool = setting(bool, help="whether", default=True)
    codes: tuple[str, ...] = custom(read_string_list, help="codes", default=())
    profile: Mapping[str, object] = custom(_read_table, help="a profile", default={})


@pytest.fixture
def form() -> ConnectionForm:
    return form_of(
        Integration(
            slug="every",
            title="Every",
            settings=EverySetting,
            base_url="endpoint",
            cancel=(Portal("Call them."),),
            identified_by={"*": NotStated("a test's service states none")},
        )
    )


def test_a_form_says_what_is_needed_and_what_is_secret(form: ConnectionForm) -> None:
    assert [(field.name, field.type, field.is_required, field.is_secret) for field in form.fields] == [
        ("endpoint", "text", True, False),
        ("key", "text", True, True),
        ("speed", "text", False, False),
        ("retries", "int", False, False),
        ("strict", "bool", False, False),
        ("codes", "texts", False, False),
        ("profile", "table", False, False),
    ]
    assert form.secret_names == ("key",)
    assert form.fields[2].choices == ("slow", "fast")


def test_texts_are_read_as_what_their_fields_hold_and_what_is_empty_is_left_out(form: ConnectionForm) -> None:
    texts = {
        "endpoint": " https://api.example.com ",
        "speed": "",
        "retries": "12",
        "strict": "off",
        "codes": "A1\n\n B2 \n",
        "profile": 'path = "/x"\n[headers]\nx-a = "1"',
    }
    assert read_texts(form, texts) == {
        "endpoint": "https://api.example.com",
        "retries": 12,
        "strict": False,
        "codes": ["A1", "B2"],
        "profile": {"path": "/x", "headers": {"x-a": "1"}},
    }
    assert read_texts(form, {"strict": "", "retries": " "}) == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("retries", "twelve"),
        ("retries", "1e3"),
        ("retries", "\u0661\u0662"),
        ("retries", "9" * 20),
        ("strict", "perhaps"),
        ("profile", "no table"),
        ("endpoint", "x" * 100_001),
    ],
)
def test_a_text_that_cannot_be_read_is_refused(form: ConnectionForm, name: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"settings.{name}"):
        read_texts(form, {name: text})


@pytest.mark.parametrize("name", ["key", "unknown"])
def test_a_secret_is_no_setting(form: ConnectionForm, name: str) -> None:
    with pytest.raises(ValidationError, match="or it is a secret"):
        read_texts(form, {name: "x"})
