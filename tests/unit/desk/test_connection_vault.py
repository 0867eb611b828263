"""The vault of stored connections: what it seals only its key opens, and only for what it was sealed for."""

from __future__ import annotations

import pytest
from attrs import evolve

from orderdesk_sdk.desk.connection_vault import ConnectionVault
from orderdesk_sdk.desk.stored_connection_config import StoredConnectionConfig
from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.http.reach import Reach
from tests.support.stored_configuration import stored_connection

SECRETS = {"api_key": Secret("canary-key"), "password": Secret("pässword\n")}
KEY, OTHER = Secret("k" * 32), Secret("o" * 32)


def vault(key: Secret = KEY, previous: Secret | None = None) -> ConnectionVault:
    config = StoredConnectionConfig(key=key, previous_key=previous or Secret(""), ports=(8443,))
    return ConnectionVault(config, Reach.PUBLIC)


def test_what_was_sealed_is_opened_as_it_was() -> None:
    sealed = vault().seal(stored_connection(), SECRETS)
    assert vault().secrets(sealed) == SECRETS
    assert "canary-key" not in sealed.sealed
    assert sealed.sealed != vault().seal(stored_connection(), SECRETS).sealed, "nor does it tell that it is the same"
    config = vault().open(sealed)
    assert (config.reach, config.ports, config.insecure) == (Reach.PUBLIC, (8443,), False)
    assert config.settings == {**sealed.settings, "api_key": {"text": "canary-key"}, "password": {"text": "pässword\n"}}
    assert "canary-key" not in repr(config)


@pytest.mark.parametrize("key", [OTHER, Secret("k" * 33)])
def test_another_key_opens_nothing_and_the_previous_one_does(key: Secret) -> None:
    sealed = vault().seal(stored_connection(), SECRETS)
    with pytest.raises(ConfigurationError, match="sealed with another key"):
        vault(key).secrets(sealed)
    both = vault(key, previous=KEY)
    assert both.secrets(sealed) == SECRETS
    assert not both.is_sealed_with_present_key(sealed)
    assert both.is_sealed_with_present_key(both.seal(sealed, both.secrets(sealed)))


@pytest.mark.parametrize(
    "changed",
    [
        {"settings": {"endpoint": "https://evil.example"}},
        {"settings": {}},
        {"name": "other"},
        {"integration": "other"},
        {"cancel_requests": "automatic"},
    ],
)
def test_what_the_secrets_were_given_for_cannot_be_changed_without_the_key(changed: dict[str, object]) -> None:
    sealed = vault().seal(stored_connection(), SECRETS)
    tampered = evolve(sealed, **changed)  # type: ignore[arg-type]  # each case names one field
    with pytest.raises(ConfigurationError, match="the database was changed"):
        vault().open(tampered)


def test_a_damaged_seal_opens_nothing() -> None:
    sealed = vault().seal(stored_connection(), SECRETS)
    for text in ("", "AAAA", sealed.sealed[:-8], "x" + sealed.sealed[1:], "no base64!"):
        with pytest.raises(ConfigurationError, match="cannot be opened"):
            vault().secrets(evolve(sealed, sealed=text))


def test_switching_it_off_needs_no_key() -> None:
    sealed = vault().seal(stored_connection(), SECRETS)
    assert vault().secrets(evolve(sealed, is_enabled=False, version=9, by="Bo")) == SECRETS


def test_without_a_key_it_says_what_to_configure() -> None:
    with pytest.raises(ConfigurationError, match=r"add \[stored_connections\]"):
        ConnectionVault(None, Reach.PUBLIC).seal(stored_connection(), SECRETS)
