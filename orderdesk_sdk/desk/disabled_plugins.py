"""`[plugins] disabled` of orderdesk.toml: the plugins that are never imported. Reading and writing it imports none."""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from orderdesk_sdk.errors import ConfigurationError
from orderdesk_sdk.runtime.connection_config import reject_unknown_keys

__all__ = ["change_disabled_plugins", "disabled_plugins_in", "read_disabled_plugins"]

_LIST = re.compile(r"(?m)^(\[plugins\](?:(?!\n\[)[\s\S])*?\n)[ \t]*disabled[ \t]*=[ \t]*\[[^\]]*\]")
_TABLE = re.compile(r"(?m)^(\[plugins\][^\n]*\n?)")


def read_disabled_plugins(document: Mapping[str, object], path: Path) -> frozenset[str]:
    """The names in the tables of a configuration. Raises ConfigurationError.

    Args:
        path: of the configuration, for messages.
    """
    table = document.get("plugins", {})
    location = f"{path}: [plugins]"
    if not isinstance(table, Mapping):
        raise ConfigurationError("plugins must be a table", location=location, hint="write it as [plugins]")
    reject_unknown_keys(table, ("disabled",), location)
    names = table.get("disabled", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(
            "must be a list of names", location=f"{location}.disabled", hint='write it as ["acme", "my-3pl"]'
        )
    return frozenset(names)


def disabled_plugins_in(path: Path) -> frozenset[str]:
    """The names in a configuration file, whatever else is wrong with it; none where there is no file.

    Raises ConfigurationError for a file that cannot be read as TOML and for a list that is none.
    """
    return read_disabled_plugins(_tables(_text(path), path), path)


def change_disabled_plugins(path: Path, *, add: Collection[str] = (), remove: Collection[str] = ()) -> None:
    """Change the names in a configuration file, which need not exist yet; nothing else of it changes.

    Two that change it at once, in whatever processes, do so one after the other. Raises ConfigurationError where it
    cannot be done, with the line to write by hand.
    """
    with _alone(path.resolve().parent):
        text = _text(path)
        document = _tables(text, path)
        names = (read_disabled_plugins(document, path) | set(add)) - set(remove)
        _write(path, text, document, names)


def _write(path: Path, text: str, document: Mapping[str, object], names: Collection[str]) -> None:
    line = f"disabled = {json.dumps(sorted(names))}"
    if "plugins" not in document:
        changed = f"{text.rstrip()}\n\n[plugins]\n{line}\n".lstrip("\n")
    else:
        changed, count = _LIST.subn(lambda found: f"{found[1]}{line}", text, count=1)
        if not count:
            changed = _TABLE.sub(lambda found: f"{found[1].rstrip()}\n{line}\n", text, count=1)
    try:
        is_right = tomllib.loads(changed) == {**document, "plugins": {"disabled": sorted(names)}}
        if not is_right:
            raise ValueError("the table [plugins] is written in a way that is not recognized")
        _replace(path.resolve(), changed)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"the list cannot be written: {error.strerror if isinstance(error, OSError) else error}",
            location=str(path),
            hint=f"write it yourself, below [plugins]: {line}",
        ) from None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else changes the list meanwhile; where the folder cannot be locked, as on Windows, nobody is kept out."""
    with ExitStack() as held:
        with suppress(ImportError, OSError):
            import fcntl  # Not on Windows.

            descriptor = os.open(folder, os.O_RDONLY)
            held.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(f"cannot be read: {why}", location=str(path)) from None


def _tables(text: str, path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"is not TOML: {error}", location=str(path)) from None


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all; who may read it stays as it was."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.touch(mode=0o600)
        if path.exists():
            shutil.copymode(path, beside)
            status = path.stat()
            with suppress(PermissionError, AttributeError):  # Only root may give a file away; Windows has no owners.
                os.chown(beside, status.st_uid, status.st_gid)
        with beside.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
