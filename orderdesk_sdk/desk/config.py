"""The configuration: `orderdesk.toml`, read strictly: what is unknown, missing or misshapen is named with its place.

[ledger]
url = "sqlite:///orderdesk.db"          # relative to this file

[host]
timezone = "America/New_York"           # of times without a zone in orders of other hosts; Order Desk's are UTC

[resubmit]
suffix = "-{n}"                         # of the numbers of duplicates: 1042-1, 1042-2; the default

[connections.mcf-us]
integration = "amazon-mcf"
insecure = false                        # true: its http:// hosts may be other machines; the default is false
[connections.mcf-us.settings]
refresh_token = { env = "MCF_REFRESH_TOKEN" }

`orderdesk sandbox` writes one table more, `[sandbox]`: which connections are simulated, and whose clock counts.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import field, frozen

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.orders.numbering import SUFFIX, read_suffix
from orderdesk_sdk.rules.model import Rule
from orderdesk_sdk.rules.reader import read_rules
from orderdesk_sdk.runtime.connection_config import TOO_LARGE, ConnectionConfig, check_keys, make_from_table
from orderdesk_sdk.transport.email.smtp import MailConfig, check_mail

__all__ = ["Config", "SandboxConfig", "find_config", "read_config"]


FILE_NAME = "orderdesk.toml"
LONGEST_NAME = 255
"""Bytes of a file's name, on the file systems that are in use."""
LONGEST = 1_000_000
"""Characters of a configuration."""
MOST_DOTS = 300
"""Dots in one of its lines: Python's reader needs memory by the square of the parts of a key."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_LOOPBACK = re.compile(r"http://127\.0\.0\.1:[0-9]{1,5}")


@frozen
class SandboxConfig:
    """The `[sandbox]` table. All URLs are of this machine, `http://127.0.0.1:PORT`.

    simulators: by connection the URL of the simulator behind it. clock: the simulator whose clock the command line goes
    by; None: the machine's own.
    """

    simulators: Mapping[str, str] = field(factory=dict)
    clock: str | None = None


@frozen
class Config:
    """A whole configuration. path: the file it came from; None when it was made in code. sandbox: None in real life.

    suffix: of the numbers of duplicates.
    """

    ledger: Path
    connections: Mapping[str, ConnectionConfig] = field(factory=dict)
    timezone: tzinfo = UTC
    path: Path | None = None
    sandbox: SandboxConfig | None = None
    mail: MailConfig | None = None
    rules: tuple[Rule, ...] = ()
    suffix: str = SUFFIX


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
        return _read(path)
    except ConfigurationError as error:
        known = error
    # Without the frames below, and those of the parser's own error: their variables hold the whole file, and whoever
    # logs it may show them.
    known.__context__ = None
    raise known.with_traceback(None)


def _read(path: Path) -> Config:
    try:
        text = path.read_text(encoding="utf-8-sig")  # Some editors begin with a mark.
        if len(text) > LONGEST or any(line.count(".") > MOST_DOTS for line in text.splitlines()):
            raise RecursionError
        document = tomllib.loads(text)
        for name, table in document.items():
            _check_numbers(table, f"{path}: [{name}]")
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", place=str(path)) from None
    except ValueError as error:  # Of bytes that are no text, of what is no TOML, of a number with 5,000 digits.
        raise ConfigurationError(f"is not TOML: {error}", place=str(path)) from None
    except RecursionError:
        raise ConfigurationError(
            "is too long or nested too deeply", place=str(path), remedy="write it as the docs do"
        ) from None
    check_keys(document, ("ledger", "host", "mail", "connections", "resubmit", "rules", "sandbox"), str(path))
    ledger = _table(document, "ledger", str(path))
    host = _table(document, "host", str(path))
    check_keys(ledger, ("url",), f"{path}: [ledger]")
    check_keys(host, ("timezone",), f"{path}: [host]")
    connections = {
        name: _connection(name, table, f"{path}: [connections.{name}]")
        for name, table in _table(document, "connections", str(path)).items()
    }
    sandbox = _sandbox(document, connections, f"{path}: [sandbox]") if "sandbox" in document else None
    mail = _mail(_table(document, "mail", str(path)), f"{path}: [mail]") if "mail" in document else None
    rules = read_rules(document.get("rules", []), f"{path}: [[rules]]")
    resubmit = _table(document, "resubmit", str(path))
    check_keys(resubmit, ("suffix",), f"{path}: [resubmit]")
    suffix = read_suffix(resubmit.get("suffix", SUFFIX), f"{path}: [resubmit].suffix")
    return Config(_ledger_path(ledger, path), connections, _timezone(host, path), path, sandbox, mail, rules, suffix)


def _check_numbers(value: object, place: str) -> None:
    """Raises ConfigurationError for a number that TOML does not have: beyond 64 bits it cannot even be shown."""
    if isinstance(value, int) and not -TOO_LARGE <= value < TOO_LARGE:
        raise ConfigurationError("this number is too large", place=place, remedy="TOML has numbers of 64 bits")
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _check_numbers(inner, f"{place}.{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _check_numbers(inner, f"{place}[{number}]")


def _connection(name: str, table: object, place: str) -> ConnectionConfig:
    if not _NAME.fullmatch(name):
        raise ConfigurationError("a connection's name is letters, digits, - and _", place=place)
    if not isinstance(table, Mapping):
        raise ConfigurationError("a table was expected", place=place)
    check_keys(table, ("insecure", "integration", "settings"), place)
    integration = table.get("integration")
    if not isinstance(integration, str):
        raise ConfigurationError(
            "the integration is missing", place=place, remedy='add integration = "SLUG"; see `orderdesk integrations`'
        )
    insecure = table.get("insecure", False)
    if not isinstance(insecure, bool):
        raise ConfigurationError("must be true or false", place=f"{place}.insecure")
    return ConnectionConfig(name, integration, _table(table, "settings", place), place, insecure)


def _mail(table: Mapping[str, object], place: str) -> MailConfig:
    made = make_from_table(MailConfig, table, place, os.environ)
    check_mail(made, place)
    return made


def _sandbox(document: Mapping[str, object], connections: Iterable[str], place: str) -> SandboxConfig:
    table = _table(document, "sandbox", place)
    check_keys(table, ("clock", "simulators"), place)
    simulators = _table(table, "simulators", place)
    check_keys(simulators, connections, f"{place}.simulators")
    urls = {name: _loopback(url, f"{place}.simulators.{name}") for name, url in simulators.items()}
    return SandboxConfig(urls, _loopback(table["clock"], f"{place}.clock") if "clock" in table else None)


def _loopback(url: object, place: str) -> str:
    if not isinstance(url, str) or not _LOOPBACK.fullmatch(url) or not 0 < int(url.rpartition(":")[2]) <= 65535:
        raise ConfigurationError(
            f"{url!r} is not a simulator on this machine",
            place=place,
            remedy="remove the table: only `orderdesk sandbox` writes it, as http://127.0.0.1:PORT",
        )
    return url


def _table(document: Mapping[str, object], name: str, place: str) -> Mapping[str, object]:
    table = document.get(name, {})
    if not isinstance(table, Mapping):
        raise ConfigurationError(f"{name} must be a table", place=place, remedy=f"write it as [{name}]")
    return table


def _ledger_path(ledger: Mapping[str, object], path: Path) -> Path:
    url = ledger.get("url", "sqlite:///orderdesk.db")
    if not isinstance(url, str) or not url.startswith("sqlite:///") or len(url) <= len("sqlite:///"):
        raise ConfigurationError(
            "it is not a ledger's URL",  # Not shown: a database's URL may hold a password.
            place=f"{path}: [ledger].url",
            remedy='write it as "sqlite:///orderdesk.db"',
        )
    name = url.removeprefix("sqlite:///")
    if not name.isprintable() or any(len(os.fsencode(part)) > LONGEST_NAME for part in name.split("/")):
        raise ConfigurationError(
            "no file has such a name", place=f"{path}: [ledger].url", remedy='write it as "sqlite:///orderdesk.db"'
        )
    return path.parent / name


def _timezone(host: Mapping[str, object], path: Path) -> tzinfo:
    name = host.get("timezone", "UTC")
    try:
        return UTC if name == "UTC" else ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # An OSError for a folder's name, and for one that is too long.
        raise ConfigurationError(
            f"{name!r} is not a time zone", place=f"{path}: [host].timezone", remedy='write it as "Europe/Berlin"'
        ) from None
