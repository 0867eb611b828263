"""Settings classes of connections, and what a form needs to know of them."""

from __future__ import annotations

import attrs
import pytest

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.connection_settings import (
    SettingField,
    SettingKind,
    read_string_list,
    secret,
    setting,
    settings,
    settings_fields,
    url,
)
from orderdesk_sdk.secret import Secret


@settings
class AcmeSettings:
    """Acme."""

    api_key: Secret = secret(help="Acme > Account")
    spare_key: Secret = secret(help="if any", default=Secret(""))
    endpoint: str = url(help="Acme's API", default="https://api.acme.example")
    speed: str = setting(str, help="speed", default="Standard", choices=("Standard", "Fast"))
    retries: int = setting(int, help="how often")
    loud: bool = setting(bool, help="shout", default=False)


def test_fields_are_described_in_their_order() -> None:
    assert settings_fields(AcmeSettings) == (
        SettingField("api_key", SettingKind.SECRET, Secret, "Acme > Account", True, None),
        SettingField("spare_key", SettingKind.SECRET, Secret, "if any", False, Secret("")),
        SettingField("endpoint", SettingKind.URL, str, "Acme's API", False, "https://api.acme.example"),
        SettingField("speed", SettingKind.PLAIN, str, "speed", False, "Standard", ("Standard", "Fast")),
        SettingField("retries", SettingKind.PLAIN, int, "how often", True, None),
        SettingField("loud", SettingKind.PLAIN, bool, "shout", False, False),
    )


def test_settings_are_frozen_keyword_only_and_show_no_secret() -> None:
    made = AcmeSettings(api_key=Secret("s3cret-key"), retries=2)
    assert made.api_key.reveal() == "s3cret-key"
    assert "s3cret-key" not in repr(made)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.retries = 3  # type: ignore[misc]  # that it is refused is the test
    with pytest.raises(TypeError):
        AcmeSettings(Secret("s3cret-key"))  # type: ignore[call-arg]  # that it is refused is the test


def test_a_field_without_a_help_text_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"Careless\.token: declare it with .*url\(\) or custom\(\)"):

        @settings
        class Careless:
            token: str = attrs.field(default="")


@pytest.mark.parametrize(("given", "read"), [("A1", ("A1",)), (["A1"], ("A1",)), (["A1", " B2 "], ("A1", "B2"))])
def test_a_list_of_texts_may_be_one_text(given: object, read: tuple[str, ...]) -> None:
    assert read_string_list(given, "ids") == read


@pytest.mark.parametrize("given", [[], "", " ", ["A1", ""], ["A\n1"], 7, [7], {"a": "b"}, None])
def test_what_is_no_list_of_texts_is_refused_with_its_place(given: object) -> None:
    with pytest.raises(ConfigurationError, match="a list of texts was expected"):
        read_string_list(given, "ids")
