"""The configuration of one connection: its integration, its settings and where its secrets are found."""

from __future__ import annotations

import enum
import os
import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

from attrs import field, frozen

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.plugin.connection_settings import SettingField, SettingKind, settings_fields, validate_number
from orderdesk_sdk.plugin.urls import read_base_url, read_folder_url
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.transport.http.reach import Reach
from orderdesk_sdk.transport.redaction import Redactor

__all__ = [
    "TOO_LARGE",
    "Answering",
    "ConnectionConfig",
    "reject_unknown_keys",
    "make_from_table",
    "make_settings",
    "read_secret",
]

T = TypeVar("T")


TOO_LARGE = 2**63
"""The first whole number that TOML has not: its integers have 64 bits."""


_LINE_ENDS = {ord(character): None for character in "\r\n\t"}


_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")


def _setting_names(settings: Mapping[str, object]) -> str:
    # A value may be a secret, by `{ text = "..." }` or because it was written where its reference belongs.
    return f"<{', '.join(settings)}>"


class Answering(enum.Enum):
    """What becomes of a request to cancel that somebody else makes of us."""

    AUTOMATIC = "automatic"
    """The fulfillment services are asked to cancel at once, and what they say is answered."""
    PERSON = "person"
    """It waits for a person, who accepts or rejects it."""


@frozen
class ConnectionConfig:
    """One `[connections.NAME]` table.

    Args:
        settings: as written; they are held against the integration when it is first used.
        insecure: http:// may go to another machine than this one.
        cancel_requests: what becomes of the requests to cancel that come in here.
        reach: where it may lead. But for ANYWHERE, its secrets are given as text and none is read from the environment.
        ports: those besides 443 that it may call, where its reach is limited.
    """

    name: str
    integration: str
    settings: Mapping[str, object] = field(repr=_setting_names)
    location: str
    insecure: bool = False
    cancel_requests: Answering = Answering.PERSON
    reach: Reach = Reach.ANYWHERE
    ports: tuple[int, ...] = ()


def reject_unknown_keys(table: Mapping[str, object], names: Iterable[str], location: str) -> None:
    """Raises ConfigurationError for the first key of a table that is none of `names`.

    `location` is where the table is.
    """
    allowed = list(names)
    for name in table:
        if name not in allowed:
            import difflib  # For a mistake only.

            close = difflib.get_close_matches(name, allowed, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are: {', '.join(allowed)}"
            raise ConfigurationError(f"unknown key {name!r}", location=location, hint=hint)


def make_settings(
    settings_class: type, connection: ConnectionConfig, environ: Mapping[str, str] = os.environ
) -> object:
    """The settings of a connection, an instance of the integration's settings class.

    Secrets are taken from the environment (`{ env = "NAME" }`) or, for simulators, from the file itself (`{ text =
    "..." }`). Raises ConfigurationError that names the setting and the hint.
    """
    location = f"{connection.location}.settings"
    if connection.reach is Reach.ANYWHERE:
        return make_from_table(settings_class, connection.settings, location, environ, insecure=connection.insecure)
    made: object = make_from_table(settings_class, connection.settings, location, {})
    from orderdesk_sdk.transport.http.public_addresses import require_reachable_url  # Most have no use for it.

    for declared in settings_fields(settings_class):
        value, place = getattr(made, declared.name), f"{location}.{declared.name}"
        if declared.kind is SettingKind.URL and value:
            require_reachable_url(value, place, connection.reach, connection.ports, of_files=declared.of_files)
        if declared.of_machine and declared.name in connection.settings:
            raise ConfigurationError(
                "it names something of this machine",
                location=place,
                hint="leave it out, or ask the owner of the machine to put the connection into orderdesk.toml",
            )
    return made


def make_from_table(
    settings_class: type[T],
    table: Mapping[str, object],
    location: str,
    environ: Mapping[str, str],
    *,
    insecure: bool = False,
) -> T:
    """An instance of a settings class from a table of the configuration. Raises ConfigurationError.

    Args:
        insecure: http:// may go to another machine than this one.
    """
    fields = {declared.name: declared for declared in settings_fields(settings_class)}
    reject_unknown_keys(table, fields, location)
    values: dict[str, object] = {}
    for name, declared in fields.items():
        if name in table:
            values[name] = _convert_value(declared, table[name], f"{location}.{name}", environ, insecure=insecure)
        elif declared.required:
            example = '{ env = "NAME" }' if declared.kind is SettingKind.SECRET else f'"..."  # {declared.help}'
            raise ConfigurationError("is missing", location=f"{location}.{name}", hint=f"add {name} = {example}")
    try:
        return settings_class(**values)
    except (ValueError, TypeError) as error:
        redactor = Redactor(secrets=[value for value in values.values() if isinstance(value, Secret)])
        raise ConfigurationError(redactor.redact_text(str(error)), location=location) from None


def _convert_value(
    declared: SettingField, value: object, location: str, environ: Mapping[str, str], *, insecure: bool
) -> object:
    if declared.kind is SettingKind.SECRET:
        return read_secret(value, location, environ)
    if declared.parser is not None:
        return declared.parser(value, location)
    if declared.kind is SettingKind.URL:
        return (
            read_folder_url(value, location) if declared.of_files else read_base_url(value, location, insecure=insecure)
        )
    if declared.choices and value not in declared.choices:
        allowed = ", ".join(map(repr, declared.choices))
        raise ConfigurationError(f"{value!r} is not allowed", location=location, hint=f"one of {allowed}")
    if type(value) is not declared.type:  # bool is an int to isinstance, and must not pass for one
        huge = isinstance(value, int) and abs(value) >= TOO_LARGE
        shown = "such a number" if huge else repr(value)
        raise ConfigurationError(f"must be {_article(declared.type)}, not {shown:.60}", location=location)
    if isinstance(value, str) and not value.isprintable():
        raise ConfigurationError(
            "a text on one line was expected", location=location, hint="take line breaks and control characters away"
        )
    if type(value) is int:
        validate_number(declared, value, location)
    return value


def _article(kind: type) -> str:
    return {str: "a text", int: "a whole number", bool: "true or false"}.get(kind, kind.__name__)


def read_secret(value: object, location: str, environ: Mapping[str, str]) -> Secret:
    """The secret that a table refers to: `{ env = "NAME" }`, or `{ text = "..." }`. Raises ConfigurationError."""
    match value:
        case {"env": str(name), **rest} if not rest:
            text = environ.get(name, "")
            if not text:
                # Only what looks like a variable's name is shown: it may be the secret itself.
                named = name if _VARIABLE.fullmatch(name) else "that is named there"
                raise ConfigurationError(
                    f"the environment variable {named} is not set", location=location, hint="set it and start again"
                )
            return _validate_secret(text, location)
        case {"text": str(text), **rest} if not rest and text:
            return _validate_secret(text, location)
        case _:
            # The value itself is not shown: it may be the secret, written where its reference belongs.
            raise ConfigurationError(
                "a secret is given by reference", location=location, hint='write it as { env = "NAME" }'
            )


def _validate_secret(text: str, location: str) -> Secret:
    """The secret, unless it has characters that no header or form takes; a key (PEM, JSON) may have several lines."""
    of_lines = text.startswith(("-----BEGIN", "{"))
    if not (text.translate(_LINE_ENDS) if of_lines else text).isprintable():
        raise ConfigurationError(
            "the secret has a line break or a control character",
            location=location,
            hint="take it away; `echo` writes a line break at the end, `printf %s` does not",
        )
    return Secret(text)
