"""The private key of an SFTP login, out of the text of a setting."""

from __future__ import annotations

import io

import paramiko

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.secret import Secret

__all__ = ["read_private_key"]

_KINDS: tuple[type[paramiko.PKey], ...] = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


def read_private_key(text: Secret) -> paramiko.PKey:
    """The key: Ed25519, ECDSA or RSA. Raises ConfigurationError that shows nothing of it."""
    for kind in _KINDS:
        try:
            return kind.from_private_key(io.StringIO(text.reveal()))
        except paramiko.PasswordRequiredException:
            raise ConfigurationError(
                "private_key is locked by a passphrase", hint="give the key without one, by an environment variable"
            ) from None
        except (paramiko.SSHException, ValueError, IndexError, UnicodeError):
            continue  # A key of another kind, or no key.
    raise ConfigurationError(
        "private_key is no private key of SSH", hint="give an Ed25519, ECDSA or RSA key in OpenSSH or PEM form"
    )
