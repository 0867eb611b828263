"""Where a database is, as its URL says: a file, or a PostgreSQL database."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.runtime.connection_config import read_secret
from orderdesk_sdk.runtime.engines.protocol import EngineKind
from orderdesk_sdk.secret import Secret
from orderdesk_sdk.stores.opening import LedgerLocation

__all__ = ["read_engine", "read_ledger_location"]

MAX_NAME_LENGTH = 255
"""Bytes of a file's name, on the file systems that are in use."""


def read_engine(ledger: Mapping[str, object], location: str) -> EngineKind:
    """What wakes the workers of a ledger, by its table. Raises ConfigurationError.

    Args:
        location: where the engine stands, for messages.
    """
    name = ledger.get("engine", EngineKind.INLINE.value)
    known = {kind.value: kind for kind in EngineKind}
    if not isinstance(name, str) or name not in known:
        raise ConfigurationError(f"{name!r} is not an engine", location=location, hint=f"known are: {', '.join(known)}")
    return known[name]


def read_ledger_location(url: object, folder: Path, location: str) -> LedgerLocation:
    """Where a ledger or an order store is, by its URL, or by a variable that holds it. Raises ConfigurationError.

    Args:
        folder: that the path of a file is relative to.
        location: where the URL stands, for messages.
    """
    if isinstance(url, Mapping):
        return read_secret(url, location, os.environ)
    if isinstance(url, str) and url.startswith(("postgresql://", "postgres://")):
        return _public_url(url, location)
    if not isinstance(url, str) or not url.startswith("sqlite:///") or len(url) <= len("sqlite:///"):
        raise ConfigurationError(
            "the value is not the URL of a database",  # Not shown: a database's URL may hold a password.
            location=location,
            hint='write it as "sqlite:///orderdesk.db" or "postgresql://USER@HOST:5432/NAME"',
        )
    name = url.removeprefix("sqlite:///")
    if not name.isprintable() or any(len(os.fsencode(part)) > MAX_NAME_LENGTH for part in name.split("/")):
        raise ConfigurationError(
            "the URL does not name a possible file",
            location=location,
            hint='write it as "sqlite:///orderdesk.db"',
        )
    return folder / name


def _public_url(url: str, location: str) -> Secret:
    """A database's URL that the file itself holds. Raises ConfigurationError where a password stands in it."""
    try:
        parts = urlsplit(url)
        has_password = bool(parts.password) or any("password" in name for name, _ in parse_qsl(parts.query))
    except ValueError:
        has_password = True  # Whatever it is, it is not shown.
    if has_password:
        raise ConfigurationError(
            "the URL cannot be read, or holds a password",
            location=location,
            hint='put the whole URL into an environment variable, and write url = { env = "NAME" }',
        )
    return Secret(url)
