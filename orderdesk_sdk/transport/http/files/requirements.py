"""What a connection by SFTP cannot do without, told when it is opened and not at its first call."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

import httpx

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.sftp_auth import SftpLogin

__all__ = ["required_login"]


def required_login(urls: Iterable[str], auth: httpx.Auth | None) -> SftpLogin | None:
    """The login by SFTP; None where none of these URLs needs one.

    Raises ConfigurationError where one does, and something is missing: paramiko, the login itself, a user, the
    fingerprint of the server's key, or what the user logs in with.
    """
    if not any(url.startswith("sftp:") for url in urls):
        return None
    if find_spec("paramiko") is None:
        raise ConfigurationError(
            "SFTP needs what is not installed: paramiko", hint="run `pip install 'orderdesk-sdk[sftp]'`"
        )
    if not isinstance(auth, SftpLogin):
        raise ConfigurationError(
            "the folder is called by SFTP, and the integration declares no login for it",
            hint="declare auth=sftp_login, with settings of SftpSettings",
        )
    missing = [
        name
        for name, is_given in (
            ("user", auth.user),
            ("host_key", auth.host_keys),
            ("password or private_key", auth.password.reveal() or auth.private_key.reveal()),
        )
        if not is_given
    ]
    if missing:
        raise ConfigurationError(
            f"a folder by SFTP needs the setting {', '.join(missing)}",
            hint=f"add {missing[0]} to the connection's settings",
        )
    return auth
