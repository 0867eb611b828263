"""Files and folders that only their owner may read: orders, addresses, mails and secrets lie in them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

__all__ = ["create_private", "make_private_folder", "too_open", "write_private"]

_FILE = 0o600
_FOLDER = 0o700


def create_private(path: Path) -> bool:
    """Make an empty file that only its owner may read; False where there is one. Raises OSError."""
    try:
        made = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _FILE)
    except FileExistsError:
        return False
    os.close(made)
    return True


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may read, from its first byte on. Raises FileExistsError, OSError."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _FILE), "wb") as file:
        file.write(content)


def make_private_folder(path: Path) -> None:
    """Make a folder that only its owner may enter, and those above it that are missing. Raises OSError."""
    path.mkdir(mode=_FOLDER, parents=True, exist_ok=True)


def too_open(*paths: Path) -> Iterator[Path]:
    """Those of the paths, files or folders, that are there and that others may read or change."""
    if os.name != "posix":
        return  # Elsewhere these bits say nothing of who may read.
    for path in paths:
        try:
            mode = path.stat().st_mode
        except OSError:
            continue  # What is not there, or cannot be looked at, is open to nobody.
        if stat.S_IMODE(mode) & (stat.S_IRWXG | stat.S_IRWXO):
            yield path
