"""The settings of a connection whose files go by SFTP, and what its `Integration.auth` is: `sftp_login`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.connection_settings import custom, read_string_list, secret, setting, settings
from orderdesk_sdk.secret import Secret

if TYPE_CHECKING:
    from orderdesk_sdk.plugin.sftp_auth import SftpLogin

__all__ = ["SftpSettings", "read_host_keys", "sftp_login"]

_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


def read_host_keys(value: object, location: str) -> tuple[str, ...]:
    """Fingerprints of a server's keys, as `ssh-keygen -l` writes them. Raises ConfigurationError."""
    texts = read_string_list(value, location)
    if not all(map(_FINGERPRINT.fullmatch, texts)):
        raise ConfigurationError(
            "this is not the fingerprint of a key",
            location=location,
            hint='ask the service for it, and write it as "SHA256:..." with 43 characters behind the colon',
        )
    return texts


@settings
class SftpSettings:
    """The base of settings with a login by SFTP. Folders of the machine (`file:///...`) need none of them."""

    user: str = setting(str, help="the user of the SFTP login", default="")
    password: Secret = secret(help="the password of the SFTP login", default=Secret(""))
    private_key: Secret = secret(help="the private key of the SFTP login, in OpenSSH or PEM form", default=Secret(""))
    host_key: tuple[str, ...] = custom(
        read_host_keys,
        help="the fingerprint of the SFTP server's key, SHA256:..., as the service gives it; several during a change",
        default=(),
    )


def sftp_login(its: SftpSettings) -> SftpLogin:
    """What `Integration.auth` is for `SftpSettings`."""
    from orderdesk_sdk.plugin.sftp_auth import SftpLogin

    return SftpLogin(its.user, its.host_key, password=its.password, private_key=its.private_key)
