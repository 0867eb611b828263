"""The URL of a PostgreSQL database: read once, then used for connecting and never shown with its password."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, quote_plus

import psycopg
from attrs import field, frozen
from psycopg.conninfo import conninfo_to_dict

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.secret import HIDDEN, Secret

__all__ = ["DatabaseUrl", "read_database_url"]

_SECRET_PARAMETERS = ("password", "sslpassword", "oauth_client_secret")
_NO_PREPARED = "prepared_statements=off"
_NAMED_LENGTH = 6
"""Characters from which on a password is looked for in messages: a shorter one would be found in the words of any."""


@frozen
class DatabaseUrl:
    """A database to connect to.

    Args:
        parameters: of libpq, without the secret ones.
        place: host, port and name, for messages.
        prepares: whether statements may be prepared. Not behind a PgBouncer that gives each transaction any connection:
            `prepared_statements=off` at the end of the URL says so.
    """

    url: Secret
    parameters: Mapping[str, str]
    place: str
    prepares: bool = True
    _secrets: tuple[Secret, ...] = field(default=(), alias="secrets")

    def redact(self, text: str) -> str:
        """A message of driver or server without the passwords of this URL, in whatever way they are written."""
        for secret in self._secrets:
            plain = secret.reveal()
            for form in sorted({plain, quote(plain, safe=""), quote_plus(plain), quote(plain)}, key=len, reverse=True):
                if len(form) >= _NAMED_LENGTH:
                    text = text.replace(form, HIDDEN)
        return text


def read_database_url(url: Secret, location: str) -> DatabaseUrl:
    """The parts of a URL. Raises ConfigurationError, which shows none of it, where libpq cannot read it."""
    text, prepares = _without_own_parameter(url.reveal())
    parameters: dict[str, str] | None = None
    if text.startswith(("postgresql://", "postgres://")):
        try:
            parameters = {name: str(value) for name, value in conninfo_to_dict(text).items()}
        except psycopg.Error:
            parameters = None  # The driver's words quote what they cannot read, which may be the password.
    if parameters is None or _took_apart_a_password(text, parameters):
        raise ConfigurationError(
            "the value is not the URL of a PostgreSQL database",
            location=location,
            hint='write it as "postgresql://USER@HOST:5432/NAME", where a password has %40 for @, %3A for :, %2F for /;'
            " parameters of libpq follow a ?",
        )
    secrets = tuple(Secret(parameters.pop(name)) for name in _SECRET_PARAMETERS if parameters.get(name))
    host = parameters.get("host") or parameters.get("hostaddr") or "localhost"
    port = f":{parameters['port']}" if "port" in parameters else ""
    place = f"postgresql://{host}{port}/{parameters.get('dbname', '')}"
    return DatabaseUrl(Secret(text), parameters, place, prepares, secrets)


def _took_apart_a_password(url: str, parameters: Mapping[str, str]) -> bool:
    """Whether libpq read a part of a password as host, port or name, because an @ or / in it was not encoded.

    Only an @ before the first slash ends user and password
    (https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-CONNSTRING-URIS).
    """
    body = url.partition("://")[2]
    place = body.partition("@")[2] if "@" in body.partition("/")[0] else body
    ports = parameters.get("port", "").split(",")
    return "@" in place.partition("?")[0] or any(port and not port.isdigit() for port in ports)


def _without_own_parameter(url: str) -> tuple[str, bool]:
    """The URL as libpq takes it, and whether statements may be prepared."""
    shorter = url.removesuffix(_NO_PREPARED)
    return (shorter[:-1], False) if shorter != url and shorter.endswith(("?", "&")) else (url, True)
