"""The configuration: `orderdesk.toml`, read strictly: what is unknown, missing or misshapen is named with its place.

[ledger]
url = "sqlite:///orderdesk.db"          # relative to this file

[host]
timezone = "America/New_York"           # of times without a zone in imported orders; UTC if absent

[connections.mcf-us]
integration = "amazon-mcf"
[connections.mcf-us.settings]
refresh_token = { env = "MCF_REFRESH_TOKEN" }
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import field, frozen

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.mail import MailConfig, MailMode
from orderdesk_sdk.rules import Rule, read_rules
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.settings import SettingField, SettingKind, settings_fields

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Config", "ConnectionConfig", "find_config", "make_settings", "read_config"]

FILE_NAME = "orderdesk.toml"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@frozen
class ConnectionConfig:
    """One `[connections.NAME]` table.

    settings: as written; they are held against the integration when it is first used.
    """

    name: str
    integration: str
    settings: Mapping[str, object]
    place: str


@frozen
class Config:
    """A whole configuration. path: the file it came from; None when it was made in code."""

    ledger: Path
    connections: Mapping[str, ConnectionConfig] = field(factory=dict)
    timezone: tzinfo = UTC
    path: Path | None = None
    mail: MailConfig | None = None
    rules: tuple[Rule, ...] = ()


def find_config(given: Path | None) -> Config:
    """The configuration in the file `given`, else in ./orderdesk.toml, else an empty one with ./orderdesk.db."""
    if given is not None:
        return read_config(given)
    here = Path(FILE_NAME)
    return read_config(here) if here.exists() else Config(Path("orderdesk.db"))


def read_config(path: Path) -> Config:
    """The configuration in a file.

    Raises ConfigurationError with file, place and remedy for the first thing that is wrong.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", place=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"is not TOML: {error}", place=str(path)) from None
    _known(document, ("ledger", "host", "mail", "connections", "rules"), str(path))
    ledger = _table(document, "ledger", str(path))
    host = _table(document, "host", str(path))
    _known(ledger, ("url",), f"{path}: [ledger]")
    _known(host, ("timezone",), f"{path}: [host]")
    connections = {
        name: _connection(name, table, f"{path}: [connections.{name}]")
        for name, table in _table(document, "connections", str(path)).items()
    }
    mail = _mail(_table(document, "mail", str(path)), f"{path}: [mail]") if "mail" in document else None
    rules = read_rules(document.get("rules", []), f"{path}: [[rules]]")
    return Config(_ledger_path(ledger, path), connections, _timezone(host, path), path, mail, rules)


def _connection(name: str, table: object, place: str) -> ConnectionConfig:
    if not _NAME.fullmatch(name):
        raise ConfigurationError("a connection's name is letters, digits, - and _", place=place)
    if not isinstance(table, Mapping):
        raise ConfigurationError("a table was expected", place=place)
    _known(table, ("integration", "settings"), place)
    integration = table.get("integration")
    if not isinstance(integration, str):
        raise ConfigurationError(
            "the integration is missing", place=place, remedy='add integration = "SLUG"; see `orderdesk integrations`'
        )
    return ConnectionConfig(name, integration, _table(table, "settings", place), place)


def _mail(table: Mapping[str, object], place: str, environ: Mapping[str, str] = os.environ) -> MailConfig:
    kinds = {
        "sender": str,
        "host": str,
        "port": int,
        "starttls": bool,
        "username": str,
        "mode": str,
        "redirect_to": str,
    }
    _known(table, (*kinds, "password"), place)
    values: dict[str, object] = {}
    for name, given in table.items():
        if name != "password" and type(given) is not kinds[name]:
            raise ConfigurationError(f"must be {_article(kinds[name])}", place=f"{place}.{name}")
        values[name] = _secret(given, f"{place}.password", environ) if name == "password" else given
    if not values.get("sender"):
        raise ConfigurationError(
            "the sender is missing", place=place, remedy='add sender = "Shop <orders@example.com>"'
        )
    try:
        values["mode"] = MailMode(values.get("mode", "send"))
    except ValueError:
        allowed = ", ".join(repr(mode.value) for mode in MailMode)
        raise ConfigurationError(
            f"{values['mode']!r} is no mode", place=f"{place}.mode", remedy=f"one of {allowed}"
        ) from None
    if values["mode"] is MailMode.REDIRECT and not values.get("redirect_to"):
        raise ConfigurationError("redirecting needs redirect_to", place=place)
    return cast("Callable[..., MailConfig]", MailConfig)(**values)


def _table(document: Mapping[str, object], name: str, place: str) -> Mapping[str, object]:
    table = document.get(name, {})
    if not isinstance(table, Mapping):
        raise ConfigurationError(f"{name} must be a table", place=place, remedy=f"write it as [{name}]")
    return table


def _known(table: Mapping[str, object], names: Iterable[str], place: str) -> None:
    known = list(names)
    for name in table:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are: {', '.join(known)}"
            raise ConfigurationError(f"unknown key {name!r}", place=place, remedy=hint)


def _ledger_path(ledger: Mapping[str, object], path: Path) -> Path:
    url = ledger.get("url", "sqlite:///orderdesk.db")
    if not isinstance(url, str) or not url.startswith("sqlite:///") or len(url) <= len("sqlite:///"):
        raise ConfigurationError(
            f"{url!r} is not a ledger's URL",
            place=f"{path}: [ledger].url",
            remedy='write it as "sqlite:///orderdesk.db"',
        )
    return path.parent / url.removeprefix("sqlite:///")


def _timezone(host: Mapping[str, object], path: Path) -> tzinfo:
    name = host.get("timezone", "UTC")
    try:
        return UTC if name == "UTC" else ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigurationError(
            f"{name!r} is not a time zone", place=f"{path}: [host].timezone", remedy='write it as "Europe/Berlin"'
        ) from None


def make_settings(cls: type, connection: ConnectionConfig, environ: Mapping[str, str] = os.environ) -> object:
    """The settings of a connection, an instance of the integration's settings class.

    Secrets are taken from the environment (`{ env = "NAME" }`) or, for simulators, from the file itself (`{ text =
    "..." }`). Raises ConfigurationError that names the setting and the remedy.
    """
    place = f"{connection.place}.settings"
    fields = {declared.name: declared for declared in settings_fields(cls)}
    _known(connection.settings, fields, place)
    values: dict[str, object] = {}
    for name, declared in fields.items():
        if name in connection.settings:
            values[name] = _value(declared, connection.settings[name], f"{place}.{name}", environ)
        elif declared.required:
            example = '{ env = "NAME" }' if declared.kind is SettingKind.SECRET else f'"..."  # {declared.help}'
            raise ConfigurationError("is missing", place=f"{place}.{name}", remedy=f"add {name} = {example}")
    try:
        made: object = cls(**values)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(str(error), place=place) from None
    return made


def _value(declared: SettingField, given: object, place: str, environ: Mapping[str, str]) -> object:
    if declared.kind is SettingKind.SECRET:
        return _secret(given, place, environ)
    if declared.parser is not None:
        return declared.parser(given, place)
    if declared.kind is SettingKind.HOST:
        if not isinstance(given, str) or not re.match(r"https?://[^/\s]+", given):
            raise ConfigurationError("must be a URL that begins with https:// or http://", place=place)
        return given.rstrip("/")
    if declared.choices and given not in declared.choices:
        allowed = ", ".join(map(repr, declared.choices))
        raise ConfigurationError(f"{given!r} is not allowed", place=place, remedy=f"one of {allowed}")
    if type(given) is not declared.type:  # bool is an int to isinstance, and must not pass for one
        raise ConfigurationError(f"must be {_article(declared.type)}, not {given!r}", place=place)
    return given


def _article(kind: type) -> str:
    return {str: "a text", int: "a whole number", bool: "true or false"}.get(kind, kind.__name__)


def _secret(given: object, place: str, environ: Mapping[str, str]) -> Secret:
    match given:
        case {"env": str(name), **rest} if not rest:
            text = environ.get(name, "")
            if not text:
                raise ConfigurationError(
                    f"the environment variable {name} is not set", place=place, remedy=f"set {name} and start again"
                )
            return Secret(text)
        case {"text": str(text), **rest} if not rest and text:
            return Secret(text)
        case _:
            # The value itself is not shown: somebody may have written the secret where its reference belongs.
            raise ConfigurationError(
                "a secret is given by reference", place=place, remedy='write it as { env = "NAME" }'
            )
