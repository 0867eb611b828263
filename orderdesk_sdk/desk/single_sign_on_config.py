"""The `[single_sign_on]` table: whose login lets users of the console in, by OpenID Connect."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.connection_settings import custom, secret, setting, settings
from orderdesk_sdk.runtime.connection_config import make_from_table
from orderdesk_sdk.secret import Secret

__all__ = ["SingleSignOnConfig", "read_single_sign_on_config"]

_ISSUER = re.compile(
    r"(https://[A-Za-z0-9.-]+(:[0-9]{1,5})?|http://(127\.0\.0\.1|localhost):[0-9]{1,5})(/[A-Za-z0-9._~/-]*)?"
)


def _read_issuer(value: object, location: str) -> str:
    if not isinstance(value, str) or not _ISSUER.fullmatch(value):
        raise ConfigurationError(
            "this is not the address of an issuer: https:// without a login, query or fragment",
            location=location,
            hint='write it as the issuer does, such as "https://login.example.com/realms/shop"',
        )
    return value


@settings
class SingleSignOnConfig:
    """The `[single_sign_on]` table. Without it users sign in here."""

    issuer: str = custom(_read_issuer, help="the login's issuer, exactly as its discovery document states it")
    client_id: str = setting(str, help="what the login calls this console")
    client_secret: Secret = secret(help="the secret that the login gave this console")
    identity: str = setting(
        str,
        help="what of a person must be the identity of a user here; an e-mail address counts where it is verified",
        default="email",
        choices=("email", "subject"),
    )
    title: str = setting(str, help="what the button says after Sign in with", default="single sign-on")

    @property
    def is_on_this_machine(self) -> bool:
        """Whether the login is on loopback, where http:// will do."""
        return self.issuer.startswith("http://")


def read_single_sign_on_config(table: Mapping[str, object], location: str, console_url: str) -> SingleSignOnConfig:
    """The table as it is written. Raises ConfigurationError, also where the login could not lead back."""
    config = make_from_table(SingleSignOnConfig, table, location, os.environ)
    if not console_url:
        raise ConfigurationError(
            "a login leads back to the console's address, which is not configured",
            location=location,
            hint='add url = "https://..." to [web]',
        )
    if not config.client_secret.reveal() or not config.client_id:
        raise ConfigurationError(
            "a login needs client_id and client_secret", location=location, hint="register the console there"
        )
    return config
